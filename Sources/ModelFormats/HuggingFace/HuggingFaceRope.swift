/// The rotary embedding's parameters in a config.json, in whichever of its forms (README-models §4).
struct HuggingFaceRope {
    static let knownTypes = ["default", "linear", "llama3", "yarn"]

    let base: Double
    let scaling: RopeScaling

    /// The new form (`rope_parameters`) wins over the old one (`rope_theta` and `rope_scaling`).
    init(_ config: JSONObject, context: Int) throws(ModelConfigurationError) {
        let parameters = try config.object("rope_parameters")
        let older = try config.object("rope_scaling")
        let rope = parameters ?? older ?? JSONObject([:])
        if rope.members.values.contains(where: { $0.object != nil }) {
            throw .unsupported(feature: "different rope parameters per layer type")
        }
        let newBase = try parameters?.number("rope_theta")
        let oldBase = try config.number("rope_theta")
        base = newBase ?? oldBase ?? 10_000
        for source in [rope, config] {
            if let share = try source.number("partial_rotary_factor"), share != 1 {
                throw .unsupported(feature: "partial_rotary_factor \(share)")
            }
        }
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
        default: throw .unknownRopeType(actual: type, known: Self.knownTypes)
        }
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
