extension Architecture {
    /// Phi 3 and 4 (Abdin et al., 2024): llama with q, k and v in one matrix and gate and up in another; long contexts
    /// by LongRoPE.
    public static let phi3 = Architecture(
        rawValue: "phi3",
        families: [
            HuggingFaceFamily(
                rawValue: "phi3", className: "Phi3ForCausalLM", context: 4096, epsilon: 1e-5,
                window: .stated(absent: nil), turnsPartOfHead: true)
        ],
        fusesProjections: true,
        tensorNames: [
            "self_attn.qkv_proj": "attn_qkv",
            "mlp.gate_up_proj": "ffn_up",
        ])
}
