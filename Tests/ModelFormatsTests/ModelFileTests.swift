import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing

/// What a GGUF model must say and hold so that it can be computed.
struct ModelFileTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func model(_ architecture: String = "llama", _ change: (inout TinyModel) -> Void) throws -> ModelFile {
        var tiny = TinyModel(architecture: architecture)
        change(&tiny)
        let url = scratch.url.appendingPathComponent("tiny.gguf")
        try tiny.write(to: url)
        return try ModelFile.open(url)
    }

    private func configurationError(_ change: (inout TinyModel) -> Void) -> ModelConfigurationError? {
        #expect(throws: ModelConfigurationError.self) { _ = try model("llama", change) }
    }

    private func tensorError(_ architecture: String = "llama", _ change: (inout TinyModel) -> Void)
        -> ModelFileError?
    {
        #expect(throws: ModelFileError.self) { _ = try model(architecture, change) }
    }

    @Test func defaults() throws {
        let configuration = try model { $0.set("attention.head_count_kv", .uint64(1)) }.configuration
        #expect(configuration.keyLength == 4 && configuration.valueLength == 4 && configuration.ropeDimensions == 4)
        #expect(configuration.ropeBase == 10_000 && configuration.ropeScaling == .none && configuration.tiedOutput)
        #expect(configuration.vocabularySize == 16 && configuration.slidingWindow == nil)
        // Without the key there are as many KV heads as query heads.
        let equal = try model { tiny in
            tiny.set("attention.head_count_kv", nil)
            tiny.reshape("blk.0.attn_k.weight", [8, 8])
            tiny.reshape("blk.0.attn_v.weight", [8, 8])
        }
        #expect(equal.configuration.kvHeadCount == 2)
    }

    @Test func perLayerArraysOfOneValue() throws {
        let file = try model { $0.set("feed_forward_length", .array(.int32([12, 12]))) }
        #expect(file.configuration.feedForwardLength == 12)
        let error = configurationError { $0.set("feed_forward_length", .array(.int32([12, 13]))) }
        #expect(error == .unsupported(feature: "different values of llama.feed_forward_length per layer"))
    }

    @Test func ropeScaling() throws {
        func scaling(_ change: (inout TinyModel) -> Void) throws -> RopeScaling {
            try model("llama", change).configuration.ropeScaling
        }
        #expect(try scaling { $0.set("rope.scale_linear", .float32(4)) } == .linear(factor: 4))
        #expect(
            try scaling { tiny in
                tiny.set("rope.scaling.type", .string("linear"))
                tiny.set("rope.scaling.factor", .float32(2))
            } == .linear(factor: 2))
        let yarn = try scaling { tiny in
            tiny.set("rope.scaling.type", .string("yarn"))
            tiny.set("rope.scaling.factor", .float32(4))
            tiny.set("rope.scaling.yarn_attn_factor", .float32(2))
            tiny.set("rope.scaling.original_context_length", .uint32(16))
        }
        guard case .yarn(let values) = yarn else {
            Issue.record("\(yarn)")
            return
        }
        #expect(values.factor == 4 && values.originalContextLength == 16 && values.betaFast == 32)
        // 0.1 ln 4 + 1, times the stated factor.
        #expect(abs(values.attentionFactor - 2 * 1.138_629_436_111_989) < 1e-12)
        #expect(
            configurationError { $0.set("rope.scaling.type", .string("longrope")) }
                == .unknownRopeType(actual: "longrope", known: ["none", "linear", "yarn"]))
    }

    @Test func architectureIsNamed() {
        #expect(
            configurationError { $0.metadata["general.architecture"] = .string("mamba") }
                == .unknownArchitecture(
                    actual: "mamba",
                    known: ["llama", "qwen2", "qwen3", "qwen3moe", "gemma2", "gemma3", "phi3", "bert"]))
        #expect(
            configurationError { $0.metadata["general.architecture"] = nil } == .missing(key: "general.architecture"))
        #expect(
            configurationError { $0.metadata["general.architecture"] = .uint8(1) }
                == .wrongType(key: "general.architecture", expected: "a string", actual: "u8"))
        #expect(
            configurationError { $0.metadata["general.type"] = .string("adapter") }
                == .unsupported(feature: "a file of general.type \"adapter\" as a model of its own"))
        #expect(
            configurationError { $0.set("expert_count", .uint32(8)) } == .missing(key: "llama.expert_used_count"))
    }

    @Test func missingAndMistyped() {
        #expect(configurationError { $0.set("block_count", nil) } == .missing(key: "llama.block_count"))
        #expect(
            configurationError { $0.set("block_count", .string("1")) }
                == .wrongType(key: "llama.block_count", expected: "an integer", actual: "string"))
        #expect(
            configurationError { $0.set("attention.layer_norm_rms_epsilon", .bool(true)) }
                == .wrongType(
                    key: "llama.attention.layer_norm_rms_epsilon", expected: "a number", actual: "bool"))
    }

    @Test(
        arguments: [
            ("block_count", .uint32(513)), ("block_count", .uint32(0)), ("block_count", .uint64(1 << 62)),
            ("block_count", .int32(-1)), ("attention.head_count", .uint32(0)), ("attention.head_count_kv", .uint32(0)),
            ("context_length", .uint32(0)), ("embedding_length", .uint32(0)), ("embedding_length", .int64(.min)),
            ("feed_forward_length", .uint32(.max)), ("attention.key_length", .uint64(1 << 40)),
            ("rope.dimension_count", .uint32(3)), ("rope.dimension_count", .uint32(6)),
            ("rope.freq_base", .float32(0)), ("rope.freq_base", .float32(.nan)),
            ("attention.layer_norm_rms_epsilon", .float32(.infinity)),
            ("attention.layer_norm_rms_epsilon", .float32(-1)), ("rope.scale_linear", .float32(-2)),
            ("rope.scale_linear", .float32(.nan)),
        ] as [(String, GGUFValue)])
    func numbersOutOfBounds(key: String, value: GGUFValue) {
        guard case .outOfRange? = configurationError({ $0.set(key, value) }) else {
            Issue.record("\(key) \(value)")
            return
        }
    }

    @Test func headsMustDivide() {
        #expect(
            configurationError { tiny in
                tiny.set("attention.head_count", .uint32(3))
                tiny.set("attention.head_count_kv", .uint32(2))
            } == .headsDoNotDivide(heads: 3, kvHeads: 2))
    }

    @Test func tokenizerKeysAreChecked() {
        #expect(
            configurationError { $0.metadata["tokenizer.ggml.tokens"] = .array(.uint8([1, 2])) }
                == .badTokenizerKey(
                    key: "tokenizer.ggml.tokens",
                    reason: "an array of strings expected, array of u8, 2 elements found"))
        #expect(
            configurationError { $0.metadata["tokenizer.ggml.scores"] = .array(.float32([1])) }
                == .badTokenizerKey(key: "tokenizer.ggml.scores", reason: "1 elements for 16 tokens"))
        #expect(
            configurationError { $0.metadata["tokenizer.ggml.token_type"] = .string("1") }
                == .badTokenizerKey(
                    key: "tokenizer.ggml.token_type", reason: "an array of numbers expected, string found"))
        #expect(
            configurationError { $0.metadata["tokenizer.ggml.merges"] = .array(.int32([1])) }
                == .badTokenizerKey(
                    key: "tokenizer.ggml.merges",
                    reason: "an array of strings expected, array of i32, 1 elements found"))
        #expect(
            configurationError {
                $0.metadata["tokenizer.ggml.tokens"] = .array(.string((0..<17).map { "\($0)" }))
            } == .badTokenizerKey(key: "tokenizer.ggml.tokens", reason: "17 tokens, but the embedding has 16 rows"))
    }

    @Test func everyTensorIsNeeded() {
        for tensor in TinyModel().tensors where tensor.name != "token_embd.weight" {
            #expect(
                tensorError { $0.reshape(tensor.name, nil) }
                    == .missingTensor(name: tensor.name, shape: tensor.dimensions))
            let wrong = tensor.dimensions.dropLast() + [tensor.dimensions.last.map { $0 + 1 } ?? 0]
            #expect(
                tensorError { $0.reshape(tensor.name, Array(wrong)) }
                    == .wrongShape(tensor: tensor.name, expected: tensor.dimensions, actual: Array(wrong)))
        }
        #expect(
            tensorError("qwen2") { _ in } == .missingTensor(name: "blk.0.attn_q.bias", shape: [8]))
        #expect(
            tensorError("qwen3") { _ in } == .missingTensor(name: "blk.0.attn_q_norm.weight", shape: [4]))
    }

    @Test func nothingIsLeftOutSilently() {
        #expect(
            tensorError { $0.tensors.append(.init(name: "blk.0.attn_sub_norm.weight", dimensions: [8], type: .f32)) }
                == .unexpectedTensor(name: "blk.0.attn_sub_norm.weight", architecture: "llama"))
        #expect(
            tensorError { $0.tensors.append(.init(name: "blk.1.attn_norm.weight", dimensions: [8], type: .f32)) }
                == .unexpectedTensor(name: "blk.1.attn_norm.weight", architecture: "llama"))
    }

    @Test func ropeFactorsArePositive() {
        // The first values that a `TinyModel` writes are negative.
        let error = configurationError {
            $0.tensors.append(.init(name: "rope_freqs.weight", dimensions: [2], type: .f32))
        }
        #expect(
            error
                == .outOfRange(key: "rope_freqs.weight", actual: "a value that is not", allowed: "positive and finite"))
    }

    @Test func fusedAttentionIsTakenApart() throws {
        func fuse(_ tiny: inout TinyModel, rows: Int = 16) {
            for name in ["attn_q", "attn_k", "attn_v"] { tiny.reshape("blk.0.\(name).weight", nil) }
            tiny.tensors.append(.init(name: "blk.0.attn_qkv.weight", dimensions: [8, rows], type: .f32))
        }
        let file = try model("qwen2") { tiny in
            fuse(&tiny)
            tiny.tensors.append(.init(name: "blk.0.attn_qkv.bias", dimensions: [16], type: .f16))
        }
        let values = (0..<128).map { Float($0 % 37) / 16 - 1 }
        #expect(try file.readFloats("blk.0.attn_q.weight") == Array(values[0..<64]))
        #expect(try file.readFloats("blk.0.attn_k.weight") == Array(values[64..<96]))
        #expect(try file.readFloats("blk.0.attn_v.weight") == Array(values[96..<128]))
        let rows = try file.read("blk.0.attn_v.weight", rows: 1..<3)
        #expect(try Quantisation.dequantise(rows, type: .f32, count: 16) == Array(values[104..<120]))
        #expect(try file.readFloats("blk.0.attn_k.bias") == Array(values[8..<12]))
        #expect(file.tensor("blk.0.attn_qkv.weight") == nil)
        #expect(
            tensorError { fuse(&$0, rows: 17) }
                == .wrongShape(tensor: "blk.0.attn_qkv.weight", expected: [8, 16], actual: [8, 17]))
        #expect(
            tensorError { $0.tensors.append(.init(name: "blk.0.attn_qkv.weight", dimensions: [8, 16], type: .f32)) }
                == .unexpectedTensor(name: "blk.0.attn_qkv.weight", architecture: "llama"))
    }

    @Test func readingIsChecked() throws {
        let file = try model { _ in }
        #expect(throws: ModelFileError.noSuchTensor(name: "x")) { try file.read("x", rows: 0..<1) }
        #expect(throws: ModelFileError.rowsOutOfRange(tensor: "blk.0.attn_k.weight", rows: 3..<5, count: 4)) {
            try file.read("blk.0.attn_k.weight", rows: 3..<5)
        }
        #expect(try file.read("blk.0.attn_q.weight", rows: 2..<4).count == 2 * 8 * 2)
        #expect(try file.readFloats("blk.0.attn_v.weight").count == 32)
    }

    @Test func whatIsNoModel() throws {
        let missing = scratch.url.appendingPathComponent("missing.gguf")
        #expect(throws: FileError.failed(operation: "open", path: missing.path, code: 2)) {
            try ModelFile.open(missing)
        }
        #expect(throws: ModelFileError.notAModel(path: scratch.url.path)) { try ModelFile.open(scratch.url) }
    }

    @Test(.enabled(if: Shared.model("qwen2.5-coder-0.5b-instruct-q4_k_m.gguf") != nil, "needs the pulled model"))
    func realModelOpensAtOnce() throws {
        let url = try #require(Shared.model("qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"))
        let clock = ContinuousClock()
        let start = clock.now
        let model = try ModelFile.open(url)
        let time = clock.now - start
        // 0.07 s in a release build; a debug build checks every index.
        #if !DEBUG
            #expect(time < .seconds(1), "\(time)")
        #endif
        #expect(model.configuration.architecture == .qwen2 && model.configuration.blockCount == 24)
        #expect(model.configuration.vocabularySize == 151_936 && model.configuration.headCount == 14)
    }

    @Test(
        .enabled(if: Shared.model("SmolLM2-135M-Instruct.Q4_1.gguf") != nil, "needs the pulled models"),
        arguments: ["SmolLM2-135M-Instruct.Q4_1.gguf", "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"])
    func realModelsOpen(name: String) throws {
        guard let url = Shared.model(name) else { return }
        let model = try ModelFile.open(url)
        #expect(try ModelInspection(url).problem == nil)
        let last = "blk.\(model.configuration.blockCount - 1).ffn_down.weight"
        let tensor = try #require(model.tensor(last))
        #expect(try model.read(last, rows: (tensor.rows - 1)..<tensor.rows).count == tensor.rowBytes)
    }
}
