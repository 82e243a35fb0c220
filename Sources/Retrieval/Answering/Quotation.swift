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
    /// How alike it is to the question; nil without vectors.
    var similarity: Double?
    /// How well it answers, as retrieval sees it: words, meaning and kind together. Only good to compare sentences of
    /// one question.
    var score: Double

    /// How much a standard deviation of similarity counts beside a share of the question's words.
    private static let meaningWeight = 0.25

    private struct Candidate {
        var text: EvidenceText
        var index: Int
        var coverage: Double
        var isServing: Bool?
        var score: Double
        var piece: EvidenceText.Piece { text.pieces[index] }
    }

    /// How far behind the best one a second sentence may be.
    private static let closeness = 0.25

    /// - Returns: nil when no sentence holds at least `minimum` of what was asked.
    static func best(_ found: FoundPassages, in evidence: [EvidenceText], minimum: Double = 0.4) -> Quotation? {
        let best = candidates(found, in: evidence, minimum: minimum).first
        return best.map { quotation($0, found: found) }
    }

    /// The sentences that are quoted together: the best one; where the question names several things by their codes
    /// (R2 and R3), one for each; else a second one that is about as good.
    static func several(_ found: FoundPassages, in evidence: [EvidenceText]) -> [Quotation] {
        let all = candidates(found, in: evidence, minimum: 0)
        guard let first = all.first else { return [] }
        var chosen = [first]
        let names = found.question.units.filter(\.isName)
        func holds(_ candidate: Candidate, _ unit: Question.Unit) -> Bool {
            unit.share(candidate.piece.ground.terms.contains) > 0
        }
        if names.count >= 2 {
            for name in names where chosen.count < 3 && !chosen.contains(where: { holds($0, name) }) {
                if let next = all.first(where: { holds($0, name) && $0.isServing != false }) { chosen.append(next) }
            }
        }
        if chosen.count == 1, found.hasVectors {
            let next = all.dropFirst().first { $0.isServing != false && $0.score >= first.score - closeness }
            if let next { chosen.append(next) }
        }
        return chosen.map { quotation($0, found: found) }
    }

    /// All sentences, best first.
    static func ranked(_ found: FoundPassages, in evidence: [EvidenceText]) -> [Quotation] {
        candidates(found, in: evidence, minimum: 0).map { quotation($0, found: found) }
    }

    private static func candidates(
        _ found: FoundPassages, in evidence: [EvidenceText], minimum: Double
    ) -> [Candidate] {
        let kind = QuestionKind(found.question.text)
        let units = QuestionKind.askedUnits(found.question.text)
        var all: [Candidate] = []
        for (rank, text) in evidence.enumerated() {
            for index in text.statements {
                let piece = text.pieces[index]
                let coverage = found.ranking.coverage(of: piece.ground)
                guard coverage >= minimum else { continue }
                var score = coverage - 0.08 * Double(rank)
                if let similarity = text.similarities[piece.range.lowerBound] {
                    score += found.standing(similarity) * Self.meaningWeight
                }
                let said = piece.kind == .row ? RowText.measured(piece) : piece.text
                let isServed = kind.isServed(by: said)
                let isServing = kind.isTyped ? isServed : nil
                if isServed { score += 0.2 }
                if !units.isEmpty, piece.ground.numbers.contains(where: { units.contains($0.unit ?? "") }) {
                    score += 0.1
                }
                if piece.kind == .row { score += 0.3 * RowText.bestField(piece, in: text, found: found) }
                if DateLine.isDateLine(piece.text) { score -= kind == .time ? 0.1 : 0.6 }
                if text.isSuperseded { score -= 0.3 }
                all.append(
                    Candidate(text: text, index: index, coverage: coverage, isServing: isServing, score: score))
            }
        }
        // Equals stay in the order of the passages.
        return all.enumerated().sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }.map(\.element)
    }

    private static func quotation(_ candidate: Candidate, found: FoundPassages) -> Quotation {
        let (text, index) = (candidate.text, candidate.index)
        let kind = QuestionKind(found.question.text)
        let piece = text.pieces[index]
        var shown = Polarity.withoutSpeaker(piece.text)
        var indices = [index]
        if piece.kind == .row {
            shown = RowText.shown(piece, in: text, found: found, kind: kind)
        } else {
            // A bare 可以。 says nothing without the sentence that explains it.
            var next = index + 1
            while shown.unicodeScalars.count <= 6 || piece.text.hasSuffix("：") || piece.text.hasSuffix(":"),
                next < text.pieces.count, text.pieces[next].kind == .sentence, indices.count < 4
            {
                shown += text.pieces[next].text
                indices.append(next)
                next += 1
            }
        }
        let support = AnswerAlignment.Support(
            passage: text.passage, spans: text.spans(of: indices), coverage: candidate.coverage,
            ground: text.ground(of: indices))
        return Quotation(
            support: support, text: shown, coverage: candidate.coverage, isServing: candidate.isServing,
            similarity: text.similarities[piece.range.lowerBound], score: candidate.score)
    }
}

/// Lines that only say when a document was published or changed.
enum DateLine {
    static func isDateLine(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        guard scalars.count <= 30, let date = Numbers.mentions(in: text).first, date.kind == .date else { return false }
        let rest = scalars.indices.filter { !date.range.contains($0) }.map { scalars[$0] }
        let words = String(scalars: rest.filter { !$0.isBlank && $0 != "：" && $0 != ":" && $0 != "*" })
        return words.isEmpty
            || ["日期", "时间", "更新", "发布", "published", "updated", "date"].contains {
                words.lowercased().hasSuffix($0)
            }
    }
}
