/// Why a model's tensors do not fit its configuration, or cannot be read.
public enum ModelFileError: Error, Equatable, Sendable {
    /// Neither a .gguf file nor a folder with config.json.
    case notAModel(path: String)
    /// A GGUF file with a vocabulary and no weights.
    case vocabularyOnly(path: String)
    case missingTensor(name: String, shape: [Int])
    case wrongShape(tensor: String, expected: [Int], actual: [Int])
    /// A tensor that this architecture does not have: leaving it out would compute something else than the model.
    case unexpectedTensor(name: String, architecture: String)
    /// A tensor type that nothing here decodes.
    case unsupportedType(tensor: String, type: String, known: [String])
    case noSuchTensor(name: String)
    case rowsOutOfRange(tensor: String, rows: Range<Int>, count: Int)
    /// Asked for as numbers at once, but larger than what such a small tensor may be.
    case tooLargeForFloats(tensor: String, elements: Int, limit: Int)
}

extension ModelFileError: CustomStringConvertible {
    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .notAModel(let path):
            "\(path) is neither a GGUF file nor a folder with config.json and model.safetensors"
        case .vocabularyOnly(let path):
            "\(path) holds a vocabulary and no weights: take the file of the whole model"
        case .missingTensor(let name, let shape): "the tensor \(name) \(shape) is missing"
        case .wrongShape(let tensor, let expected, let actual):
            "\(tensor) must have the shape \(expected) by the configuration, it has \(actual)"
        case .unexpectedTensor(let name, let architecture):
            "the tensor \(name) is not part of a \(architecture) model: leaving it out would change the results"
        case .unsupportedType(let tensor, let type, let known):
            "\(tensor) has the type \(type), which is not computed; types that are: \(known.joined(separator: ", "))"
        case .noSuchTensor(let name): "the model has no tensor \(name)"
        case .rowsOutOfRange(let tensor, let rows, let count):
            "rows \(rows) of \(tensor) were asked for, it has \(count)"
        case .tooLargeForFloats(let tensor, let elements, let limit):
            "\(tensor) has \(elements) values, at most \(limit) are read at once as numbers"
        }
    }
}
