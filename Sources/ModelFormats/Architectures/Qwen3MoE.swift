extension Architecture {
    /// Qwen 3 with a mixture of experts in every block (Yang et al., 2025).
    public static let qwen3moe = Architecture(
        rawValue: "qwen3moe",
        families: [
            HuggingFaceFamily(
                rawValue: "qwen3_moe", className: "Qwen3MoeForCausalLM", context: 32_768, kvHeads: 4,
                attentionBias: .stated, window: .switched(byFirstLayer: false),
                experts: .init(
                    width: (key: "moe_intermediate_size", absent: 768), count: 128, used: 8,
                    statesNormalisation: true))
        ],
        normsHeads: true,
        experts: .required,
        tensorNames: [
            "mlp.gate": "ffn_gate_inp",
            "mlp.experts.*.gate_proj": "ffn_gate_exps",
            "mlp.experts.*.down_proj": "ffn_down_exps",
            "mlp.experts.*.up_proj": "ffn_up_exps",
        ])
}
