/// A family of transformers: its `model_type`, and what a key means that its config.json does not have
/// (README-models §3).
struct HuggingFaceFamily: Sendable {
    /// `model_type`.
    let rawValue: String
    /// The class that a config.json names for the language model.
    let className: String
    /// Longest sequence.
    let context: Int
    /// KV heads; nil means: as many as query heads.
    var kvHeads: Int?
    /// Dimensions of a head; nil means: width / heads.
    var headLength: Int?
    /// ε of the norms.
    var epsilon = 1e-6
    /// θ of the rotary embedding.
    var ropeBase = 10_000.0
    /// Whether the output matrix is the embedding matrix.
    var tiesOutput = false
    /// The key of the activation, and the names that mean this family's own.
    var activation = (key: "hidden_act", known: ["silu", "swish"])
    /// Biases of q, k, v and o.
    var attentionBias = AttentionBias.none
    /// Whether `mlp_bias` decides about biases of gate, up and down.
    var statesFeedForwardBias = false
    /// Which layers have a sliding window.
    var window = WindowRule.none
    /// Keys of a mixture of experts.
    var experts: ExpertKeys?
    /// `query_pre_attn_scalar`; nil where the family has no such key.
    var queryScalar: Double?
    /// Whether `partial_rotary_factor` may turn a part of each head only.
    var turnsPartOfHead = false
    /// What sets an encoder of the BERT family apart; nil for decoders.
    var encoder: EncoderKeys?

    /// When q, k, v and o have biases.
    enum AttentionBias: Sendable {
        case none
        /// `attention_bias` says whether all four have one.
        case stated
        /// q, k and v always, o never.
        case inputsOnly
    }

    /// Which layers have a sliding window.
    enum WindowRule: Sendable {
        /// None, whatever keys are there.
        case none
        /// Those of `layer_types`, else those of the architecture's period; the value where `sliding_window` is
        /// absent. `null` means no window.
        case stated(absent: Int?)
        /// Only with `use_sliding_window`; without `layer_types` from layer `max_window_layers` on, or on all.
        case switched(byFirstLayer: Bool)
    }

    /// Names and positions of an encoder.
    struct EncoderKeys: Sendable {
        /// What names of tensors begin with where a head stands on the encoder.
        let prefix: String
        /// The two layers that score a pair, with their GGUF names: tanh is between them.
        let head: [String: String]
        /// `pad_token_id` where it is absent, for families that count positions from one behind it: the table's rows
        /// up to there belong to no token. nil: positions are counted from 0.
        var paddingID: Int?
    }

    /// Where a config.json says what about its experts.
    struct ExpertKeys: Sendable {
        /// The key of an expert's inner width, and the width where it is absent (nil: refused).
        let width: (key: String, absent: Int?)
        /// Experts where neither `num_local_experts` nor `num_experts` is there.
        let count: Int
        /// Chosen ones where `num_experts_per_tok` is absent.
        let used: Int
        /// Whether `norm_topk_prob` decides that weights are divided by their sum; else they always are.
        let statesNormalisation: Bool
    }
}

extension HuggingFaceFamily: Equatable {
    /// Names are unique.
    static func == (left: Self, right: Self) -> Bool { left.rawValue == right.rawValue }

    /// All families of the known architectures.
    static let allCases = Architecture.allCases.flatMap(\.families)

    /// The family of this `model_type`.
    init?(rawValue: String) {
        guard let known = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
        self = known
    }

    /// The architecture under which GGUF stores it.
    var architecture: Architecture? { Architecture.allCases.first { $0.families.contains(self) } }
}
