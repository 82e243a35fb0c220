import ModelFormats
import Tensors

/// A product with its bias: [rows out, columns in] and [rows out].
struct EncoderLayer: Sendable {
    let weights: WeightMatrix
    let bias: FloatBuffer
}

/// Weight and bias of a LayerNorm, each [E].
struct EncoderNorm: Sendable {
    let weight: FloatBuffer
    let bias: FloatBuffer
}

/// The weights of one encoder block. Shapes: E embedding length, H·d width of all heads, F feed-forward length.
struct EncoderBlockWeights: Sendable {
    /// [H·d, E] each.
    let query: EncoderLayer, key: EncoderLayer, value: EncoderLayer
    /// [E, H·d]
    let output: EncoderLayer
    /// After attention and its residual.
    let attentionNorm: EncoderNorm
    /// [F, E], [E, F]
    let up: EncoderLayer, down: EncoderLayer
    /// After the feed-forward part and its residual.
    let outputNorm: EncoderNorm

    var matrices: [WeightMatrix] { [query, key, value, output, up, down].map(\.weights) }
}

/// All weights of an encoder.
struct EncoderWeights: Sendable {
    /// [V, E]
    let embedding: WeightMatrix
    /// [P, E]: for each of P positions what is added to a word there, position and token type 0 together, in f32.
    let positions: WeightMatrix
    let embeddingNorm: EncoderNorm
    let blocks: [EncoderBlockWeights]

    /// Bytes that the matrices hold.
    var residentBytes: Int {
        blocks.reduce(embedding.residentBytes + positions.residentBytes) { bytes, block in
            block.matrices.reduce(bytes) { $0 + $1.residentBytes }
        }
    }

    /// True where at least one matrix takes integer activations.
    var usesQuantisedActivations: Bool {
        blocks.contains { $0.matrices.contains { ![.f32, .f16, .bf16].contains($0.storedType) } }
    }
}

extension WeightReader {
    /// The weights of a BERT encoder.
    func encoder() throws -> EncoderWeights {
        func layer(_ name: String) throws -> EncoderLayer {
            EncoderLayer(weights: try matrix(name + ".weight"), bias: try vector(name + ".bias"))
        }
        func norm(_ name: String) throws -> EncoderNorm {
            EncoderNorm(weight: try vector(name + ".weight"), bias: try vector(name + ".bias"))
        }
        let embedding = try matrix("token_embd.weight")
        let positions = try positionsWithType()
        let blocks = try (0..<file.configuration.blockCount).map { index in
            let b = "blk.\(index)."
            return EncoderBlockWeights(
                query: try layer(b + "attn_q"), key: try layer(b + "attn_k"), value: try layer(b + "attn_v"),
                output: try layer(b + "attn_output"), attentionNorm: try norm(b + "attn_output_norm"),
                up: try layer(b + "ffn_up"), down: try layer(b + "ffn_down"),
                outputNorm: try norm(b + "layer_output_norm"))
        }
        return EncoderWeights(
            embedding: embedding, positions: positions, embeddingNorm: try norm("token_embd_norm"), blocks: blocks)
    }

    /// Every text here is one segment, so that the type of all its tokens is 0 and its row can be added once and for
    /// all.
    private func positionsWithType() throws -> WeightMatrix {
        let positions = try matrix("position_embd.weight", precision: .exact)
        let type = try matrix("token_types.weight", precision: .exact).row(0)
        let width = positions.columns
        let sums = try FloatBuffer(count: positions.rows * width)
        for row in 0..<positions.rows {
            positions.decodeRow(row, into: sums, at: row * width)
            for column in 0..<width { sums[row * width + column] += type[column] }
        }
        return try WeightMatrix(rows: positions.rows, columns: width, values: sums.array)
    }
}
