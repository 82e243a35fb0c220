/// Recognises a published split pattern, so that its hand-written splitter is taken.
///
/// The same rule is published in several spellings; each alternative is brought to one of them before the whole is
/// compared. A pattern that is not recognised is an error, never a guess.
enum SplitPattern {
    /// Other spellings of an alternative that match exactly the same text: with the contractions in another order
    /// (they exclude each other), with possessive quantifiers where giving back could not help, and with `[\r\n]`
    /// once after `\s*`, which takes the line breaks before.
    private static let spellings: [String: String] = [
        "'(?i:[sdmt]|ll|ve|re)": contractions,
        "(?i:'s|'t|'re|'ve|'m|'ll|'d)": contractions,
        "[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+": "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+",
        "[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++": "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+",
        "\\p{N}{1,3}+": "\\p{N}{1,3}",
        " ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*": " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*",
        " ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+": " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*",
        "\\s*[\\r\\n]": "\\s*[\\r\\n]+",
        "\\s++": "\\s+",
    ]

    private static let contractions = "contractions"

    /// Llama 3's pattern; %N stands for its numbers.
    private static let llama3 = [
        contractions, "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+", "%N", " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*", "\\s*[\\r\\n]+",
        "\\s+(?!\\S)", "\\s+",
    ]

    private static let gpt2 = [
        "'s", "'t", "'re", "'ve", "'m", "'ll", "'d", " ?\\p{L}+", " ?\\p{N}+", " ?[^\\s\\p{L}\\p{N}]+", "\\s+(?!\\S)",
        "\\s+",
    ]

    /// The rule of a pattern, nil when it is not known.
    static func rule(_ pattern: String) -> SplitRule? {
        let parts = alternatives(pattern).map { spellings[$0] ?? $0 }
        if parts == llama3.map({ $0 == "%N" ? "\\p{N}{1,3}" : $0 }) { return .llama3(digits: 3) }
        if parts == llama3.map({ $0 == "%N" ? "\\p{N}" : $0 }) { return .llama3(digits: 1) }
        if parts == gpt2 || parts == gpt2.dropLast() { return .gpt2(digitsAlone: false) }
        return nil
    }

    /// The parts of a pattern between the bars that stand in no group or class.
    private static func alternatives(_ pattern: String) -> [String] {
        var parts: [String] = []
        var part = ""
        var depth = 0
        var inClass = false
        var escaped = false
        for scalar in pattern.unicodeScalars {
            if scalar == "|" && depth == 0 && !inClass && !escaped {
                parts.append(part)
                part = ""
                continue
            }
            part.unicodeScalars.append(scalar)
            if escaped {
                escaped = false
                continue
            }
            switch scalar {
            case "\\": escaped = true
            case "[": inClass = true
            case "]": inClass = false
            case "(": if !inClass { depth += 1 }
            case ")": if !inClass { depth -= 1 }
            default: break
            }
        }
        parts.append(part)
        return parts
    }
}
