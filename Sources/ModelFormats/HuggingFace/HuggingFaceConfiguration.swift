/// Reads a `ModelConfiguration` from a config.json, in the form of transformers 5 (`rope_parameters`) and in the
/// older one (`rope_theta`, `rope_scaling`). What an absent key means is the family's matter (README-models §3).
struct HuggingFaceConfiguration {
    /// The families whose configurations are understood, by `model_type`.
    enum Family: String, CaseIterable {
        case llama, mistral, qwen2, qwen3, bert

        var architecture: Architecture {
            switch self {
            case .llama, .mistral: .llama
            case .qwen2: .qwen2
            case .qwen3: .qwen3
            case .bert: .bert
            }
        }

        /// KV heads when the key is absent; nil means: as many as query heads.
        var defaultKVHeads: Int? {
            switch self {
            case .llama, .bert: nil
            case .mistral: 8
            case .qwen2, .qwen3: 32
            }
        }

        var defaultContext: Int {
            switch self {
            case .llama: 2048
            case .bert: 512
            case .mistral: 131_072
            case .qwen2, .qwen3: 32_768
            }
        }
    }

    private let config: JSONObject
    let family: Family

    init(_ members: [String: JSONValue]) throws(ModelConfigurationError) {
        config = JSONObject(members)
        let classes = members["architectures"]?.array?.compactMap(\.string) ?? []
        guard let type = try config.string("model_type") ?? classes.first else { throw .missing(key: "model_type") }
        guard let family = Family(rawValue: type) else {
            throw .unknownArchitecture(actual: type, known: Family.allCases.map(\.rawValue))
        }
        self.family = family
        // The class may say that the tensors mean something else than a language model's.
        let known = ["ForCausalLM", "Model"]
        if let name = classes.first, !known.contains(where: { name.hasSuffix($0) }) {
            throw .unknownArchitecture(actual: name, known: Family.allCases.map { "\($0.rawValue) …ForCausalLM" })
        }
    }

    /// Weights in a packing of their own (GPTQ, AWQ, FP8 …) are announced in the configuration.
    private func refusePackedWeights() throws(ModelConfigurationError) {
        guard let quantisation = try config.object("quantization_config") else { return }
        let method = try quantisation.string("quant_method") ?? "an unnamed method"
        throw .unsupported(feature: "weights quantised with \(method)")
    }

    /// Whether q, k and v have biases; o has one too unless this is qwen2.
    func hasAttentionBias() throws(ModelConfigurationError) -> Bool {
        switch family {
        case .qwen2, .bert: true
        case .mistral: false
        case .llama, .qwen3: try config.bool("attention_bias") ?? false
        }
    }

    /// Whether gate, up and down have biases.
    func hasFeedForwardBias() throws(ModelConfigurationError) -> Bool {
        switch family {
        case .llama: try config.bool("mlp_bias") ?? false
        case .bert: true
        case .mistral, .qwen2, .qwen3: false
        }
    }

