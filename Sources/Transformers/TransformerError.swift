/// Why a model cannot be loaded or a step cannot be computed; each case carries what was found and what was expected.
public enum TransformerError: Error, Equatable, CustomStringConvertible {
    /// The file's architecture has no forward pass here.
    case unsupportedArchitecture(found: String, known: [String])
    /// A weight is stored in a type that the kernels cannot compute with.
    case unsupportedWeightType(tensor: String, type: String, known: [String])
    /// The model file has no tensor of this name.
    case missingTensor(String)
    /// A token id is outside the vocabulary.
    case unknownToken(id: Int, vocabulary: Int)
    /// A step would reach beyond the positions that the model was made for.
    case contextExceeded(positions: Int, limit: Int)
    /// A step has no tokens, or more than the workspace holds.
    case batchSize(tokens: Int, limit: Int)
    /// The computed logits or states are not numbers: damaged weights.
    case notANumber(sequence: Int)
    /// A vocabulary in the model file cannot be used.
    case tokenizer(String)

    /// What is wrong, with what was found and what was expected.
    public var description: String {
        switch self {
        case .unsupportedArchitecture(let found, let known):
            "the architecture \(found) is not supported; known: \(known.joined(separator: ", "))"
        case .unsupportedWeightType(let tensor, let type, let known):
            "tensor \(tensor) has type \(type), which cannot be computed with; known: \(known.joined(separator: ", "))"
        case .missingTensor(let name): "the model has no tensor \(name)"
        case .unknownToken(let id, let vocabulary): "token \(id) is outside the vocabulary of \(vocabulary) tokens"
        case .contextExceeded(let positions, let limit):
            "\(positions) positions are asked for, but the model's context has \(limit)"
        case .batchSize(let tokens, let limit): "a step takes 1 to \(limit) tokens, not \(tokens)"
        case .notANumber(let sequence):
            "sequence \(sequence) gave values that are not numbers: the model's weights are damaged"
        case .tokenizer(let reason): "the model's vocabulary cannot be used: \(reason)"
        }
    }
}
