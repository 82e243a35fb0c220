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

    /// - Returns: nil when no sentence holds at least `minimum` of what was asked.
    static func best(_ found: FoundPassages, in evidence: [EvidenceText], minimum: Double = 0.4) -> Quotation? {
        let kind = QuestionKind(found.question.text)
        var best: (quotation: Quotation, score: Double)?
        for (rank, text) in evidence.enumerated() {
            for index in text.pieces.indices {
                let piece = text.pieces[index]
                if !piece.isRow, LineForm(ArraySlice(piece.text.unicodeScalars)).isHeadingOrQuestion { continue }
                var terms = piece.terms
                // An answer below its question answers what the question says.
                if let asked = text.question(above: index) { terms.formUnion(asked) }
                let coverage = coverage(found, terms: terms, context: text.contextTerms)
                guard coverage >= minimum else { continue }
                var score = coverage - 0.08 * Double(rank)
                let mentions = Numbers.mentions(in: piece.text)
                if kind.isServed(by: mentions) { score += 0.25 }
                if text.hit.supersededBy != nil { score -= 0.3 }
                if score > (best?.score ?? -1) {
                    let support = AnswerAlignment.Support(
                        passage: text.hit.passage, spans: [piece.range], coverage: coverage)
                    let shown = piece.isRow ? RowText.shown(piece, in: text, found: found, kind: kind) : piece.text
                    best = (Quotation(support: support, text: shown, coverage: coverage), score)
                }
            }
        }
        return best?.quotation
    }

    /// Share of the question's content in `terms`; what stands only above counts a little less.
    private static func coverage(_ found: FoundPassages, terms: Set<String>, context: Set<String>) -> Double {
        var all = 0.0
        var covered = 0.0
        for unit in found.question.units where unit.weight > 0 {
            let rarity = unit.terms.compactMap { found.rarity[$0] }.min() ?? 1
            let weight = unit.weight * max(0.2, rarity)
            all += weight
            if Claim.shows(unit, terms) {
                covered += weight
            } else if Claim.shows(unit, context) {
                covered += 0.8 * weight
            }
        }
        return all > 0 ? covered / all : 0
    }
}

extension LineForm {
    fileprivate var isHeadingOrQuestion: Bool {
        switch self {
        case .heading, .question: true
        default: false
        }
    }
}

extension EvidenceText {
    /// The terms of the question line that the piece is the answer to.
    func question(above index: Int) -> Set<String>? {
        for earlier in stride(from: index - 1, through: max(0, index - 4), by: -1) {
            switch LineForm(ArraySlice(pieces[earlier].text.unicodeScalars)) {
            case .question: return pieces[earlier].terms
            case .heading: return pieces[earlier].terms
            case .answer, .prose, .listItem: continue
            default: return nil
            }
        }
        return nil
    }
}
