import Tensors

/// Gives the three parts of a fused `attn_qkv` matrix the names of separate matrices, so that what follows knows one
/// form. Rows of the fused matrix: all of q, then all of k, then all of v.
struct FusedAttention {
    /// Where the rows of a tensor really lie.
    struct Part: Equatable, Sendable {
        /// The stored tensor.
        let source: String
        /// First row there; of a bias the first element.
        let start: Int
    }

    private(set) var tensors: [TensorDescription] = []
    /// Tensors that are parts of others.
    private(set) var parts: [String: Part] = [:]

    init(_ stored: [TensorDescription], _ configuration: ModelConfiguration) throws(ModelFileError) {
        let names = Set(stored.map(\.name))
        let lengths = [
            ("attn_q", configuration.headCount * configuration.keyLength),
            ("attn_k", configuration.kvHeadCount * configuration.keyLength),
            ("attn_v", configuration.kvHeadCount * configuration.valueLength),
        ]
        let total = lengths.reduce(0) { $0 + $1.1 }
        for tensor in stored {
            let pieces = tensor.name.split(separator: ".")
            let isFused = pieces.count == 4 && pieces[0] == "blk" && pieces[2] == "attn_qkv"
            // Beside separate tensors a fused one stays, and is refused as one too many.
            guard isFused, !names.contains("blk.\(pieces[1]).attn_q.\(pieces[3])") else {
                tensors.append(tensor)
                continue
            }
            let isBias = pieces[3] == "bias"
            let expected = isBias ? [total] : [configuration.embeddingLength, total]
            guard tensor.dimensions == expected else {
                throw .wrongShape(tensor: tensor.name, expected: expected, actual: tensor.dimensions)
            }
            // A bias is cut between its elements, which blocks would not allow.
            guard !isBias || tensor.type.blockLength == 1 else {
                throw .unsupportedType(tensor: tensor.name, type: tensor.type.name, known: ["F32", "F16", "BF16"])
            }
            var start = 0
            for (name, length) in lengths {
                let full = "blk.\(pieces[1]).\(name).\(pieces[3])"
                let dimensions = isBias ? [length] : [configuration.embeddingLength, length]
                tensors.append(TensorDescription(name: full, type: tensor.type, dimensions: dimensions))
                parts[full] = Part(source: tensor.name, start: start)
                start += length
            }
        }
    }
}
