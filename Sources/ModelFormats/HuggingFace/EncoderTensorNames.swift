/// The names of an encoder's weights in Hugging Face's safetensors and in GGUF (README-models §6.3), for all families
/// that are stored as `bert`.
enum EncoderTensorNames {
    private static let top = [
        "embeddings.word_embeddings": "token_embd",
        "embeddings.position_embeddings": "position_embd",
        "embeddings.token_type_embeddings": "token_types",
        "embeddings.LayerNorm": "token_embd_norm",
    ]

    private static let block = [
        "attention.self.query": "attn_q",
        "attention.self.key": "attn_k",
        "attention.self.value": "attn_v",
        "attention.output.dense": "attn_output",
        "attention.output.LayerNorm": "attn_output_norm",
        "intermediate.dense": "ffn_up",
        "output.dense": "ffn_down",
        "output.LayerNorm": "layer_output_norm",
    ]

    /// The GGUF name of a Hugging Face tensor (with the family's prefix or without); nil when it has none.
    ///
    /// - Parameter scores: whether the model scores pairs, so that its head is part of the computation.
    static func gguf(_ name: String, _ keys: HuggingFaceFamily.EncoderKeys, head scores: Bool) -> String? {
        let parts = bare(name, keys).split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 2, let suffix = parts.last, let known = suffixes[suffix] else { return nil }
        let stem = parts.dropLast()
        let joined = stem.joined(separator: ".")
        if let name = top[joined] ?? (scores ? keys.head[joined] : nil) { return "\(name).\(known)" }
        guard stem.count >= 5, stem[0] == "encoder", stem[1] == "layer", let index = Int(stem[2]),
            String(index) == stem[2], let name = block[stem[3...].joined(separator: ".")]
        else { return nil }
        return "blk.\(index).\(name).\(known)"
    }

    /// The oldest checkpoints call the weight and bias of a norm gamma and beta.
    private static let suffixes: [Substring: String] = [
        "weight": "weight", "bias": "bias", "gamma": "weight", "beta": "bias",
    ]

    /// Whether a tensor belongs to the pretraining (pooler, heads) or follows from the configuration.
    static func isUnused(_ name: String, _ keys: HuggingFaceFamily.EncoderKeys) -> Bool {
        let bare = bare(name, keys)
        return ["pooler.", "cls.", "lm_head."].contains { bare.hasPrefix($0) } || bare == "embeddings.position_ids"
    }

    private static func bare(_ name: String, _ keys: HuggingFaceFamily.EncoderKeys) -> String {
        name.hasPrefix(keys.prefix) ? String(name.dropFirst(keys.prefix.count)) : name
    }
}
