/// Why a model's configuration cannot be used.
public enum ModelConfigurationError: Error, Equatable, Sendable {
    /// config.json is no JSON, or not an object.
    case json(path: String, JSONError)
    case notAnObject(path: String)
    case missing(key: String)
    case wrongType(key: String, expected: String, actual: String)
    case outOfRange(key: String, actual: String, allowed: String)
    case headsDoNotDivide(heads: Int, kvHeads: Int)
    case unknownArchitecture(actual: String, known: [String])
    case unknownRopeType(actual: String, known: [String])
    case unknownActivation(actual: String, known: [String])
    /// The model needs something that is not computed here.
    case unsupported(feature: String)
    /// A tokenizer key with a wrong type or too few elements.
    case badTokenizerKey(key: String, reason: String)
}

extension ModelConfigurationError: CustomStringConvertible {
    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .json(let path, let error): "\(path): \(error)"
        case .notAnObject(let path): "\(path) must hold a JSON object"
        case .missing(let key): "the configuration lacks \(key), which this kind of model needs"
        case .wrongType(let key, let expected, let actual): "\(key) must be \(expected), it is \(actual)"
        case .outOfRange(let key, let actual, let allowed): "\(key) is \(actual), allowed is \(allowed)"
        case .headsDoNotDivide(let heads, let kvHeads):
            "the \(kvHeads) KV heads must divide the \(heads) query heads"
        case .unknownArchitecture(let actual, let known):
            "the architecture \(actual) is not supported; supported are \(known.joined(separator: ", "))"
        case .unknownRopeType(let actual, let known):
            "the rope type \(actual) is not supported; supported are \(known.joined(separator: ", "))"
        case .unknownActivation(let actual, let known):
            "the activation \(actual) is not supported; supported are \(known.joined(separator: ", "))"
        case .unsupported(let feature): "the model needs \(feature), which is not supported"
        case .badTokenizerKey(let key, let reason): "\(key): \(reason)"
        }
    }
}
