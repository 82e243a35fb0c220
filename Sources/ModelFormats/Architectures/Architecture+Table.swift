extension Architecture: CaseIterable {
    /// All architectures that are read and computed. A new one is a file in this folder and a line here.
    public static let allCases: [Architecture] = [
        .llama,
        .qwen2,
        .qwen3,
        .qwen3moe,
        .gemma2,
        .gemma3,
        .phi3,
        .bert,
    ]

    /// Those that continue a text.
    public static let decoders = allCases.filter { !$0.isEncoder }
}
