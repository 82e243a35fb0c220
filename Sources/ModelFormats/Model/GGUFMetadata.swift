/// The GGUF keys that say what a configuration says (README-models §6.1).
enum GGUFMetadata {
    static func keys(for configuration: ModelConfiguration) -> [String: GGUFValue] {
        let prefix = configuration.architecture.rawValue + "."
        var keys: [String: GGUFValue] = [
            "general.architecture": .string(configuration.architecture.rawValue),
            "general.type": .string("model"),
            "general.name": .string(configuration.name),
        ]
        func set(_ key: String, _ value: Int) { keys[prefix + key] = .uint32(UInt32(clamping: value)) }
        set("block_count", configuration.blockCount)
        set("context_length", configuration.contextLength)
        set("embedding_length", configuration.embeddingLength)
        set("feed_forward_length", configuration.feedForwardLength)
        set("attention.head_count", configuration.headCount)
        set("attention.head_count_kv", configuration.kvHeadCount)
        set("attention.key_length", configuration.keyLength)
        set("attention.value_length", configuration.valueLength)
        set("vocab_size", configuration.vocabularySize)
        if configuration.architecture.isEncoder {
            setEncoder(configuration, in: &keys, prefix)
            return keys
        }
        if let pooling = configuration.pooling { keys[prefix + "pooling_type"] = .uint32(poolingType(pooling)) }
        set("rope.dimension_count", configuration.ropeDimensions)
        keys[prefix + "attention.layer_norm_rms_epsilon"] = .float32(configuration.normEpsilon)
        keys[prefix + "rope.freq_base"] = .float32(Float(configuration.ropeBase))
        // llama.cpp does not know a window for these families and skips the keys; our own reader keeps the window.
        if let window = configuration.slidingWindow {
            set("attention.sliding_window", window)
            if configuration.windowedLayers != configuration.architecture.windowedLayers(configuration.blockCount) {
                keys[prefix + "attention.sliding_window_pattern"] = .array(.bool(configuration.windowedLayers))
            }
        }
        setScores(configuration, in: &keys, prefix)
        switch configuration.ropeScaling {
        case .none, .llama3: break
        case .linear(let factor):
            keys[prefix + "rope.scaling.type"] = .string("linear")
            keys[prefix + "rope.scaling.factor"] = .float32(Float(factor))
        case .yarn(let yarn): setYarn(yarn, in: &keys, prefix + "rope.scaling.")
        case .longRope(let rope):
            set("rope.scaling.original_context_length", rope.originalContextLength)
            keys[prefix + "rope.scaling.attn_factor"] = .float32(rope.attentionFactor)
        }
        return keys
    }

    /// What changes scores, logits and the feed-forward part.
    private static func setScores(
        _ configuration: ModelConfiguration, in keys: inout [String: GGUFValue], _ prefix: String
    ) {
        // llama.cpp knows the scale of the published sizes and skips the key; our own reader keeps any.
        keys[prefix + "attention.scale"] = configuration.attentionScale.map { .float32($0) }
        // Where an absent key means a bound, 0 says that there is none.
        let none: GGUFValue? = configuration.architecture.softCaps == nil ? nil : .float32(0)
        keys[prefix + "attn_logit_softcapping"] = configuration.attentionSoftCap.map { .float32($0) } ?? none
        keys[prefix + "final_logit_softcapping"] = configuration.logitSoftCap.map { .float32($0) } ?? none
        keys[prefix + "rope.freq_base_swa"] = configuration.localRopeBase.map { .float32(Float($0)) }
        guard let experts = configuration.experts else { return }
        keys[prefix + "expert_count"] = .uint32(UInt32(clamping: experts.count))
        keys[prefix + "expert_used_count"] = .uint32(UInt32(clamping: experts.used))
        keys[prefix + "expert_feed_forward_length"] = .uint32(UInt32(clamping: experts.feedForwardLength))
        keys[prefix + "expert_weights_norm"] = .bool(experts.normalisesWeights)
    }

    private static func setEncoder(
        _ configuration: ModelConfiguration, in keys: inout [String: GGUFValue], _ prefix: String
    ) {
        keys[prefix + "attention.layer_norm_epsilon"] = .float32(configuration.normEpsilon)
        keys[prefix + "attention.causal"] = .bool(false)
        keys["tokenizer.ggml.token_type_count"] = .uint32(UInt32(clamping: configuration.tokenTypeCount))
        keys[prefix + "pooling_type"] = .uint32(configuration.scoresPairs ? 4 : poolingType(configuration.pooling))
    }

    private static func poolingType(_ pooling: Pooling?) -> UInt32 {
        switch pooling {
        case nil: 0
        case .mean: 1
        case .cls: 2
        case .last: 3
        }
    }

    private static func setYarn(_ yarn: YarnScaling, in keys: inout [String: GGUFValue], _ prefix: String) {
        keys[prefix + "type"] = .string("yarn")
        keys[prefix + "factor"] = .float32(Float(yarn.factor))
        keys[prefix + "original_context_length"] = .uint32(UInt32(clamping: yarn.originalContextLength))
        if yarn.betaFast != 32 { keys[prefix + "yarn_beta_fast"] = .float32(Float(yarn.betaFast)) }
        if yarn.betaSlow != 1 { keys[prefix + "yarn_beta_slow"] = .float32(Float(yarn.betaSlow)) }
        if yarn.extrapolationFactor != 1 {
            keys[prefix + "yarn_ext_factor"] = .float32(Float(yarn.extrapolationFactor))
        }
        // The key multiplies what follows from the factor anyway.
        let usual = YarnScaling.defaultAttentionFactor(yarn.factor)
        if yarn.attentionFactor != usual {
            keys[prefix + "yarn_attn_factor"] = .float32(Float(yarn.attentionFactor / usual))
        }
    }
}
