import ModelFormats
import Tensors

/// The weights of one decoder block. Shapes: E embedding length, H·d query width, G·d key and value width (G KV heads
/// of length d), F feed-forward length; a matrix is [rows out, columns in].
struct BlockWeights: Sendable {
    /// [E], before attention.
    let attentionNorm: FloatBuffer
    /// [H·d, E], [G·d, E], [G·d, E], with biases [H·d], [G·d], [G·d] where the architecture has them.
    let query: WeightMatrix, key: WeightMatrix, value: WeightMatrix
    let queryBias: FloatBuffer?, keyBias: FloatBuffer?, valueBias: FloatBuffer?
    /// [d], over each head of q and k before rotation (qwen3, gemma3).
    let queryNorm: FloatBuffer?, keyNorm: FloatBuffer?
    /// [E, H·d], bias [E].
    let output: WeightMatrix
    let outputBias: FloatBuffer?
    /// [E], over what attention gives before it is added (gemma).
    let attentionOutputNorm: FloatBuffer?
    /// [E], before the feed-forward part.
    let feedForwardNorm: FloatBuffer
    /// What follows attention.
    let feedForward: FeedForwardWeights
    /// [E], over what the feed-forward part gives before it is added (gemma).
    let feedForwardOutputNorm: FloatBuffer?

    /// All matrices.
    var matrices: [WeightMatrix] { [query, key, value, output] + feedForward.matrices }
}

/// All weights of a decoder.
struct TransformerWeights: Sendable {
    /// [V, E]; also the output matrix where the two are tied.
    let embedding: WeightMatrix
    let blocks: [BlockWeights]
    /// [E]
    let outputNorm: FloatBuffer
    /// [V, E]
    let output: WeightMatrix

    /// Bytes that the matrices hold.
    var residentBytes: Int {
        var bytes = embedding.residentBytes + (output === embedding ? 0 : output.residentBytes)
        for block in blocks {
            for matrix in block.matrices { bytes += matrix.residentBytes }
        }
        return bytes
    }

    /// True where at least one matrix takes integer activations.
    var usesQuantisedActivations: Bool {
        func takesCodes(_ matrix: WeightMatrix) -> Bool { ![.f32, .f16, .bf16].contains(matrix.storedType) }
        return takesCodes(output) || blocks.contains { $0.matrices.contains(where: takesCodes) }
    }
}

extension WeightReader {
    /// The weights of a decoder.
    func decoder() throws -> TransformerWeights {
        let configuration = file.configuration
        let embedding = try matrix("token_embd.weight")
        let blocks = try (0..<configuration.blockCount).map { index in
            let b = "blk.\(index)."
            return BlockWeights(
                attentionNorm: try vector(b + "attn_norm.weight"),
                query: try matrix(b + "attn_q.weight"), key: try matrix(b + "attn_k.weight"),
                value: try matrix(b + "attn_v.weight"),
                queryBias: try optionalVector(b + "attn_q.bias"), keyBias: try optionalVector(b + "attn_k.bias"),
                valueBias: try optionalVector(b + "attn_v.bias"),
                queryNorm: try optionalVector(b + "attn_q_norm.weight"),
                keyNorm: try optionalVector(b + "attn_k_norm.weight"),
                output: try matrix(b + "attn_output.weight"), outputBias: try optionalVector(b + "attn_output.bias"),
                attentionOutputNorm: try optionalVector(b + "post_attention_norm.weight"),
                feedForwardNorm: try vector(b + "ffn_norm.weight"),
                feedForward: try feedForward(b),
                feedForwardOutputNorm: try optionalVector(b + "post_ffw_norm.weight"))
        }
        return TransformerWeights(
            embedding: embedding, blocks: blocks, outputNorm: try vector("output_norm.weight"),
            output: configuration.tiedOutput ? embedding : try matrix("output.weight"))
    }
}
