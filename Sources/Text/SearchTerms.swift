/// One word of a text as the full-text index holds it.
public struct SearchTerm: Sendable, Hashable {
    /// What a term is made of.
    public enum Kind: String, Sendable, Codable, Hashable {
        /// Two neighbouring characters of a Han (kana, Hangul) run.
        case bigram
        /// The last character of such a run, so that every single character is the beginning of some term.
        case lastCharacter
        /// A Latin word, number or code, whole.
        case word
        /// A part of a code or compound number: `pt` and `1210` of PT-1210.
        case part
    }

    /// The folded text: no blanks; `.` only between digits, `x` between the sides of a dimension.
    public let text: String
    /// Where it stands in the source, in Unicode scalars.
    public let range: Range<Int>
    /// What it is made of.
    public let kind: Kind
}

/// Cuts text into the terms under which it is indexed and searched.
///
/// Han runs give all bigrams and the last character as a unigram, so that a word of two characters, a longer word (as
/// a phrase of bigrams) and a single character (as a prefix) are all found without a dictionary. Latin words, numbers
/// and codes are folded; a code is given whole and in parts: `PT-1210` → `pt1210`, `pt`, `1210`; `1200×1000mm` →
/// `1200x1000mm`, `1200x1000`, `1200`, `1000`, `mm`; `0.35` → `0.35`, `0`, `35`; `1,000` → `1000`. The same text always gives the
/// same terms; documents and questions go through the same function.
public enum SearchTerms {
    /// The terms of `text` in the order of their beginnings, a whole word before its parts.
    public static func terms(in text: String) -> [SearchTerm] {
        terms(in: Normalisation.fold(text))
    }

    /// The terms of a text that is folded already.
    public static func terms(in folded: FoldedText) -> [SearchTerm] {
        var terms: [SearchTerm] = []
        terms.reserveCapacity(folded.scalars.count)
        let scalars = folded.scalars
        var index = 0
        while index < scalars.count {
            if scalars[index].isIdeographic {
                let start = index
                while index < scalars.count, scalars[index].isIdeographic { index += 1 }
                appendPairs(of: folded, start..<index, to: &terms)
            } else if isWordScalar(scalars[index]) {
                let compound = CompoundWord(in: scalars, at: index)
                compound.appendTerms(of: folded, to: &terms)
                index = compound.range.upperBound
            } else {
                index += 1
            }
        }
        return terms
    }

    /// The terms as one text with blanks between them: what is written into the full-text index.
    public static func indexText(of text: String) -> String {
        terms(in: text).map(\.text).joined(separator: " ")
    }

    private static func appendPairs(of folded: FoldedText, _ run: Range<Int>, to terms: inout [SearchTerm]) {
        for index in run.dropLast() {
            let pair = index..<index + 2
            terms.append(
                SearchTerm(text: folded.substring(pair), range: folded.sourceRange(pair), kind: .bigram))
        }
        let last = run.upperBound - 1..<run.upperBound
        terms.append(
            SearchTerm(text: folded.substring(last), range: folded.sourceRange(last), kind: .lastCharacter))
    }

    static func isWordScalar(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isDigit || scalar.isSpacedLetter
    }
}

/// A run of letters and digits with single joining signs between them, such as `pt-1210`, `1200×1000`, `v1.2`.
private struct CompoundWord {
    let range: Range<Int>
    /// Maximal runs of only letters or only digits.
    private var pieces: [Range<Int>] = []
    /// The whole word without signs, except `.` between digits and `x` for a multiplication sign.
    private var whole = String.UnicodeScalarView()

    private static let joiners: Set<Unicode.Scalar> = [
        "-", "_", ".", ",", "/", ":", "@", "&", "+", "'", "×", "*", "#", "x",
    ]

    init(in scalars: [Unicode.Scalar], at start: Int) {
        var index = start
        var pieceStart = start
        while index < scalars.count {
            let scalar = scalars[index]
            let joins = Self.joins(scalars, at: index)
            if !joins && SearchTerms.isWordScalar(scalar) {
                let isBorder = index > pieceStart && scalar.isDigit != scalars[index - 1].isDigit
                if isBorder {
                    pieces.append(pieceStart..<index)
                    pieceStart = index
                }
                whole.append(scalar)
                index += 1
            } else if joins {
                pieces.append(pieceStart..<index)
                Self.appendSign(scalar, between: scalars[index - 1], and: scalars[index + 1], to: &whole)
                index += 1
                pieceStart = index
            } else {
                break
            }
        }
        if index > pieceStart { pieces.append(pieceStart..<index) }
        range = start..<index
    }

    /// Whether the sign at `index` stands between two parts of one word.
    private static func joins(_ scalars: [Unicode.Scalar], at index: Int) -> Bool {
        guard joiners.contains(scalars[index]), index > 0, index + 1 < scalars.count else { return false }
        let before = scalars[index - 1]
        let after = scalars[index + 1]
        guard SearchTerms.isWordScalar(before), SearchTerms.isWordScalar(after) else { return false }
        switch scalars[index] {
        case ",":
            // Only as a thousands sign: exactly three digits follow.
            return before.isDigit && isGroupOfThree(scalars, from: index + 1)
        case "/", "+", "#": return before.isDigit || after.isDigit
        case ":", "x": return before.isDigit && after.isDigit
        default: return true
        }
    }

    private static func isGroupOfThree(_ scalars: [Unicode.Scalar], from start: Int) -> Bool {
        guard start + 3 <= scalars.count, scalars[start..<start + 3].allSatisfy(\.isDigit) else { return false }
        return start + 3 == scalars.count || !scalars[start + 3].isDigit
    }

    private static func appendSign(
        _ sign: Unicode.Scalar, between before: Unicode.Scalar, and after: Unicode.Scalar,
        to whole: inout String.UnicodeScalarView
    ) {
        guard before.isDigit, after.isDigit else { return }
        if sign == "." { whole.append(".") }
        if sign == "×" || sign == "*" || sign == "x" { whole.append("x") }
    }

    func appendTerms(of folded: FoldedText, to terms: inout [SearchTerm]) {
        let text = String(whole)
        terms.append(SearchTerm(text: text, range: folded.sourceRange(range), kind: .word))
        guard pieces.count > 1 else { return }
        for (index, piece) in pieces.enumerated() {
            // Neighbours together, so that 1.5 is found in 1.5t and 1200×1000 in 1200×1000×150mm.
            if pieces.count > 2, index + 1 < pieces.count {
                let pair = piece.lowerBound..<pieces[index + 1].upperBound
                appendPart(joined(folded.scalars, pair), at: pair, of: folded, unless: text, to: &terms)
            }
            appendPart(folded.substring(piece), at: piece, of: folded, unless: text, to: &terms)
        }
    }

    private func appendPart(
        _ part: String, at range: Range<Int>, of folded: FoldedText, unless whole: String, to terms: inout [SearchTerm]
    ) {
        guard part != whole else { return }
        terms.append(SearchTerm(text: part, range: folded.sourceRange(range), kind: .part))
    }

    private func joined(_ scalars: [Unicode.Scalar], _ range: Range<Int>) -> String {
        var text = String.UnicodeScalarView()
        for index in range {
            if SearchTerms.isWordScalar(scalars[index]) && !Self.joins(scalars, at: index) {
                text.append(scalars[index])
            } else {
                Self.appendSign(scalars[index], between: scalars[index - 1], and: scalars[index + 1], to: &text)
            }
        }
        return String(text)
    }
}
