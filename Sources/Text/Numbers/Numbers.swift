/// Finds numbers, dates, amounts, percentages, quantities and telephone numbers in Chinese and English text.
///
/// Answers are compared with their sources by this: １２０ and 120, 1,000 and 1000, 1万 and 10000, 三个工作日 and
/// 3个工作日, 百分之五 and 5%, 2025年3月1日 and 2025-03-01, 下午5点半 and 17:30 have the same value. Digits inside codes
/// (PT-1210, v1.2, 5G) are not numbers; see `Names.codes`. Conservative with Chinese numerals: 一个客户, 统一, 万一
/// and 十分 are not numbers.
public enum Numbers {
    /// The mentions in `text`, in order, not overlapping.
    public static func mentions(in text: String) -> [NumberMention] {
        let folded = Normalisation.fold(text)
        var scanner = NumberScanner(folded.scalars)
        let source = Array(text.unicodeScalars)
        return scanner.scan().compactMap { found in
            let range = folded.sourceRange(found.range)
            // Folding made 5G a weight: the capital tells that it is a name.
            if found.unit == "g", let last = source[range].last, last == "G" || last == "Ｇ" { return nil }
            return NumberMention(kind: found.kind, value: found.value, unit: found.unit, range: range)
        }
    }

    /// Mentions in `claim` that nothing in `evidence` supports: what an answer says and its source does not.
    ///
    /// A number also counts as supported where the evidence has the same digits inside a code (the 1210 of PT-1210).
    public static func unsupported(in claim: String, by evidence: String) -> [NumberMention] {
        let claimed = mentions(in: claim)
        guard !claimed.isEmpty else { return [] }
        let known = mentions(in: evidence)
        let words = Set(SearchTerms.terms(in: evidence).lazy.filter { $0.kind == .part }.map(\.text))
        return claimed.filter { mention in
            if known.contains(where: { mention.isSupported(by: $0) }) { return false }
            return !(mention.kind == .number && words.contains(mention.value))
        }
    }
}
