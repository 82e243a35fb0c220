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

/// The head of a reranker: score = classifier · tanh(pooler · h), h the state of the first token. In f32.
struct EncoderHead: Sendable {
    /// [E, E]
    let pooler: EncoderLayer
    /// [1, E]
    let classifier: EncoderLayer
}

/// All weights of an encoder.
struct EncoderWeights: Sendable {
    /// [V, E]
    let embedding: WeightMatrix
    /// [T · P, E]: for each of T token types and P positions what is added to a word there, position and type together,
    /// in f32. T is 1 where no pairs are scored: then all tokens have type 0.
    let positions: WeightMatrix
    let embeddingNorm: EncoderNorm
    let blocks: [EncoderBlockWeights]
    /// What scores a pair; nil for a model of vectors.
    let head: EncoderHead?

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
        func layer(_ name: String, precision: Precision? = nil) throws -> EncoderLayer {
            EncoderLayer(
                weights: try matrix(name + ".weight", precision: precision), bias: try vector(name + ".bias"))
        }
        func norm(_ name: String) throws -> EncoderNorm {
            EncoderNorm(weight: try vector(name + ".weight"), bias: try vector(name + ".bias"))
        }
        let embedding = try matrix("token_embd.weight")
        let configuration = file.configuration
        let positions = try positionsWithTypes(configuration.scoresPairs ? configuration.tokenTypeCount : 1)
        var head: EncoderHead?
        if configuration.scoresPairs {
            head = EncoderHead(
                pooler: try layer("cls", precision: .exact), classifier: try layer("cls.output", precision: .exact))
        }
        let blocks = try (0..<configuration.blockCount).map { index in
            let b = "blk.\(index)."
            return EncoderBlockWeights(
                query: try layer(b + "attn_q"), key: try layer(b + "attn_k"), value: try layer(b + "attn_v"),
                output: try layer(b + "attn_output"), attentionNorm: try norm(b + "attn_output_norm"),
                up: try layer(b + "ffn_up"), down: try layer(b + "ffn_down"),
                outputNorm: try norm(b + "layer_output_norm"))
        }
        return EncoderWeights(
            embedding: embedding, positions: positions, embeddingNorm: try norm("token_embd_norm"),
            blocks: blocks, head: head)
    }

    /// The row of a token's type is added to the rows of all positions once and for all: types follow one another.
    private func positionsWithTypes(_ count: Int) throws -> WeightMatrix {
        let positions = try matrix("position_embd.weight", precision: .exact)
        let types = try matrix("token_types.weight", precision: .exact)
        let width = positions.columns
        let sums = try FloatBuffer(count: count * positions.rows * width)
        for type in 0..<count {
            let added = try types.row(type)
            for position in 0..<positions.rows {
                let start = (type * positions.rows + position) * width
                positions.decodeRow(position, into: sums, at: start)
                for column in 0..<width { sums[start + column] += added[column] }
            }
        }
        return try WeightMatrix(rows: count * positions.rows, columns: width, values: sums.array)
    }
}
