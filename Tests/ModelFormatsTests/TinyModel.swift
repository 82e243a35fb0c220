import Foundation
import ModelFormats
import Tensors

/// A model of a few kilobytes: one block, width 8, 16 tokens. Every part of a reader has something to do in it.
struct TinyModel {
    var architecture = "llama"
    var metadata: [String: GGUFValue]
    var tensors: [GGUFWriter.Layout]

    init(architecture: String = "llama") {
        self.architecture = architecture
        let prefix = architecture + "."
        metadata = [
            "general.architecture": .string(architecture), "general.name": .string("tiny"),
            prefix + "context_length": .uint32(64), prefix + "embedding_length": .uint32(8),
            prefix + "block_count": .uint32(1), prefix + "feed_forward_length": .uint32(12),
            prefix + "attention.head_count": .uint32(2), prefix + "attention.head_count_kv": .uint32(1),
            prefix + "attention.layer_norm_rms_epsilon": .float32(1e-5),
            "tokenizer.ggml.model": .string("llama"),
            "tokenizer.ggml.tokens": .array(.string((0..<16).map { "token \($0)" })),
            "tokenizer.ggml.scores": .array(.float32((0..<16).map { -Float($0) })),
            "tokenizer.ggml.token_type": .array(.int32([Int32](repeating: 1, count: 16))),
        ]
        tensors = [
            .init(name: "token_embd.weight", dimensions: [8, 16], type: .f32),
            .init(name: "output_norm.weight", dimensions: [8], type: .f32),
            .init(name: "blk.0.attn_norm.weight", dimensions: [8], type: .f32),
            .init(name: "blk.0.attn_q.weight", dimensions: [8, 8], type: .f16),
            .init(name: "blk.0.attn_k.weight", dimensions: [8, 4], type: .f32),
            .init(name: "blk.0.attn_v.weight", dimensions: [8, 4], type: .bf16),
            .init(name: "blk.0.attn_output.weight", dimensions: [8, 8], type: .f32),
            .init(name: "blk.0.ffn_norm.weight", dimensions: [8], type: .f32),
            .init(name: "blk.0.ffn_gate.weight", dimensions: [8, 12], type: .f32),
            .init(name: "blk.0.ffn_up.weight", dimensions: [8, 12], type: .f32),
            .init(name: "blk.0.ffn_down.weight", dimensions: [12, 8], type: .f32),
        ]
    }

    /// Sets a key of the architecture.
    mutating func set(_ key: String, _ value: GGUFValue?) { metadata["\(architecture).\(key)"] = value }

    /// Changes the dimensions of a tensor, or removes it.
    mutating func reshape(_ name: String, _ dimensions: [Int]?) {
        guard let index = tensors.firstIndex(where: { $0.name == name }) else { return }
        if let dimensions {
            tensors[index] = .init(name: name, dimensions: dimensions, type: tensors[index].type)
        } else {
            tensors.remove(at: index)
        }
    }

    /// A model of width 256 whose matrices have the block types that are read, the small ones among them.
    static func blocks() -> TinyModel {
        var model = TinyModel()
        model.set("embedding_length", .uint32(256))
        model.set("feed_forward_length", .uint32(512))
        let shapes: [String: ([Int], ElementType)] = [
            "token_embd.weight": ([256, 16], .iq4_nl), "attn_q.weight": ([256, 256], .q2_k),
            "attn_k.weight": ([256, 128], .q3_k), "attn_v.weight": ([256, 128], .iq4_xs),
            "attn_output.weight": ([256, 256], .q4_k), "ffn_gate.weight": ([256, 512], .q6_k),
            "ffn_up.weight": ([256, 512], .q5_1), "ffn_down.weight": ([512, 256], .q2_k),
        ]
        model.tensors = model.tensors.map { tensor in
            let part = tensor.name.split(separator: ".").suffix(2).joined(separator: ".")
            let (dimensions, type) = shapes[tensor.name] ?? shapes[part] ?? ([256], .f32)
            return .init(name: tensor.name, dimensions: dimensions, type: type)
        }
        return model
    }

    /// Writes the model; weight number i of each tensor is a small number that depends on i. Of types that are only read
    /// the bytes are such numbers.
    func write(to url: URL, replacing: Bool = true) throws {
        let writer = try GGUFWriter(to: url, metadata: metadata, tensors: tensors, replacing: replacing)
        for tensor in tensors {
            let count = tensor.dimensions.reduce(1, *)
            let values = (0..<count).map { Float($0 % 37) / 16 - 1 }
            guard tensor.type.isEncodable else {
                let bytes = tensor.type.byteCount(elements: count) ?? 0
                try writer.write((0..<bytes).map { UInt8($0 % 37) })
                continue
            }
            try writer.write(try Quantisation.encode(values, type: tensor.type))
        }
        try writer.finish()
    }
}

/// SplitMix64: the same numbers in every run.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
