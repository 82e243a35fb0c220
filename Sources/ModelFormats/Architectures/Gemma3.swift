extension Architecture {
    /// Gemma 3, text models (Gemma Team, 2025): Gemma 2 with norms on q and k instead of bounds, five layers with a
    /// window to one without, and rotary frequencies of their own for the former.
    public static let gemma3 = Architecture(
        rawValue: "gemma3",
        families: [
            HuggingFaceFamily(
                rawValue: "gemma3_text", className: "Gemma3ForCausalLM", context: 131_072, kvHeads: 4,
                headLength: 256, ropeBase: 1_000_000, tiesOutput: true,
                activation: (key: "hidden_activation", known: ["gelu_pytorch_tanh"]), attentionBias: .stated,
                window: .stated(absent: 4096), queryScalar: 256)
        ],
        activation: .geluTanh,
        normsHeads: true,
        normsOutputs: true,
        scalesEmbedding: true,
        storedNormOffset: 1,
        windowPeriod: 6,
        localRopeBase: 10_000,
        blocksScaledByWidth: 62,
        tensorNames: gemmaNames)
}
