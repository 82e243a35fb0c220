extension Architecture {
    /// Qwen 2 and 2.5 (Yang et al., 2024): llama with biases on q, k and v.
    public static let qwen2 = Architecture(
        rawValue: "qwen2",
        families: [
            HuggingFaceFamily(
                rawValue: "qwen2", className: "Qwen2ForCausalLM", context: 32_768, kvHeads: 32,
                attentionBias: .inputsOnly, window: .switched(byFirstLayer: true))
        ],
        requiresBiases: true)
}
