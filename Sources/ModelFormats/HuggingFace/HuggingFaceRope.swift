/// The rotary embedding's parameters in a config.json, in whichever of its forms (README-models §4).
struct HuggingFaceRope {
    static let knownTypes = ["default", "linear", "llama3", "yarn", "longrope"]

    let base: Double
    let scaling: RopeScaling
    /// Rotated dimensions of each head.
    let dimensions: Int
    /// θ of the layers with a window, where they have one of their own.
    let localBase: Double?

    /// The new form (`rope_parameters`) wins over the old one (`rope_theta` and `rope_scaling`).
    init(
        _ config: JSONObject, family: HuggingFaceFamily, context: Int, headLength: Int
    ) throws(ModelConfigurationError) {
        var parameters = try config.object("rope_parameters")
        let older = try config.object("rope_scaling")
        var local = try config.number("rope_local_base_freq")
        let knownLocal = family.architecture?.localRopeBase
        if knownLocal != nil, let full = try parameters?.object("full_attention") {
            let windowed = try parameters?.object("sliding_attention")
            if let type = try windowed?.string("rope_type"), type != "default" {
                throw .unsupported(feature: "scaled rotary frequencies in layers with a window")
            }
            local = try windowed?.number("rope_theta")
            parameters = full
        }
        localBase = knownLocal.map { local ?? $0 }
        let rope = parameters ?? older ?? JSONObject([:])
        if rope.members.values.contains(where: { $0.object != nil }) {
            throw .unsupported(feature: "different rope parameters per layer type")
        }
        let newBase = try parameters?.number("rope_theta")
        let oldBase = try config.number("rope_theta")
        base = newBase ?? oldBase ?? family.ropeBase
        dimensions = try Self.dimensions([rope, config], family: family, headLength: headLength)
        let newType = try rope.string("rope_type")
        let oldType = try rope.string("type")
        let type = newType ?? oldType ?? "default"
        switch type {
        case "default": scaling = .none
        case "linear": scaling = .linear(factor: try rope.requiredNumber("factor"))
        case "llama3":
            scaling = .llama3(
                factor: try rope.requiredNumber("factor"),
                lowFrequencyFactor: try rope.requiredNumber("low_freq_factor"),
                highFrequencyFactor: try rope.requiredNumber("high_freq_factor"),
                originalContextLength: try rope.required("original_max_position_embeddings"))
        case "yarn": scaling = .yarn(try Self.yarn(rope, context: context))
        // The first models call it so.
        case "longrope", "su":
            scaling = .longRope(try Self.longRope(rope, config, context: context))
        default: throw .unknownRopeType(actual: type, known: Self.knownTypes)
        }
    }

    private static func dimensions(
        _ sources: [JSONObject], family: HuggingFaceFamily, headLength: Int
    ) throws(ModelConfigurationError) -> Int {
        for source in sources {
            guard let share = try source.number("partial_rotary_factor"), share != 1 else { continue }
            guard family.turnsPartOfHead else { throw .unsupported(feature: "partial_rotary_factor \(share)") }
            guard share > 0, share < 1 else {
                throw .outOfRange(key: "partial_rotary_factor", actual: "\(share)", allowed: "above 0, at most 1")
            }
            return Int(share * Double(min(headLength, 1 << 14)))
        }
        return headLength
    }

    /// The attention factor that is not stated is √(1 + ln S / ln C) for a context that is S times the trained C.
    private static func longRope(
        _ rope: JSONObject, _ config: JSONObject, context: Int
    ) throws(ModelConfigurationError) -> LongRopeScaling {
        let top = try config.integer("original_max_position_embeddings")
        let inner = try rope.integer("original_max_position_embeddings")
        let original = top ?? inner ?? context
        guard original > 1, context > 0 else {
            throw .outOfRange(key: "original_max_position_embeddings", actual: "\(original)", allowed: "2 or more")
        }
        let attention = try rope.number("attention_factor")
        return LongRopeScaling(
            shortFactors: try factors("short_factor", rope), longFactors: try factors("long_factor", rope),
            originalContextLength: original,
            attentionFactor: Float(
                attention ?? LongRopeScaling.defaultAttentionFactor(context: context, original: original)))
    }

    private static func factors(_ key: String, _ rope: JSONObject) throws(ModelConfigurationError) -> [Float] {
        guard let value = rope.members[key] else { throw .missing(key: key) }
        let numbers = value.array?.compactMap(\.double)
        guard let numbers, numbers.count == value.array?.count else {
            throw .wrongType(key: key, expected: "an array of numbers", actual: value.kind)
        }
        return numbers.map { Float($0) }
    }

    private static func yarn(_ rope: JSONObject, context: Int) throws(ModelConfigurationError) -> YarnScaling {
        let factor = try rope.requiredNumber("factor")
        let attention: Double
        if let stated = try rope.number("attention_factor") {
            attention = stated
        } else if let one = try rope.number("mscale"), let all = try rope.number("mscale_all_dim"), one != 0, all != 0 {
            attention = YarnScaling.magnitude(factor, scale: one) / YarnScaling.magnitude(factor, scale: all)
        } else {
            attention = YarnScaling.defaultAttentionFactor(factor)
        }
        return YarnScaling(
            factor: factor,
            originalContextLength: try rope.integer("original_max_position_embeddings") ?? context,
            betaFast: try rope.number("beta_fast") ?? 32,
            betaSlow: try rope.number("beta_slow") ?? 1,
            attentionFactor: attention,
            truncate: try rope.bool("truncate") ?? true)
    }
}
