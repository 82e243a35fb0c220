/// Recognises published split patterns, so that only rules that are known here are run.
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
        "\\p{N}{1}": "\\p{N}",
        #" ?[^(\s|[.,!?…。，、।۔،])]+"#: #" ?[^(\s|.,!?…。，、।۔،)]+"#,
    ]

    private static let contractions = "contractions"

    /// The rule of patterns that are applied one after the other, nil when they are not known.
    static func rule(_ patterns: [String]) -> SplitRule? {
        let wanted = patterns.map(normalized)
        return known.first { $0.patterns == wanted }?.rule
    }

    /// Every rule with its patterns in one spelling.
    private static let known: [(patterns: [[String]], rule: SplitRule)] = {
        let rules: [SplitRule] = [
            .llama3(digits: 3), .llama3(digits: 1), .gpt2(digitsAlone: false), .gpt2(digitsAlone: true), .fallback,
        ]
        var known = (rules + PublishedSplit.allCases.map { .published($0) }).map {
            (patterns: $0.patterns.map(normalized), rule: $0)
        }
        // Two files were published with a step that the rule of their name leaves out or has otherwise: their
        // vocabularies hold no token of several digits that would show it.
        let falcon = PublishedSplit.falcon.patterns
        known.append(((falcon.dropLast() + [#"\p{N}+"#] + falcon.suffix(1)).map(normalized), .published(.falcon)))
        let deepseek = PublishedSplit.deepseekLLM.patterns
        known.append(((deepseek.dropLast() + [#"\p{N}"#]).map(normalized), .published(.deepseekLLM)))
        return known
    }()

    /// The alternatives of a pattern, each in one spelling.
    private static func normalized(_ pattern: String) -> [String] {
        var escaped = String.UnicodeScalarView()
        for scalar in pattern.unicodeScalars {
            switch scalar {
            case "\r": escaped.append(contentsOf: "\\r".unicodeScalars)
            case "\n": escaped.append(contentsOf: "\\n".unicodeScalars)
            default: escaped.append(scalar)
            }
        }
        let parts = alternatives(String(escaped)).map { spellings[$0] ?? $0 }
        // Text that no alternative matches is a word too, so the last one of GPT-2's changes nothing.
        return parts == gpt2Parts + [#"\s+"#] ? gpt2Parts : parts
    }

    private static let gpt2Parts = alternatives(gpt2)

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