    func configuration(name: String, pooling: Pooling? = nil) throws(ModelConfigurationError) -> ModelConfiguration {
        try refusePackedWeights()
        let known = family == .bert ? ["gelu"] : ["silu", "swish"]
        if let activation = try config.string("hidden_act"), !known.contains(activation) {
            throw .unknownActivation(actual: activation, known: [known[0]])
        }
        if family == .bert, let type = try config.string("position_embedding_type"), type != "absolute" {
            throw .unsupported(feature: "position embeddings of the type \(type)")
        }
        let width = try config.required("hidden_size")
        let heads = try config.required("num_attention_heads")
        guard heads > 0 else { throw .outOfRange(key: "num_attention_heads", actual: "\(heads)", allowed: "1 or more") }
        let headLength = try headLength(width: width, heads: heads)
        let context = try config.integer("max_position_embeddings") ?? family.defaultContext
        let blocks = try config.required("num_hidden_layers")
        guard (1...ModelConfiguration.maximumBlocks).contains(blocks) else {
            throw .outOfRange(
                key: "num_hidden_layers", actual: "\(blocks)", allowed: "1...\(ModelConfiguration.maximumBlocks)")
        }
        let rope = try HuggingFaceRope(config, context: context)
        let (window, layers) = try slidingWindow(blocks: blocks)
        let epsilon: Double =
            if family == .bert {
                try config.number("layer_norm_eps") ?? 1e-12
            } else {
                try config.number("rms_norm_eps") ?? 1e-6
            }
        let configuration = ModelConfiguration(
            architecture: family.architecture,
            name: name,
            contextLength: context,
            embeddingLength: width,
            blockCount: blocks,
            feedForwardLength: try config.required("intermediate_size"),
            headCount: heads,
            kvHeadCount: try kvHeads(heads),
            keyLength: headLength,
            valueLength: headLength,
            normEpsilon: Float(epsilon),
            ropeBase: rope.base,
            ropeDimensions: headLength,
            ropeScaling: rope.scaling,
            ropeFrequencyFactors: nil,
            slidingWindow: window,
            windowedLayers: layers,
            vocabularySize: try config.required("vocab_size"),
            tiedOutput: family == .bert ? true : try config.bool("tie_word_embeddings") ?? false,
            tokenTypeCount: family == .bert ? try config.integer("type_vocab_size") ?? 2 : 0,
            pooling: pooling)
        try configuration.validate()
        return configuration
    }

    private func headLength(width: Int, heads: Int) throws(ModelConfigurationError) -> Int {
        if let stated = try config.integer("head_dim") { return stated }
        if family == .qwen3 { return 128 }
        guard width % heads == 0 else {
            throw .outOfRange(key: "hidden_size", actual: "\(width)", allowed: "a multiple of the \(heads) heads")
        }
        return width / heads
    }

    /// An explicit null means "as many as query heads"; an absent key means the family's default.
    private func kvHeads(_ heads: Int) throws(ModelConfigurationError) -> Int {
        if let stated = try config.integer("num_key_value_heads") { return stated }
        if config.has("num_key_value_heads") { return heads }
        return family.defaultKVHeads ?? heads
    }

    private func slidingWindow(blocks: Int) throws(ModelConfigurationError) -> (Int?, [Bool]) {
        let everywhere = Array(repeating: true, count: blocks)
        switch family {
        case .llama, .bert: return (nil, [])
        case .mistral:
            let stated = try config.integer("sliding_window")
            let window = config.has("sliding_window") ? stated : 4096
            return window.map { ($0, everywhere) } ?? (nil, [])
        case .qwen2, .qwen3:
            guard try config.bool("use_sliding_window") ?? false,
                let window = try config.integer("sliding_window") ?? (config.has("sliding_window") ? nil : 4096)
            else { return (nil, []) }
            let layers = try layerTypes(blocks: blocks)
            return layers.contains(true) ? (window, layers) : (nil, [])
        }
    }

    private func layerTypes(blocks: Int) throws(ModelConfigurationError) -> [Bool] {
        guard let types = config.members["layer_types"], types != .null else {
            let first = try config.integer("max_window_layers") ?? 28
            return (0..<blocks).map { $0 >= first }
        }
        let names = types.array?.compactMap(\.string) ?? []
        guard names.count == blocks else {
            throw .wrongType(key: "layer_types", expected: "an array of \(blocks) strings", actual: types.kind)
        }
        return try names.map { (name) throws(ModelConfigurationError) -> Bool in
            switch name {
            case "sliding_attention": true
            case "full_attention": false
            default: throw .unsupported(feature: "layers of the type \(name)")
            }
        }
    }

    /// Deviation of the weights that training starts from.
    func initializerRange() throws(ModelConfigurationError) -> Double? {
        guard let range = try config.number("initializer_range") else { return nil }
        guard range.isFinite, range > 0, range <= 10 else {
            throw .outOfRange(key: "initializer_range", actual: "\(range)", allowed: "above 0, at most 10")
        }
        return range
    }
}
