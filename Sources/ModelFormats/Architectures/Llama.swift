extension Architecture {
    /// Llama 1 to 3, Mistral and Mixtral (Touvron et al., 2023; Jiang et al., 2023 and 2024). GGUF keeps the rows of q
    /// and k so that a pair that turns together stands side by side.
    public static let llama = Architecture(
        rawValue: "llama",
        families: [
            HuggingFaceFamily(
                rawValue: "llama", className: "LlamaForCausalLM", context: 2048, attentionBias: .stated,
                statesFeedForwardBias: true),
            HuggingFaceFamily(
                rawValue: "mistral", className: "MistralForCausalLM", context: 131_072, kvHeads: 8,
                window: .stated(absent: 4096)),
            HuggingFaceFamily(
                rawValue: "mixtral", className: "MixtralForCausalLM", context: 131_072, kvHeads: 8, epsilon: 1e-5,
                ropeBase: 1_000_000, window: .stated(absent: nil),
                experts: .init(
                    width: (key: "intermediate_size", absent: nil), count: 8, used: 2, statesNormalisation: false)),
        ],
        ropePairing: .adjacent,
        experts: .possible,
        tensorNames: [
            "block_sparse_moe.gate": "ffn_gate_inp",
            "block_sparse_moe.experts.*.w1": "ffn_gate_exps",
            "block_sparse_moe.experts.*.w2": "ffn_down_exps",
            "block_sparse_moe.experts.*.w3": "ffn_up_exps",
        ])
}
