import Tensors

/// Gives the parts of a fused matrix the names of separate matrices, so that what follows knows one form.
///
/// `attn_qkv` has all rows of q, then all of k, then all of v. Where an architecture fuses them (phi3), `ffn_up` has
/// all rows of gate, then all of up. A table of positions may begin with rows that no token has.
struct FusedMatrices {
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
        for tensor in stored {
            let pieces = tensor.name.split(separator: ".").map(String.init)
            // Beside separate tensors a fused one stays, and is refused as one too many.
            guard pieces.count == 4, pieces[0] == "blk", let members = Self.members(of: pieces[2], configuration),
                !names.contains("blk.\(pieces[1]).\(members[0].name).\(pieces[3])")
            else {
                tensors.append(tensor)
                continue
            }
            let total = members.reduce(0) { $0 + $1.rows }
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
            for (name, length) in members {
                let full = "blk.\(pieces[1]).\(name).\(pieces[3])"
                let dimensions = isBias ? [length] : [configuration.embeddingLength, length]
                tensors.append(TensorDescription(name: full, type: tensor.type, dimensions: dimensions))
                parts[full] = Part(source: tensor.name, start: start)
                start += length
            }
        }
    }

    /// Leaves out the first rows of the table of positions, which belong to no token.
    mutating func dropPositions(_ count: Int, _ configuration: ModelConfiguration) throws(ModelFileError) {
        let name = "position_embd.weight"
        guard count > 0, let index = tensors.firstIndex(where: { $0.name == name }) else { return }
        let stored = tensors[index]
        let (width, context) = (configuration.embeddingLength, configuration.contextLength)
        guard stored.dimensions == [width, count + context] else {
            throw .wrongShape(tensor: name, expected: [width, count + context], actual: stored.dimensions)
        }
        tensors[index] = TensorDescription(name: name, type: stored.type, dimensions: [width, context])
        parts[name] = Part(source: name, start: count)
    }

    /// The matrices that one of this name holds one behind the other, with their rows; nil for others.
    static func members(of name: String, _ configuration: ModelConfiguration) -> [(name: String, rows: Int)]? {
        switch name {
        case "attn_qkv":
            [
                ("attn_q", configuration.headCount * configuration.keyLength),
                ("attn_k", configuration.kvHeadCount * configuration.keyLength),
                ("attn_v", configuration.kvHeadCount * configuration.valueLength),
            ]
        case "ffn_up" where configuration.architecture.fusesProjections:
            [("ffn_gate", configuration.feedForwardLength), ("ffn_up", configuration.feedForwardLength)]
        default: nil
        }
    }
}
