extension Architecture {
    /// Qwen 3 (Yang et al., 2025): llama with a norm on every head of q and k.
    public static let qwen3 = Architecture(
        rawValue: "qwen3",
        families: [
            HuggingFaceFamily(
                rawValue: "qwen3", className: "Qwen3ForCausalLM", context: 32_768, kvHeads: 32, headLength: 128,
                attentionBias: .stated, window: .switched(byFirstLayer: true))
        ],
        normsHeads: true)
}
