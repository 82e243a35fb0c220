import Foundation
import ModelFormats
import Tensors
import Testing

/// Every rule by which a config.json is read (README-models §3 and §4), and what a folder may hold.
struct HuggingFaceFolderTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    /// A config.json of the tiny model's shape.
    private static func config(_ type: String = "llama") -> [String: Any] {
        [
            "model_type": type, "architectures": [type.prefix(1).uppercased() + type.dropFirst() + "ForCausalLM"],
            "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1,
            "intermediate_size": 12, "vocab_size": 16, "max_position_embeddings": 64, "tie_word_embeddings": true,
            "rms_norm_eps": 1e-5, "head_dim": 4, "sliding_window": NSNull(),
        ]
    }

    private static let shapes: [(String, [Int])] = [
        ("model.embed_tokens.weight", [16, 8]), ("model.norm.weight", [8]),
        ("model.layers.0.input_layernorm.weight", [8]), ("model.layers.0.self_attn.q_proj.weight", [8, 8]),
        ("model.layers.0.self_attn.k_proj.weight", [4, 8]), ("model.layers.0.self_attn.v_proj.weight", [4, 8]),
        ("model.layers.0.self_attn.o_proj.weight", [8, 8]), ("model.layers.0.post_attention_layernorm.weight", [8]),
        ("model.layers.0.mlp.gate_proj.weight", [12, 8]), ("model.layers.0.mlp.up_proj.weight", [12, 8]),
        ("model.layers.0.mlp.down_proj.weight", [8, 12]),
    ]

    private func writeWeights(_ shapes: [(String, [Int])], to name: String = "model.safetensors") throws {
        let layout = shapes.map { SafetensorsWriter.Layout(name: $0.0, shape: $0.1, type: .f32) }
        let writer = try SafetensorsWriter(
            to: scratch.url.appendingPathComponent(name), tensors: layout, replacing: true)
        for (_, shape) in shapes {
            let values = (0..<shape.reduce(1, *)).map { Float($0) }
            try writer.write(try Quantisation.encode(values, type: .f32))
        }
        try writer.finish()
    }

    private func open(
        as type: String = "llama", shapes: [(String, [Int])] = Self.shapes, _ change: (inout [String: Any]) -> Void
    ) throws -> ModelFile {
        var config = Self.config(type)
        change(&config)
        try writeWeights(shapes)
        let data = try JSONSerialization.data(withJSONObject: config)
        try data.write(to: scratch.url.appendingPathComponent("config.json"))
        return try ModelFile.open(scratch.url)
    }

    private func refusal(as type: String = "llama", _ change: (inout [String: Any]) -> Void)
        -> ModelConfigurationError?
    {
        #expect(throws: ModelConfigurationError.self) { _ = try open(as: type, change) }
    }

    private static let qwen2Biases: [(String, [Int])] = [
        ("model.layers.0.self_attn.q_proj.bias", [8]), ("model.layers.0.self_attn.k_proj.bias", [4]),
        ("model.layers.0.self_attn.v_proj.bias", [4]),
    ]

    @Test func rowsOfQAndKStandInPairs() throws {
        let model = try open { _ in }
        // Heads of four rows: 0, 2, 1, 3 in GGUF's order; the values count on by 8 a row.
        let first = try model.readFloats("blk.0.attn_q.weight").enumerated().filter { $0.offset % 8 == 0 }
        #expect(first.map(\.element) == [0, 16, 8, 24, 32, 48, 40, 56])
        let some = try model.read("blk.0.attn_q.weight", rows: 3..<6)
        let values = try Quantisation.dequantise(some, type: .f32, count: 24)
        #expect([values[0], values[8], values[16]] == [24, 32, 48])
        let values2 = try model.readFloats("blk.0.attn_v.weight")
        #expect(values2 == (0..<32).map { Float($0) })
    }

    @Test func biasesArePermutedToo() throws {
        let biases = Self.qwen2Biases + [("model.layers.0.self_attn.o_proj.bias", [8])]
        let model = try open(shapes: Self.shapes + biases) { $0["attention_bias"] = true }
        #expect(try model.readFloats("blk.0.attn_q.bias") == [0, 2, 1, 3, 4, 6, 5, 7])
        #expect(try model.readFloats("blk.0.attn_v.bias") == [0, 1, 2, 3])
        let qwen = try open(as: "qwen2", shapes: Self.shapes + Self.qwen2Biases) { _ in }
        #expect(try qwen.readFloats("blk.0.attn_q.bias") == (0..<8).map { Float($0) })
    }

    @Test func biasesMustBeWhereTheConfigurationSays() throws {
        #expect(throws: ModelFileError.missingTensor(name: "blk.0.attn_k.bias", shape: [4])) {
            try open { $0["attention_bias"] = true }
        }
        #expect(throws: ModelFileError.unexpectedTensor(name: "blk.0.attn_k.bias", architecture: "llama")) {
            try open(shapes: Self.shapes + Self.qwen2Biases) { _ in }
        }
    }

    @Test func headsWhenAbsentOrNull() throws {
        let wide = Self.shapes.map { name, shape in
            name.contains("k_proj") || name.contains("v_proj") ? (name, [8, 8]) : (name, shape)
        }
        for value in [nil, NSNull()] as [Any?] {
            let model = try open(shapes: wide) { config in
                config["num_key_value_heads"] = value
                config["head_dim"] = value
            }
            #expect(model.configuration.kvHeadCount == 2 && model.configuration.keyLength == 4)
        }
        // Absent means the family's default, null means as many as query heads.
        #expect(
            refusal(as: "mistral") { $0["num_key_value_heads"] = nil } == .headsDoNotDivide(heads: 2, kvHeads: 8))
        #expect(
            refusal(as: "qwen2") { $0["num_key_value_heads"] = nil } == .headsDoNotDivide(heads: 2, kvHeads: 32))
        let mistral = try open(as: "mistral", shapes: wide) { $0["num_key_value_heads"] = NSNull() }
        #expect(mistral.configuration.kvHeadCount == 2)
        // Qwen3's heads have 128 dimensions unless stated.
        #expect(
            throws: ModelFileError.wrongShape(tensor: "blk.0.attn_q.weight", expected: [8, 256], actual: [8, 8])
        ) { try open(as: "qwen3") { $0["head_dim"] = nil } }
        #expect(
            refusal { config in
                config["head_dim"] = nil
                config["hidden_size"] = 9
            } == .outOfRange(key: "hidden_size", actual: "9", allowed: "a multiple of the 2 heads"))
    }

    @Test func windows() throws {
        #expect(try open(as: "mistral") { _ in }.configuration.slidingWindow == nil)
        let absent = try open(as: "mistral") { $0["sliding_window"] = nil }.configuration
        #expect(absent.slidingWindow == 4096 && absent.windowedLayers == [true])
        #expect(try open { $0["sliding_window"] = 7 }.configuration.slidingWindow == nil)
        func qwen(_ change: (inout [String: Any]) -> Void) throws -> ModelConfiguration {
            try open(as: "qwen2", shapes: Self.shapes + Self.qwen2Biases) { config in
                config["sliding_window"] = 7
                change(&config)
            }.configuration
        }
        #expect(try qwen { _ in }.slidingWindow == nil)
        // 28 layers below the default of max_window_layers are full.
        #expect(try qwen { $0["use_sliding_window"] = true }.slidingWindow == nil)
        let on = try qwen { config in
            config["use_sliding_window"] = true
            config["max_window_layers"] = 0
        }
        #expect(on.slidingWindow == 7 && on.windowedLayers == [true])
        let typed = try qwen { config in
            config["use_sliding_window"] = true
            config["layer_types"] = ["sliding_attention"]
        }
        #expect(typed.windowedLayers == [true])
        #expect(throws: ModelConfigurationError.unsupported(feature: "layers of the type chunked_attention")) {
            try qwen { config in
                config["use_sliding_window"] = true
                config["layer_types"] = ["chunked_attention"]
            }
        }
    }

    @Test func ropeInEveryForm() throws {
        func rope(_ change: (inout [String: Any]) -> Void) throws -> ModelConfiguration {
            try open(change).configuration
        }
        #expect(try rope { _ in }.ropeBase == 10_000)
        #expect(try rope { $0["rope_theta"] = 5e5 }.ropeBase == 500_000)
        let both = try rope { config in
            config["rope_theta"] = 1
            config["rope_scaling"] = ["type": "linear", "factor": 9.0]
            config["rope_parameters"] = ["rope_type": "default", "rope_theta": 2e4]
        }
        #expect(both.ropeBase == 20_000 && both.ropeScaling == .none)
        #expect(
            try rope { $0["rope_scaling"] = ["type": "linear", "factor": 2] }.ropeScaling == .linear(factor: 2))
        let llama3: [String: Any] = [
            "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
            "original_max_position_embeddings": 32,
        ]
        #expect(
            try rope { $0["rope_scaling"] = llama3 }.ropeScaling
                == .llama3(
                    factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContextLength: 32))
        var mscale: [String: Any] = ["rope_type": "yarn", "factor": 4.0, "mscale": 2.0, "mscale_all_dim": 1.0]
        let yarn = try rope { $0["rope_parameters"] = mscale }.ropeScaling
        let unit = 0.1 * Foundation.log(4)
        #expect(
            yarn
                == .yarn(
                    YarnScaling(
                        factor: 4, originalContextLength: 64, attentionFactor: (2 * unit + 1) / (unit + 1))))
        mscale["attention_factor"] = 1.5
        mscale["truncate"] = false
        guard case .yarn(let stated) = try rope({ $0["rope_parameters"] = mscale }).ropeScaling else {
            Issue.record("not yarn")
            return
        }
        #expect(stated.attentionFactor == 1.5 && !stated.truncate)
    }

    @Test func whatIsUnknownIsRefusedByName() {
        let known = ["default", "linear", "llama3", "yarn", "longrope"]
        for type in ["dynamic", "ntk", "mrope"] {
            #expect(
                refusal { $0["rope_scaling"] = ["type": type, "factor": 2.0] }
                    == .unknownRopeType(actual: type, known: known))
        }
        #expect(
            refusal { $0["quantization_config"] = ["quant_method": "gptq"] }
                == .unsupported(feature: "weights quantised with gptq"))
        #expect(
            refusal { $0["hidden_act"] = "gelu" } == .unknownActivation(actual: "gelu", known: ["silu"]))
        #expect(
            refusal { $0["model_type"] = "falcon" }
                == .unknownArchitecture(
                    actual: "falcon",
                    known: [
                        "llama", "mistral", "mixtral", "qwen2", "qwen3", "qwen3_moe", "gemma2", "gemma3_text", "phi3",
                        "bert", "xlm-roberta", "roberta",
                    ]))
        guard
            case .unknownArchitecture(actual: "LlamaForSequenceClassification", _)? = refusal({
                $0["architectures"] = ["LlamaForSequenceClassification"]
            })
        else {
            Issue.record("a classifier was taken for a language model")
            return
        }
        #expect(
            refusal { $0["rope_scaling"] = ["rope_type": "llama3", "factor": 8.0] } == .missing(key: "low_freq_factor"))
        #expect(
            refusal { $0["partial_rotary_factor"] = 0.5 } == .unsupported(feature: "partial_rotary_factor 0.5"))
    }

    @Test(arguments: [
        "model_type", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size",
    ])
    func requiredKeys(key: String) {
        let error = refusal { config in
            config[key] = nil
            config["architectures"] = nil
        }
        #expect(error == .missing(key: key))
        if key != "model_type" {
            #expect(
                refusal { $0[key] = "8" } == .wrongType(key: key, expected: "an integer", actual: "a string"))
            for value in [0, -1, Int.max] {
                guard case .outOfRange? = refusal({ $0[key] = value }) else {
                    Issue.record("\(key) = \(value)")
                    continue
                }
            }
        }
    }

    @Test func outputMatrix() throws {
        let own = Self.shapes + [("lm_head.weight", [16, 8])]
        #expect(throws: ModelFileError.missingTensor(name: "output.weight", shape: [8, 16])) {
            try open { $0["tie_word_embeddings"] = nil }
        }
        #expect(try open(shapes: own) { $0["tie_word_embeddings"] = false }.tensor("output.weight") != nil)
        #expect(try open(shapes: own) { _ in }.tensor("output.weight") == nil)
    }

    @Test func namesWithoutModelAndDerivedBuffers() throws {
        let bare = Self.shapes.map { (String($0.0.dropFirst(6)), $0.1) }
        let model = try open(shapes: bare + [("layers.0.self_attn.rotary_emb.inv_freq", [2])]) { _ in }
        #expect(model.tensors.count == Self.shapes.count)
        #expect(throws: ModelFileError.unexpectedTensor(name: "model.layers.0.extra.weight", architecture: "llama")) {
            try open(shapes: Self.shapes + [("model.layers.0.extra.weight", [1])]) { _ in }
        }
    }

    @Test func shards() throws {
        _ = try open { _ in }
        let manager = FileManager.default
        let single = scratch.url.appendingPathComponent("model.safetensors")
        let whole = try ModelFile.open(scratch.url)
        let expected = try whole.tensors.map { try whole.read($0.name, rows: 0..<$0.rows) }
        try manager.removeItem(at: single)
        #expect(throws: SafetensorsError.noWeights(folder: scratch.url.path)) { try ModelFile.open(scratch.url) }
        try writeWeights(Array(Self.shapes.prefix(4)), to: "a.safetensors")
        try writeWeights(Array(Self.shapes.dropFirst(4)), to: "b.safetensors")
        func index(_ change: (inout [String: String]) -> Void) throws {
            var map = Dictionary(
                uniqueKeysWithValues: Self.shapes.enumerated().map {
                    ($1.0, $0 < 4 ? "a.safetensors" : "b.safetensors")
                })
            change(&map)
            try JSONSerialization.data(withJSONObject: ["weight_map": map]).write(
                to: scratch.url.appendingPathComponent("model.safetensors.index.json"))
        }
        try index { _ in }
        let model = try ModelFile.open(scratch.url)
        #expect(try model.tensors.map { try model.read($0.name, rows: 0..<$0.rows) } == expected)
        try index { $0["model.norm.weight"] = "b.safetensors" }
        #expect(throws: SafetensorsError.missingFromShard(tensor: "model.norm.weight", file: "b.safetensors")) {
            try ModelFile.open(scratch.url)
        }
        for bad in ["../b.safetensors", "/etc/passwd", ".b.safetensors", "b.bin"] {
            try index { $0["model.norm.weight"] = bad }
            let error = #expect(throws: SafetensorsError.self) { try ModelFile.open(scratch.url) }
            guard case .badIndex? = error else {
                Issue.record("\(bad): \(String(describing: error))")
                continue
            }
        }
        try index { _ in }
        try writeWeights(Array(Self.shapes.dropFirst(3)), to: "b.safetensors")
        #expect(
            throws: SafetensorsError.duplicateTensor(
                "model.layers.0.self_attn.q_proj.weight", files: ["a.safetensors", "b.safetensors"])
        ) { try ModelFile.open(scratch.url) }
    }

    @Test func otherElementTypesAreRefused() throws {
        _ = try open { _ in }
        let layout = Self.shapes.map { SafetensorsWriter.Layout(name: $0.0, shape: $0.1, type: .i8) }
        let writer = try SafetensorsWriter(
            to: scratch.url.appendingPathComponent("model.safetensors"), tensors: layout, replacing: true)
        for tensor in layout { try writer.write([UInt8](repeating: 0, count: tensor.shape.reduce(1, *))) }
        try writer.finish()
        let error = #expect(throws: ModelFileError.self) { try ModelFile.open(scratch.url) }
        guard case .unsupportedType(_, "I8", ["F32", "F16", "BF16"])? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
