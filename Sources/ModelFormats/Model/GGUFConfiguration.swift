/// Reads a `ModelConfiguration` from the metadata of a GGUF file (keys of facts/gguf.md §4).
struct GGUFConfiguration {
    private let metadata: [String: GGUFValue]
    private let prefix: String
    private let architecture: Architecture

    /// - Parameters:
    ///   - embeddingRows: rows of `token_embd.weight`, 0 when there is none.
    ///   - tokenTypeRows: rows of `token_types.weight`, 0 when there is none.
    ///   - hasOutput: whether there is an `output.weight`.
    ///   - hasScore: whether there is a `cls.output.weight`.
    static func configuration(
        metadata: [String: GGUFValue], fileName: String, embeddingRows: Int, tokenTypeRows: Int, hasOutput: Bool,
        hasScore: Bool
    ) throws(ModelConfigurationError) -> ModelConfiguration {
        guard let named = metadata["general.architecture"] else { throw .missing(key: "general.architecture") }
        guard let text = named.string else {
            throw .wrongType(key: "general.architecture", expected: "a string", actual: named.typeName)
        }
        guard let architecture = Architecture(rawValue: text) else {
            throw .unknownArchitecture(actual: text, known: Architecture.allCases.map(\.rawValue))
        }
        if let type = metadata["general.type"]?.string, type != "model" {
            throw .unsupported(feature: "a file of general.type \"\(type)\" as a model of its own")
        }
        let reader = GGUFConfiguration(metadata: metadata, prefix: text + ".", architecture: architecture)
        try reader.refuseOtherMathematics()
        var configuration = try reader.read(
            name: metadata["general.name"]?.string ?? fileName, embeddingRows: embeddingRows, hasOutput: hasOutput)
        configuration.pooling = try reader.pooling()
        if architecture.isEncoder {
            configuration.tokenTypeCount = tokenTypeRows
            // Published rerankers state no pooling; their head says what they are.
            let pooling = try reader.optionalInteger("pooling_type")
            configuration.scoresPairs = pooling == rankPooling || (pooling == nil && hasScore)
        }
        try configuration.validate()
        return configuration
    }

