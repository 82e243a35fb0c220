/// Why a model cannot be written in a format.
public enum ExportError: Error, Equatable, Sendable {
    /// The format has no words for what the model does.
    case notExpressible(reason: String)
    /// Safetensors hold no block-quantised weights.
    case quantisedSafetensors(type: String)
    /// A name that would lead out of the folder or over a file that the exporter writes.
    case badFileName(String)
    /// A weight that is no number, or larger than what the wanted type holds.
    case badWeight(tensor: String, row: Int, value: Float, type: String)
    /// A changed tensor would have to be written in a type that is only read.
    case notEncodable(tensor: String, type: String, known: [String])
}

extension ExportError: CustomStringConvertible {
    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .notExpressible(let reason): "a Hugging Face folder cannot hold this model: \(reason)"
        case .quantisedSafetensors(let type): "safetensors cannot hold \(type): choose f32, f16 or bf16"
        case .badFileName(let name): "\"\(name)\" is not a name for a tokenizer file"
        case .badWeight(let tensor, let row, let value, let type):
            "\(tensor) has the weight \(value) in row \(row), which \(type) cannot hold: the source is damaged, "
                + "or needs f32 or bf16"
        case .notEncodable(let tensor, let type, let known):
            "\(tensor) is \(type), which is read but not written: choose one of \(known.joined(separator: ", "))"
        }
    }
}
