/// A name found in a text.
public struct NameMention: Sendable, Hashable {
    /// What the name is of.
    public enum Kind: String, Sendable, Codable, Hashable {
        /// A person, found by a title or label beside a known surname.
        case person
        /// A company, authority, school, bank …, found by its last word.
        case organisation
        /// A product or document code of Latin letters and digits.
        case code
    }

    /// What the name is of.
    public let kind: Kind
    /// The form that compares: for persons the name without its title, for codes lower case without joining signs.
    public let value: String
    /// Where the name stands in the source, in Unicode scalars, a person's title not included.
    public let range: Range<Int>
}

/// Finds candidates for names without a model: conservative, so that an answer is not refused for a word that only
/// looks like a name. A person needs a surname and a title or label beside it (王经理, 总经理李明, 联系人：张三); an
/// organisation its last word (有限公司, 大学, 银行 …); a code letters and digits together or capitals only.
public enum Names {
    /// All mentions, ordered by where they begin.
    public static func mentions(in text: String) -> [NameMention] {
        let scalars = Array(text.unicodeScalars)
        let persons = PersonNames(scalars).mentions()
        let organisations = OrganisationNames(scalars).mentions()
        return (persons + organisations + codes(in: text)).sorted {
            ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
        }
    }

    /// The Latin product and document codes of a text: `PT-1210`, `GB/T 2934`, `ISO9001`, `ABS`; not words, units and numbers.
    public static func codes(in text: String) -> [NameMention] {
        let source = Array(text.unicodeScalars)
        return SearchTerms.terms(in: text).compactMap { term in
            guard term.kind == .word else { return nil }
            let written = source[term.range].map { fullWidthFolded($0) }
            let letters = written.filter(\.isASCIILetter)
            guard !letters.isEmpty, written.allSatisfy({ $0.value < 0x80 || $0 == "×" }) else { return nil }
            let hasDigit = written.contains(where: \.isDigit)
            let isCapital = letters.allSatisfy { $0.value < 0x61 }
            if hasDigit {
                guard written.first?.isASCIILetter ?? false, isCapital || letters.count <= 4 else { return nil }
            } else {
                guard isCapital, letters.count >= 2, letters.count <= 10, !commonCapitals.contains(term.text) else {
                    return nil
                }
            }
            return NameMention(kind: .code, value: term.text, range: term.range)
        }
    }

    /// Names in `claim` that stand nowhere in `evidence`: what an answer says and its source does not.
    ///
    /// A name is supported when its normal form occurs anywhere in the evidence; for 王经理 that is 王 with a title of
    /// the same last word, or a full name with this surname and that title beside it.
    public static func unsupported(in claim: String, by evidence: String) -> [NameMention] {
        let claimed = mentions(in: claim)
        guard !claimed.isEmpty else { return [] }
        let key = Normalisation.comparisonKey(evidence)
        let persons = mentions(in: evidence).filter { $0.kind == .person }
        return claimed.filter { mention in
            if mention.kind == .person, mention.value.unicodeScalars.count == 1 {
                return !persons.contains { $0.value.hasPrefix(mention.value) }
            }
            return !key.contains(Normalisation.comparisonKey(mention.value))
        }
    }

    private static let commonCapitals: Set<String> = [
        "ok", "faq", "qa", "am", "pm", "id", "no", "tel", "fax", "kg", "mm", "cm",
    ]

    private static func fullWidthFolded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        guard (0xFF01...0xFF5E).contains(scalar.value) else { return scalar }
        return Unicode.Scalar(UInt8(truncatingIfNeeded: scalar.value - 0xFEE0))
    }
}
