/// Reads a `ModelConfiguration` from a config.json, in the form of transformers 5 (`rope_parameters`) and in the
/// older one (`rope_theta`, `rope_scaling`). What an absent key means is the family's matter (README-models §3).
struct HuggingFaceConfiguration {
    typealias Family = HuggingFaceFamily

    private let config: JSONObject
    let family: Family
    /// Whether the class puts a classifier on the encoder: a reranker where it has one output.
    private let classifies: Bool
    /// Under which GGUF stores the family.
    let architecture: Architecture

    init(_ members: [String: JSONValue]) throws(ModelConfigurationError) {
        config = JSONObject(members)
        let classes = members["architectures"]?.array?.compactMap(\.string) ?? []
        guard let type = try config.string("model_type") ?? classes.first else { throw .missing(key: "model_type") }
        guard let family = Family(rawValue: type), let architecture = family.architecture else {
            throw .unknownArchitecture(actual: type, known: Family.allCases.map(\.rawValue))
        }
        self.family = family
        self.architecture = architecture
        // The class may say that the tensors mean something else than a language model's.
        let known = ["ForCausalLM", "Model"]
        classifies = architecture.isEncoder && classes.first?.hasSuffix("ForSequenceClassification") ?? false
        if classifies { return }
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

    /// Whether q, k and v have biases; o has one too unless the family has them on the inputs only.
    func hasAttentionBias() throws(ModelConfigurationError) -> Bool {
        switch family.attentionBias {
        case .none: false
        case .inputsOnly: true
        case .stated: try config.bool("attention_bias") ?? architecture.isEncoder
        }
    }

    /// Whether gate, up and down have biases.
    func hasFeedForwardBias() throws(ModelConfigurationError) -> Bool {
        if architecture.isEncoder { return true }
        return family.statesFeedForwardBias ? try config.bool("mlp_bias") ?? false : false
    }

    func configuration(name: String, pooling: Pooling? = nil) throws(ModelConfigurationError) -> ModelConfiguration {
        try refusePackedWeights()
        let known = family.activation.known
        if let activation = try config.string(family.activation.key), !known.contains(activation) {
            throw .unknownActivation(actual: activation, known: [known[0]])
        }
        if architecture.isEncoder, let type = try config.string("position_embedding_type"), type != "absolute" {
            throw .unsupported(feature: "position embeddings of the type \(type)")
        }
        let width = try config.required("hidden_size")
        let heads = try config.required("num_attention_heads")
        guard heads > 0 else { throw .outOfRange(key: "num_attention_heads", actual: "\(heads)", allowed: "1 or more") }
        let headLength = try headLength(width: width, heads: heads)
        let context = try contextLength()
        let blocks = try config.required("num_hidden_layers")
        guard (1...ModelConfiguration.maximumBlocks).contains(blocks) else {
            throw .outOfRange(
                key: "num_hidden_layers", actual: "\(blocks)", allowed: "1...\(ModelConfiguration.maximumBlocks)")
        }
        let rope = try HuggingFaceRope(config, family: family, context: context, headLength: headLength)
        let (window, layers) = try slidingWindow(blocks: blocks)
        let epsilon: Double =
            if architecture.isEncoder {
                try config.number("layer_norm_eps") ?? family.epsilon
            } else {
                try config.number("rms_norm_eps") ?? family.epsilon
            }
        var configuration = ModelConfiguration(
            architecture: architecture,
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
            ropeDimensions: rope.dimensions,
            ropeScaling: rope.scaling,
            ropeFrequencyFactors: nil,
            slidingWindow: window,
            windowedLayers: layers,
            vocabularySize: try config.required("vocab_size"),
            tiedOutput: architecture.isEncoder ? true : try config.bool("tie_word_embeddings") ?? family.tiesOutput,
            tokenTypeCount: architecture.isEncoder ? try config.integer("type_vocab_size") ?? 2 : 0,
            pooling: pooling,
            scoresPairs: classifies)
        if window != nil { configuration.localRopeBase = rope.localBase }
        try readScores(into: &configuration)
        configuration.experts = try experts()
        try configuration.validate()
        return configuration
    }

    /// Rows at the beginning of an encoder's table of positions that belong to no token.
    func unusedPositions() throws(ModelConfigurationError) -> Int {
        guard let absent = family.encoder?.paddingID else { return 0 }
        let padding = try config.integer("pad_token_id") ?? absent
        guard (0...(1 << 24)).contains(padding) else {
            throw .outOfRange(key: "pad_token_id", actual: "\(padding)", allowed: "0...\(1 << 24)")
        }
        return padding + 1
    }

    /// Longest sequence, in tokens.
    private func contextLength() throws(ModelConfigurationError) -> Int {
        let rows = try config.integer("max_position_embeddings") ?? family.context
        let unused = try unusedPositions()
        guard unused > 0 else { return rows }
        guard rows > unused else {
            throw .outOfRange(
                key: "max_position_embeddings", actual: "\(rows)",
                allowed: "more than the \(unused) positions that belong to no token (pad_token_id and below)")
        }
        return rows - unused
    }

    private func headLength(width: Int, heads: Int) throws(ModelConfigurationError) -> Int {
        if let stated = try config.integer("head_dim") { return stated }
        if let known = family.headLength { return known }
        guard width % heads == 0 else {
            throw .outOfRange(key: "hidden_size", actual: "\(width)", allowed: "a multiple of the \(heads) heads")
        }
        return width / heads
    }

    /// An explicit null means "as many as query heads"; an absent key means the family's default.
    private func kvHeads(_ heads: Int) throws(ModelConfigurationError) -> Int {
        if let stated = try config.integer("num_key_value_heads") { return stated }
        if config.has("num_key_value_heads") { return heads }
        return family.kvHeads ?? heads
    }

    /// What changes scores and logits.
    private func readScores(into configuration: inout ModelConfiguration) throws(ModelConfigurationError) {
        if let absent = family.queryScalar {
            let scalar = try config.number("query_pre_attn_scalar") ?? absent
            if scalar != Double(configuration.keyLength) {
                configuration.attentionScale = 1 / Float(scalar).squareRoot()
            }
        }
        // null says that there is none.
        func bound(_ key: String, absent: Float?) throws(ModelConfigurationError) -> Float? {
            let stated = try config.number(key)
            return config.has(key) ? stated.map { Float($0) } : absent
        }
        guard family.queryScalar != nil else { return }
        let bounds = architecture.softCaps
        configuration.attentionSoftCap = try bound("attn_logit_softcapping", absent: bounds?.attention)
        configuration.logitSoftCap = try bound("final_logit_softcapping", absent: bounds?.logits)
        if try config.bool("use_bidirectional_attention") ?? false {
            throw .unsupported(feature: "attention to both sides")
        }
    }

    private func experts() throws(ModelConfigurationError) -> ExpertConfiguration? {
        guard let keys = family.experts else { return nil }
        if let step = try config.integer("decoder_sparse_step"), step != 1 {
            throw .unsupported(feature: "experts in one of \(step) layers only")
        }
        if let dense = config.members["mlp_only_layers"]?.array, !dense.isEmpty {
            throw .unsupported(feature: "layers without experts beside layers with some")
        }
        let local = try config.integer("num_local_experts")
        let published = try config.integer("num_experts")
        let used = try config.integer("num_experts_per_tok") ?? keys.used
        guard let width = try config.integer(keys.width.key) ?? keys.width.absent else {
            throw .missing(key: keys.width.key)
        }
        let stated = try config.bool("norm_topk_prob") ?? false
        return ExpertConfiguration(
            count: local ?? published ?? keys.count, used: used, feedForwardLength: width,
            normalisesWeights: keys.statesNormalisation ? stated : true)
    }

    private func slidingWindow(blocks: Int) throws(ModelConfigurationError) -> (Int?, [Bool]) {
        let layers: [Bool]
        let window: Int?
        switch family.window {
        case .none: return (nil, [])
        case .stated(let absent):
            let stated = try config.integer("sliding_window")
            window = config.has("sliding_window") ? stated : absent
            let usual = try defaultLayers(blocks)
            layers = try layerTypes(blocks: blocks) ?? usual
        case .switched(let byFirstLayer):
            guard try config.bool("use_sliding_window") ?? false else { return (nil, []) }
            let stated = try config.integer("sliding_window")
            window = config.has("sliding_window") ? stated : 4096
            let first = byFirstLayer ? try config.integer("max_window_layers") ?? 28 : 0
            layers = try layerTypes(blocks: blocks) ?? (0..<blocks).map { $0 >= first }
        }
        guard let window, layers.contains(true) else { return (nil, []) }
        return (window, layers)
    }

    /// The architecture's pattern, in the period that the configuration may state.
    private func defaultLayers(_ blocks: Int) throws(ModelConfigurationError) -> [Bool] {
        guard architecture.windowPeriod != nil, let period = try config.integer("sliding_window_pattern") else {
            return architecture.windowedLayers(blocks)
        }
        guard period > 0 else {
            throw .outOfRange(key: "sliding_window_pattern", actual: "\(period)", allowed: "1 or more")
        }
        return (0..<blocks).map { ($0 + 1) % period != 0 }
    }

    /// Per layer whether it has a window; nil where the configuration lists no types.
    private func layerTypes(blocks: Int) throws(ModelConfigurationError) -> [Bool]? {
        guard let types = config.members["layer_types"], types != .null else { return nil }
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
