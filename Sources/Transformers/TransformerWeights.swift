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
    /// [d], over each head of q and k before rotation (qwen3).
    let queryNorm: FloatBuffer?, keyNorm: FloatBuffer?
    /// [E, H·d], bias [E].
    let output: WeightMatrix
    let outputBias: FloatBuffer?
    /// [E], before the feed-forward part.
    let feedForwardNorm: FloatBuffer
    /// [F, E], [F, E], [E, F], with biases [F], [F], [E].
    let gate: WeightMatrix, up: WeightMatrix, down: WeightMatrix
    let gateBias: FloatBuffer?, upBias: FloatBuffer?, downBias: FloatBuffer?
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
            for matrix in [block.query, block.key, block.value, block.output, block.gate, block.up, block.down] {
                bytes += matrix.residentBytes
            }
        }
        return bytes
    }

    /// True where at least one matrix takes integer activations.
    var usesQuantisedActivations: Bool {
        func takesCodes(_ matrix: WeightMatrix) -> Bool { ![.f32, .f16, .bf16].contains(matrix.storedType) }
        return takesCodes(output)
            || blocks.contains { block in
                [block.query, block.key, block.value, block.output, block.gate, block.up, block.down]
                    .contains(where: takesCodes)
            }
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
                feedForwardNorm: try vector(b + "ffn_norm.weight"),
                gate: try matrix(b + "ffn_gate.weight"), up: try matrix(b + "ffn_up.weight"),
                down: try matrix(b + "ffn_down.weight"),
                gateBias: try optionalVector(b + "ffn_gate.bias"), upBias: try optionalVector(b + "ffn_up.bias"),
                downBias: try optionalVector(b + "ffn_down.bias"))
        }
        return TransformerWeights(
            embedding: embedding, blocks: blocks, outputNorm: try vector("output_norm.weight"),
            output: configuration.tiedOutput ? embedding : try matrix("output.weight"))
    }
}