    private func read(name: String, embeddingRows: Int, hasOutput: Bool) throws(ModelConfigurationError)
        -> ModelConfiguration
    {
        let width = try integer("embedding_length")
        let heads = try integer("attention.head_count")
        let kvHeads = try optionalInteger("attention.head_count_kv") ?? heads
        guard heads > 0 else { throw .outOfRange(key: "head count", actual: "\(heads)", allowed: "1 or more") }
        let keyLength = try optionalInteger("attention.key_length") ?? (width / heads)
        let blocks = try integer("block_count")
        let stated = try optionalInteger("attention.sliding_window") ?? architecture.defaultWindow
        var window = stated.flatMap { $0 > 0 ? $0 : nil }
        let windowed = window == nil ? [] : try windowedLayers(blocks)
        if !windowed.contains(true) { window = nil }
        var configuration = ModelConfiguration(
            architecture: architecture,
            name: name,
            contextLength: try integer("context_length"),
            embeddingLength: width,
            blockCount: blocks,
            feedForwardLength: try integer("feed_forward_length"),
            headCount: heads,
            kvHeadCount: kvHeads,
            keyLength: keyLength,
            valueLength: try optionalInteger("attention.value_length") ?? (width / heads),
            normEpsilon: Float(
                try number(
                    architecture.isEncoder ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon")),
            ropeBase: try optionalNumber("rope.freq_base") ?? 10_000,
            ropeDimensions: try optionalInteger("rope.dimension_count") ?? keyLength,
            ropeScaling: try scaling(),
            ropeFrequencyFactors: nil,
            slidingWindow: window,
            windowedLayers: window == nil ? [] : windowed,
            vocabularySize: embeddingRows,
            tiedOutput: !hasOutput)
        if !architecture.isEncoder { try readScores(into: &configuration) }
        return configuration
    }

    /// What changes scores, logits and the feed-forward part.
    private func readScores(into configuration: inout ModelConfiguration) throws(ModelConfigurationError) {
        // 0 says that there is none.
        func positive(_ key: String, absent: Float?) throws(ModelConfigurationError) -> Float? {
            guard let value = try optionalNumber(key) else { return absent }
            return value == 0 ? nil : Float(value)
        }
        let known = architecture.knownAttentionScale(
            blocks: configuration.blockCount, embeddingLength: configuration.embeddingLength,
            heads: configuration.headCount)
        configuration.attentionScale = try positive("attention.scale", absent: nil) ?? known
        let bounds = architecture.softCaps
        configuration.attentionSoftCap = try positive("attn_logit_softcapping", absent: bounds?.attention)
        configuration.logitSoftCap = try positive("final_logit_softcapping", absent: bounds?.logits)
        let local = try optionalNumber("rope.freq_base_swa") ?? architecture.localRopeBase
        if configuration.slidingWindow != nil, architecture.localRopeBase != nil { configuration.localRopeBase = local }
        let count = try optionalInteger("expert_count") ?? 0
        guard count > 0 else { return }
        configuration.experts = ExpertConfiguration(
            count: count, used: try integer("expert_used_count"),
            feedForwardLength: try optionalInteger("expert_feed_forward_length") ?? configuration.feedForwardLength,
            normalisesWeights: metadata[prefix + "expert_weights_norm"]?.bool ?? true)
    }

    /// The layers with a window: those that the pattern marks, by default all.
    private func windowedLayers(_ blocks: Int) throws(ModelConfigurationError) -> [Bool] {
        let key = prefix + "attention.sliding_window_pattern"
        let count = min(max(blocks, 0), ModelConfiguration.maximumBlocks)
        guard let pattern = metadata[key] else { return architecture.windowedLayers(count) }
        guard case .array(.bool(let layers)) = pattern, layers.count == blocks else {
            throw .wrongType(key: key, expected: "an array of \(blocks) truth values", actual: pattern.typeName)
        }
        return layers
    }

    /// Keys that change the mathematics in ways that are not computed here.
    private func refuseOtherMathematics() throws(ModelConfigurationError) {
        let known: [(key: String, neutral: [Double])] = [
            ("expert_shared_count", [0]), ("expert_gating_func", [0, 1]), ("expert_weights_scale", [0, 1]),
            ("expert_group_count", [0, 1]), ("leading_dense_block_count", [0]),
        ]
        for (key, neutral) in known {
            if let value = try optionalNumber(key), !neutral.contains(value) {
                throw .unsupported(feature: "\(prefix)\(key) \(value)")
            }
        }
        switch metadata[prefix + "attention.causal"]?.bool {
        case false? where !architecture.isEncoder: throw .unsupported(feature: "attention to both sides")
        case true? where architecture.isEncoder: throw .unsupported(feature: "an encoder that sees one side only")
        default: break
        }
        if architecture.isEncoder, let window = try optionalInteger("attention.sliding_window"), window > 0 {
            throw .unsupported(feature: "an encoder with a sliding window")
        }
    }

    private static let rankPooling = 4

    /// llama.cpp's numbers: 0 none, 1 mean, 2 CLS, 3 last, 4 rank. A reranker's states become no vector.
    private func pooling() throws(ModelConfigurationError) -> Pooling? {
        switch try optionalInteger("pooling_type") {
        case nil, 0, Self.rankPooling: return nil
        case 1: return .mean
        case 2: return .cls
        case 3: return .last
        case let other?: throw .outOfRange(key: prefix + "pooling_type", actual: "\(other)", allowed: "0...4")
        }
    }

    private func scaling() throws(ModelConfigurationError) -> RopeScaling {
        let oldFactor = try optionalNumber("rope.scale_linear")
        let type = metadata[prefix + "rope.scaling.type"]
        let factor = try optionalNumber("rope.scaling.factor") ?? oldFactor ?? 0
        guard let type else { return factor == 0 || factor == 1 ? .none : .linear(factor: factor) }
        guard let name = type.string else {
            throw .wrongType(key: prefix + "rope.scaling.type", expected: "a string", actual: type.typeName)
        }
        switch name {
        case "none": return .none
        case "linear": return factor == 0 ? .none : .linear(factor: factor)
        case "yarn": return .yarn(try yarn(factor: factor == 0 ? 1 : factor))
        // Its factors are tensors, which decide (`longRope`).
        case "longrope" where architecture == .phi3: return .none
        default: throw .unknownRopeType(actual: name, known: ["none", "linear", "yarn"])
        }
    }

    /// LongRoPE, whose two sets of divisors are tensors of the file.
    static func longRope(
        _ metadata: [String: GGUFValue], _ configuration: ModelConfiguration, short: [Float], long: [Float]
    ) throws(ModelConfigurationError) -> LongRopeScaling {
        let architecture = configuration.architecture
        let reader = GGUFConfiguration(
            metadata: metadata, prefix: architecture.rawValue + ".", architecture: architecture)
        return LongRopeScaling(
            shortFactors: short, longFactors: long,
            originalContextLength: try reader.optionalInteger("rope.scaling.original_context_length")
                ?? configuration.contextLength,
            attentionFactor: Float(try reader.optionalNumber("rope.scaling.attn_factor") ?? 1))
    }

    private func yarn(factor: Double) throws(ModelConfigurationError) -> YarnScaling {
        let yarnFactor = try optionalNumber("rope.scaling.yarn_attn_factor")
        let plainFactor = try optionalNumber("rope.scaling.attn_factor")
        let stated = yarnFactor ?? plainFactor
        let trained = try optionalInteger("rope.scaling.original_context_length")
        let context = try integer("context_length")
        var yarn = YarnScaling(
            factor: factor,
            originalContextLength: trained ?? context,
            attentionFactor: (stated ?? 1) * YarnScaling.defaultAttentionFactor(factor))
        if let fast = try optionalNumber("rope.scaling.yarn_beta_fast") { yarn.betaFast = fast }
        if let slow = try optionalNumber("rope.scaling.yarn_beta_slow") { yarn.betaSlow = slow }
        if let share = try optionalNumber("rope.scaling.yarn_ext_factor"), share >= 0 {
            yarn.extrapolationFactor = share
        }
        return yarn
    }

    // MARK: Values

    private func integer(_ key: String) throws(ModelConfigurationError) -> Int {
        guard let value = try optionalInteger(key) else { throw .missing(key: prefix + key) }
        return value
    }

    /// An integer; an array with one value per layer counts as that value when all are equal.
    private func optionalInteger(_ key: String) throws(ModelConfigurationError) -> Int? {
        guard let value = metadata[prefix + key] else { return nil }
        if let integer = value.integer { return integer }
        if let perLayer = value.integers, let first = perLayer.first {
            guard perLayer.allSatisfy({ $0 == first }) else {
                throw .unsupported(feature: "different values of \(prefix + key) per layer")
            }
            return first
        }
        throw .wrongType(key: prefix + key, expected: "an integer", actual: value.typeName)
    }

    private func number(_ key: String) throws(ModelConfigurationError) -> Double {
        guard let value = try optionalNumber(key) else { throw .missing(key: prefix + key) }
        return value
    }

    private func optionalNumber(_ key: String) throws(ModelConfigurationError) -> Double? {
        guard let value = metadata[prefix + key] else { return nil }
        guard let number = value.double else {
            throw .wrongType(key: prefix + key, expected: "a number", actual: value.typeName)
        }
        return number
    }
}
