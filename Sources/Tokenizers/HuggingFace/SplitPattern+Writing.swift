extension SplitPattern {
    /// Llama 3's pattern with a pattern of its numbers.
    static func llama3(_ numbers: String) -> String {
        PublishedSplit.contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|"# + numbers
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }

    /// GPT-2's pattern.
    static let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"#

    /// The four patterns that llama.cpp applies where a file does not name its rule.
    static let fallback = [#"[\p{P}\$\+<=>\^~\|]+"#, gpt2, #"\p{N}+"#, "[0-9][0-9][0-9]"]
}
