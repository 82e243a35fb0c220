import Storage
import Text

/// Whether passages shown bear an answer, by the assistant's own check: what it would not let pass is no row.
struct AnswerEvidence {
    let shown: [EvidenceText]

    init(_ hits: [PassageHit]) {
        shown = hits.map(EvidenceText.init)
    }

    /// The draft's answer as a row may say it. Of two rows compared both have to be borne.
    func borne(_ draft: DraftedQuestion, for question: String) -> String? {
        guard let answer = borne(draft.answer, for: question) else { return nil }
        if draft.kind == .comparison, answer != draft.answer { return nil }
        return answer
    }

    /// The answer without sentences that the passages do not bear; nil when nothing of it is borne.
    func borne(_ answer: String, for question: String) -> String? {
        let alignment = AnswerAlignment(question: Question(question), evidence: shown)
        var kept: [String] = []
        var isBorne = false
        for sentence in Sentences.split(answer).map(\.text) {
            switch alignment.check(sentence) {
            case .supported:
                isBorne = true
                kept.append(sentence)
            case .dropped(let dropped):
                // A bare 不可以。 is borne by the sentence behind it.
                if dropped.reason == .refusal { return nil }
                if sentence.unicodeScalars.count <= 6, kept.isEmpty { kept.append(sentence) }
            }
        }
        guard isBorne else { return nil }
        let text = AnswerDraft.joined(kept)
        return text.hasSuffix("；") || text.hasSuffix("，") ? text.dropLast() + "。" : text
    }

    /// Whether some sentence may well answer the question: with the same numbers and most of the same words as the
    /// answer, or nearly all words of the question.
    func mayAnswer(_ question: String, answer: String) -> Bool {
        let asked = Claim(question, question: Question(""))
        let claim = Claim(answer, question: Question(question))
        let numbers = Numbers.mentions(in: answer)
        return shown.contains { text in
            text.statements.contains { index in
                let ground = text.pieces[index].ground
                if !asked.codes.isEmpty, !asked.codes.contains(where: { holds($0, ground) }) { return false }
                if asked.coverage(ground).all >= 0.85 { return true }
                let agrees =
                    numbers.isEmpty
                    || numbers.contains { number in
                        ground.numbers.contains { number.isSupported(by: $0) }
                    }
                return agrees && claim.coverage(ground).all >= 0.5
            }
        }
    }

    private func holds(_ code: String, _ ground: Ground) -> Bool {
        ground.terms.contains(code) || ground.context.contains(code)
    }

    /// What of the passages says what a listed question expects, in the passages' own words: a field of a row, or up to
    /// three sentences of one passage that together hold its keywords. Only the documents that the list names count,
    /// where it names some.
    func quotation(for question: ListedQuestion) -> String? {
        let expected = Claim(
            question.answer ?? question.keywords.compactMap(\.first).joined(separator: "，"), question: Question(""))
        let asked = Claim(question.question, question: Question(""))
        for text in shown
        where question.documents.isEmpty || question.documents.contains(text.passage.document.path) {
            let ranked = text.statements.map { index in
                let ground = text.pieces[index].ground
                return (index: index, score: expected.coverage(ground).all + 0.5 * asked.coverage(ground).all)
            }.sorted { ($1.score, $0.index) < ($0.score, $1.index) }.filter { $0.score >= Self.leastLikeness }
            guard let first = ranked.first else { continue }
            if let field = field(of: text.pieces[first.index], in: text, for: question) { return field }
            var chosen: [Int] = []
            for (index, _) in ranked.prefix(3) where !DateLine.isDateLine(text.pieces[index].text) {
                chosen = (chosen + [index]).sorted()
                let said = chosen.map { Self.said(text.pieces[$0]) }
                if AnswerScoring.contains(said.joined(separator: "\n"), question) { return AnswerDraft.joined(said) }
            }
        }
        return nil
    }

    /// How much of the expected answer, and half of the question, a sentence has to show.
    private static let leastLikeness = 0.4

    private func field(of piece: EvidenceText.Piece, in text: EvidenceText, for question: ListedQuestion) -> String? {
        // Who it is, where only the name is asked for, the whole row says better.
        let name = RowText.fields(of: piece.text, header: piece.above.header).prefix(2).map(\.value).joined(
            separator: " ")
        guard piece.kind == .row, !AnswerScoring.contains(name, question) else { return nil }
        let title = QuestionDrafting.topic(of: text.passage.document.title)
        return TableDrafts.statements(of: piece, in: text, title: title).first {
            AnswerScoring.contains($0, question)
        }
    }

    private static func said(_ piece: EvidenceText.Piece) -> String {
        piece.kind == .row
            ? RowText.measured(piece) + "。"
            : QuestionDrafting.withoutListMark(Polarity.withoutSpeaker(piece.text)).0
    }
}
