import Foundation
import ModelFormats
import TestSupport
import Testing

/// Folders and files of the newer architectures that do not say what they must, or say what is not computed.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct ArchitectureFileTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    /// A reference folder with some keys of its config.json changed.
    private func open(_ name: String, _ change: (inout [String: Any]) -> Void) throws -> ModelFile {
        let folder = scratch.url.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let source = ReferenceModelTests.folder(name)
        try FileManager.default.createSymbolicLink(
            at: folder.appendingPathComponent("model.safetensors"),
            withDestinationURL: source.appendingPathComponent("model.safetensors"))
        let found = try JSONSerialization.jsonObject(
            with: Data(contentsOf: source.appendingPathComponent("config.json")))
        var config = try #require(found as? [String: Any])
        change(&config)
        try JSONSerialization.data(withJSONObject: config).write(to: folder.appendingPathComponent("config.json"))
        return try ModelFile.open(folder)
    }

    private func refusal<E: Error>(_ name: String, _ type: E.Type, _ change: (inout [String: Any]) -> Void) -> E? {
        #expect(throws: E.self) { try open(name, change) }
    }

    @Test func expertsThatDoNotFit() {
        #expect(
            refusal("mixtral", ModelFileError.self) { $0["num_local_experts"] = 6 }
                == .missingTensor(name: "blk.0.ffn_down_exps.weight of expert 5", shape: [32, 64]))
        #expect(
            refusal("mixtral", ModelFileError.self) { $0["num_local_experts"] = 4 }
                == .unexpectedTensor(name: "model.layers.0.block_sparse_moe.experts.4.w1.weight", architecture: "llama")
        )
        #expect(
            refusal("qwen3moe", ModelFileError.self) { $0["moe_intermediate_size"] = 64 }
                == .wrongShape(
                    tensor: "blk.0.ffn_gate_exps.weight", expected: [64, 64, 5], actual: [64, 32, 5]))
        #expect(
            refusal("mixtral", ModelConfigurationError.self) { $0["num_experts_per_tok"] = 6 }
                == .outOfRange(key: "number of chosen experts", actual: "6", allowed: "1...5"))
        #expect(
            refusal("qwen3moe", ModelConfigurationError.self) { $0["num_local_experts"] = 1 << 40 }
                == .outOfRange(key: "number of experts", actual: "\(1 << 40)", allowed: "1...4096"))
        #expect(
            refusal("qwen3moe", ModelConfigurationError.self) { $0["decoder_sparse_step"] = 2 }
                == .unsupported(feature: "experts in one of 2 layers only"))
        #expect(
            refusal("qwen3moe", ModelConfigurationError.self) { $0["mlp_only_layers"] = [1] }
                == .unsupported(feature: "layers without experts beside layers with some"))
    }

    /// Absent keys mean what the family means by them.
    @Test func absentKeys() throws {
        let raw = try open("qwen3moe") { $0["norm_topk_prob"] = nil }.configuration
        #expect(raw.experts?.normalisesWeights == false)
        let gemma2 = try open("gemma2") { config in
            for key in ["attn_logit_softcapping", "final_logit_softcapping", "query_pre_attn_scalar", "sliding_window"]
            {
                config[key] = nil
            }
        }.configuration
        #expect(gemma2.attentionSoftCap == 50 && gemma2.logitSoftCap == 30 && gemma2.slidingWindow == 4096)
        #expect(gemma2.attentionScale == 0.0625)
        let unbounded = try open("gemma2") { config in
            for key in ["attn_logit_softcapping", "final_logit_softcapping"] { config[key] = NSNull() }
        }
        #expect(unbounded.configuration.attentionSoftCap == nil && unbounded.configuration.logitSoftCap == nil)
        // And a GGUF says so too.
        let url = scratch.url.appendingPathComponent("open.gguf")
        _ = try ModelExporter(unbounded).writeGGUF(to: url, type: .f16)
        let written = try ModelFile.open(url).configuration
        #expect(written.attentionSoftCap == nil && written.logitSoftCap == nil)
        #expect(written.attentionScale == unbounded.configuration.attentionScale && written.attentionScale != nil)
    }

    @Test func scoresThatCannotBe() {
        for scalar in [0.0, -4] {
            let error = refusal("gemma2", ModelConfigurationError.self) { $0["query_pre_attn_scalar"] = scalar }
            guard case .outOfRange(key: "attention scale", _, _)? = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
        #expect(
            refusal("gemma2", ModelConfigurationError.self) { $0["final_logit_softcapping"] = -1 }
                == .outOfRange(key: "bound of the logits", actual: "-1.0", allowed: "above 0, at most 1e6"))
        #expect(
            refusal("gemma3", ModelConfigurationError.self) { $0["hidden_activation"] = "gelu" }
                == .unknownActivation(actual: "gelu", known: ["gelu_pytorch_tanh"]))
        #expect(
            refusal("gemma3", ModelConfigurationError.self) { $0["use_bidirectional_attention"] = true }
                == .unsupported(feature: "attention to both sides"))
    }

    @Test func factorsOfLongRope() throws {
        func rope(_ change: @escaping (inout [String: Any]) -> Void) -> ModelConfigurationError? {
            refusal("phi3-longrope", ModelConfigurationError.self) { config in
                var rope = config["rope_parameters"] as? [String: Any] ?? [:]
                change(&rope)
                config["rope_parameters"] = rope
            }
        }
        #expect(
            rope { $0["short_factor"] = [1.0, 2.0] }
                == .outOfRange(key: "short_factor", actual: "2 values", allowed: "16 values"))
        #expect(rope { $0["long_factor"] = nil } == .missing(key: "long_factor"))
        #expect(
            rope { $0["long_factor"] = ["a"] }
                == .wrongType(key: "long_factor", expected: "an array of numbers", actual: "an array"))
        #expect(
            rope { $0["long_factor"] = [Double](repeating: 0, count: 16) }
                == .outOfRange(key: "long_factor", actual: "a value that is not", allowed: "positive and finite"))
        for share in [0.0, -1, 2] {
            #expect(rope { $0["partial_rotary_factor"] = share } != nil)
        }
        let part = try open("phi3") { config in
            config["rope_parameters"] = ["rope_theta": 10_000.0, "partial_rotary_factor": 0.75]
        }
        #expect(part.configuration.ropeDimensions == 24)
    }

    /// Flipped and cut headers of files with stacked experts and with factors: an error or a model, never a crash.
    @Test(arguments: ["mixtral", "phi3-longrope", "gemma3"])
    func mutatedHeaders(_ name: String) throws {
        let source = ReferenceModelTests.folder(name).appendingPathComponent("model.gguf")
        let original = [UInt8](try Data(contentsOf: source))
        var random = SeededGenerator(state: 11)
        let rounds = Shared.long ? 3000 : 60
        let header = min(original.count, 24_000)
        for round in 0..<rounds {
            var bytes = original
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: 0..<header, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            if round % 7 == 0 { bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random)) }
            let url = try scratch.write(bytes, to: "mutated.gguf")
            do {
                let model = try ModelFile.open(url)
                for tensor in model.tensors { _ = try model.readFloats(tensor.name) }
            } catch {
                #expect(!"\(error)".isEmpty)
            }
        }
    }
}
