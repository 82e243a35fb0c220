/// Checks the types and lengths of a GGUF file's tokenizer keys before anything indexes into them.
enum GGUFTokenizerKeys {
    static func check(_ metadata: [String: GGUFValue], vocabularySize: Int) throws(ModelConfigurationError) {
        guard let value = metadata["tokenizer.ggml.tokens"] else { return }
        guard let tokens = value.strings else {
            throw .badTokenizerKey(
                key: "tokenizer.ggml.tokens", reason: "an array of strings expected, \(value.typeName) found")
        }
        guard tokens.count <= vocabularySize else {
            throw .badTokenizerKey(
                key: "tokenizer.ggml.tokens",
                reason: "\(tokens.count) tokens, but the embedding has \(vocabularySize) rows")
        }
        try check(metadata, "tokenizer.ggml.scores", tokens.count) { $0.floats?.count }
        try check(metadata, "tokenizer.ggml.token_type", tokens.count) { $0.integers?.count }
        if let merges = metadata["tokenizer.ggml.merges"], merges.strings == nil {
            throw .badTokenizerKey(
                key: "tokenizer.ggml.merges", reason: "an array of strings expected, \(merges.typeName) found")
        }
    }

    private static func check(
        _ metadata: [String: GGUFValue], _ key: String, _ least: Int, _ count: (GGUFValue) -> Int?
    ) throws(ModelConfigurationError) {
        guard let value = metadata[key] else { return }
        guard let found = count(value) else {
            throw .badTokenizerKey(key: key, reason: "an array of numbers expected, \(value.typeName) found")
        }
        guard found >= least else {
            throw .badTokenizerKey(key: key, reason: "\(found) elements for \(least) tokens")
        }
    }
}
