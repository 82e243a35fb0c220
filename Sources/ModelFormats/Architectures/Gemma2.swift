extension Architecture {
    /// Gemma 2 (Gemma Team, 2024): norms before and after each part, bounded scores and logits, a window on every
    /// other layer, GELU instead of SiLU.
    public static let gemma2 = Architecture(
        rawValue: "gemma2",
        families: [
            HuggingFaceFamily(
                rawValue: "gemma2", className: "Gemma2ForCausalLM", context: 8192, kvHeads: 4, headLength: 256,
                tiesOutput: true, activation: (key: "hidden_activation", known: ["gelu_pytorch_tanh"]),
                attentionBias: .stated, window: .stated(absent: 4096), queryScalar: 256)
        ],
        activation: .geluTanh,
        normsOutputs: true,
        scalesEmbedding: true,
        storedNormOffset: 1,
        windowPeriod: 2,
        defaultWindow: 4096,
        softCaps: (attention: 50, logits: 30),
        blocksScaledByWidth: 46,
        tensorNames: gemmaNames)

    /// `post_attention_layernorm` stands behind attention here, not before the feed-forward part.
    static let gemmaNames = [
        "post_attention_layernorm": "post_attention_norm",
        "pre_feedforward_layernorm": "ffn_norm",
        "post_feedforward_layernorm": "post_ffw_norm",
    ]
}
