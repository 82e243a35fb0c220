extension SplitPattern {
    /// The patterns of a rule as they are published, to be applied one after the other; none where the pre-tokenizer
    /// `ByteLevel` has it built in.
    static func published(_ rule: SplitRule) -> [String] {
        switch rule {
        case .gpt2: []
        case .llama3(let digits): [llama3Start + (digits == 1 ? "" : "{1,\(digits)}") + llama3End]
        case .fallback: fallback
        }
    }

    private static let llama3Start = #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"#
    private static let llama3End = #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    /// The four patterns that llama.cpp applies where a file does not name its rule.
    static let fallback = [
        #"[\p{P}\$\+<=>\^~\|]+"#, #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)"#,
        #"\p{N}+"#, "[0-9][0-9][0-9]",
    ]
}
