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
        set("rope.dimension_count", configuration.ropeDimensions)
        keys[prefix + "attention.layer_norm_rms_epsilon"] = .float32(configuration.normEpsilon)
        keys[prefix + "rope.freq_base"] = .float32(Float(configuration.ropeBase))
        // llama.cpp does not know a window for these families and skips the keys; our own reader keeps the window.
        if let window = configuration.slidingWindow {
            set("attention.sliding_window", window)
            if configuration.windowedLayers.contains(false) {
                keys[prefix + "attention.sliding_window_pattern"] = .array(.bool(configuration.windowedLayers))
            }
        }
        switch configuration.ropeScaling {
        case .none, .llama3: break
        case .linear(let factor):
            keys[prefix + "rope.scaling.type"] = .string("linear")
            keys[prefix + "rope.scaling.factor"] = .float32(Float(factor))
        case .yarn(let yarn): setYarn(yarn, in: &keys, prefix + "rope.scaling.")
        }
        return keys
    }

    private static func setEncoder(
        _ configuration: ModelConfiguration, in keys: inout [String: GGUFValue], _ prefix: String
    ) {
        keys[prefix + "attention.layer_norm_epsilon"] = .float32(configuration.normEpsilon)
        keys[prefix + "attention.causal"] = .bool(false)
        keys["tokenizer.ggml.token_type_count"] = .uint32(UInt32(clamping: configuration.tokenTypeCount))
        let number: UInt32 =
            switch configuration.pooling {
            case nil: 0
            case .mean: 1
            case .cls: 2
            case .last: 3
            }
        keys[prefix + "pooling_type"] = .uint32(number)
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
