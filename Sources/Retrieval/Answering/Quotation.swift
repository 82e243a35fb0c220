import Storage
import Text

/// Finds the sentence of the found passages that answers a question best, to be quoted as it stands.
///
/// Used where the model's own words do not hold although retrieval is sure: a true sentence beats a refusal.
struct Quotation {
    var support: AnswerAlignment.Support
    /// What is said: the sentence, or of a table row the fields that matter.
    var text: String
    /// Share of the question's content, weighted by rarity, that stands in the sentence or above it.
    var coverage: Double
    /// Whether it holds what kind of thing was asked for: an amount, a day, a name. Nil where the question does not tell.
    var isServing: Bool?

    /// - Returns: nil when no sentence holds at least `minimum` of what was asked.
    static func best(_ found: FoundPassages, in evidence: [EvidenceText], minimum: Double = 0.4) -> Quotation? {
        let kind = QuestionKind(found.question.text)
        let units = QuestionKind.askedUnits(found.question.text)
        var best: (quotation: Quotation, score: Double)?
        for (rank, text) in evidence.enumerated() {
            for index in text.statements {
                let piece = text.pieces[index]
                let coverage = coverage(found, piece.ground)
                guard coverage >= minimum else { continue }
                var score = coverage - 0.08 * Double(rank)
                let isServing = kind.isTyped ? kind.isServed(by: piece.text) : nil
                if isServing == true { score += 0.25 }
                if !units.isEmpty, piece.ground.numbers.contains(where: { units.contains($0.unit ?? "") }) {
                    score += 0.2
                }
                if DateLine.isDateLine(piece.text) { score -= kind == .time ? 0.1 : 0.6 }
                if text.hit.supersededBy != nil { score -= 0.3 }
                if score > (best?.score ?? -1) {
                    let support = AnswerAlignment.Support(
                        passage: text.hit.passage, spans: [piece.range], coverage: coverage)
                    let shown = piece.kind == .row ? RowText.shown(piece, in: text, found: found, kind: kind) : piece.text
                    best = (
                        Quotation(support: support, text: shown, coverage: coverage, isServing: isServing), score
                    )
                }
            }
        }
        return best?.quotation
    }

    /// Share of the question's content that a piece shows; what stands only above counts a little less.
    private static func coverage(_ found: FoundPassages, _ ground: Ground) -> Double {
        let alone = found.ranking.coverage(ground.terms.contains).coverage
        let both = found.ranking.coverage { ground.terms.contains($0) || ground.context.contains($0) }.coverage
        return alone + 0.9 * (both - alone)
    }
}

/// Lines that only say when a document was published or changed.
enum DateLine {
    static func isDateLine(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        guard scalars.count <= 30, let date = Numbers.mentions(in: text).first, date.kind == .date else { return false }
        let rest = scalars.indices.filter { !date.range.contains($0) }.map { scalars[$0] }
        let words = String(scalars: rest.filter { !$0.isBlank && $0 != "：" && $0 != ":" && $0 != "*" })
        return words.isEmpty || ["日期", "时间", "更新", "发布", "published", "updated", "date"].contains {
            words.lowercased().hasSuffix($0)
        }
    }
}
