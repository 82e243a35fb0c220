/// Writes a configuration as config.json in the older form, which every version of transformers reads.
struct HuggingFaceConfigText {
    let configuration: ModelConfiguration
    /// Whether blocks have attention biases and feed-forward biases.
    let attentionBias: Bool
    let feedForwardBias: Bool

    func members() throws(ExportError) -> [String: JSONValue] {
        guard configuration.keyLength == configuration.valueLength else {
            throw .notExpressible(reason: "keys and values of heads have different lengths")
        }
        guard configuration.ropeDimensions == configuration.keyLength else {
            throw .notExpressible(reason: "only a part of each head is rotated")
        }
        var members: [String: JSONValue] = [
            "hidden_size": .integer(configuration.embeddingLength),
            "num_hidden_layers": .integer(configuration.blockCount),
            "intermediate_size": .integer(configuration.feedForwardLength),
            "num_attention_heads": .integer(configuration.headCount),
            "num_key_value_heads": .integer(configuration.kvHeadCount),
            "head_dim": .integer(configuration.keyLength),
            "max_position_embeddings": .integer(configuration.contextLength),
            "vocab_size": .integer(configuration.vocabularySize),
            "rms_norm_eps": .number(Self.decimal(configuration.normEpsilon)),
            "rope_theta": .number(Self.decimal(Float(configuration.ropeBase))),
            "rope_scaling": try scaling(),
            "tie_word_embeddings": .bool(configuration.tiedOutput),
            "hidden_act": .string("silu"),
            "use_cache": .bool(true),
        ]
        try addFamily(to: &members)
        return members
    }

    private func addFamily(to members: inout [String: JSONValue]) throws(ExportError) {
        let windowed = configuration.slidingWindow != nil
        switch configuration.architecture {
        case .llama where configuration.experts != nil:
            throw .notExpressible(reason: "a mixture of experts is written as GGUF only")
        case .llama where windowed:
            guard !attentionBias, !feedForwardBias else {
                throw .notExpressible(reason: "no llama or mistral has both a sliding window and biases")
            }
            name("mistral", "MistralForCausalLM", in: &members)
            members["sliding_window"] = configuration.slidingWindow.map { .integer($0) }
        case .llama:
            name("llama", "LlamaForCausalLM", in: &members)
            members["attention_bias"] = .bool(attentionBias)
            members["mlp_bias"] = .bool(feedForwardBias)
        case .qwen2:
            guard !feedForwardBias else { throw .notExpressible(reason: "qwen2 has no feed-forward biases") }
            name("qwen2", "Qwen2ForCausalLM", in: &members)
            addWindow(to: &members)
        case .qwen3:
            guard !feedForwardBias else { throw .notExpressible(reason: "qwen3 has no feed-forward biases") }
            name("qwen3", "Qwen3ForCausalLM", in: &members)
            members["attention_bias"] = .bool(attentionBias)
            addWindow(to: &members)
        default:
            throw .notExpressible(reason: "\(configuration.architecture.rawValue) is written as GGUF only")
        }
    }

    private func name(_ type: String, _ className: String, in members: inout [String: JSONValue]) {
        members["model_type"] = .string(type)
        members["architectures"] = .array([.string(className)])
    }

    private func addWindow(to members: inout [String: JSONValue]) {
        let layers = configuration.windowedLayers
        members["use_sliding_window"] = .bool(configuration.slidingWindow != nil)
        members["sliding_window"] = configuration.slidingWindow.map { .integer($0) } ?? .null
        guard !layers.isEmpty else { return }
        members["max_window_layers"] = .integer(layers.firstIndex(of: true) ?? layers.count)
        members["layer_types"] = .array(layers.map { .string($0 ? "sliding_attention" : "full_attention") })
    }

    private func scaling() throws(ExportError) -> JSONValue {
        switch configuration.ropeScaling {
        case .none:
            guard let factors = configuration.ropeFrequencyFactors else { return .null }
            guard let found = configuration.llama3Scaling(of: factors) else {
                throw .notExpressible(reason: "its rope factors follow no rule that config.json has")
            }
            return Self.llama3(found)
        case .linear(let factor):
            return .object(["rope_type": .string("linear"), "factor": .number(Self.decimal(Float(factor)))])
        case .llama3: return Self.llama3(configuration.ropeScaling)
        case .yarn(let yarn):
            guard yarn.extrapolationFactor == 1 else {
                throw .notExpressible(reason: "its YaRN extrapolation factor is not 1")
            }
            return .object([
                "rope_type": .string("yarn"),
                "factor": .number(Self.decimal(Float(yarn.factor))),
                "original_max_position_embeddings": .integer(yarn.originalContextLength),
                "beta_fast": .number(yarn.betaFast),
                "beta_slow": .number(yarn.betaSlow),
                "attention_factor": .number(yarn.attentionFactor),
                "truncate": .bool(yarn.truncate),
            ])
        case .longRope: throw .notExpressible(reason: "LongRoPE is written as GGUF only")
        }
    }

    private static func llama3(_ scaling: RopeScaling) -> JSONValue {
        guard case .llama3(let factor, let low, let high, let original) = scaling else { return .null }
        return .object([
            "rope_type": .string("llama3"),
            "factor": .number(factor),
            "low_freq_factor": .number(low),
            "high_freq_factor": .number(high),
            "original_max_position_embeddings": .integer(original),
        ])
    }

    /// The shortest decimal number that is this f32: 1e-05 stays 1e-05 instead of 9.999999747378752e-06.
    private static func decimal(_ value: Float) -> Double { Double(value.description) ?? Double(value) }
}
