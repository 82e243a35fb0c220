public import Storage
import Text

/// Decides for each sentence of an answer whether the given passages bear it, and where.
///
/// The product decides what is said, not the prompt. A sentence stays when one passage holds enough of its words, all
/// its numbers, dates, names and codes (in their normal forms), and does not say the opposite. Everything is compared
/// with a few sentences of one passage, not with the heap of them, so that a price cannot be borrowed from the next
/// row. Deterministic; cost: sentences × pieces of the passages.
public struct AnswerAlignment: Sendable {
    /// What a sentence has to reach.
    public struct Limits: Codable, Sendable, Equatable {
        /// Share of a sentence's content that stands in the place that is cited.
        public var content: Double
        /// The same share of what the question did not say already.
        public var newContent: Double
        /// Share of content for an answer to a question of yes or no.
        public var yesNoContent: Double
        /// The most sentences of a passage that bear one sentence together.
        public var pieces: Int

        /// Makes the value from its parts.
        public init(
            content: Double = 0.6, newContent: Double = 0.5, yesNoContent: Double = 0.7, pieces: Int = 4
        ) {
            self.content = content
            self.newContent = newContent
            self.yesNoContent = yesNoContent
            self.pieces = pieces
        }
    }

    /// Where a sentence stands: a passage and places in its text (Unicode scalars), best first.
    public struct Support: Sendable {
        /// The passage.
        public var passage: StoredPassage
        /// Places in its text, in Unicode scalars.
        public var spans: [Range<Int>]
        /// Share of the sentence's content that stands there.
        public var coverage: Double
        /// What stands there, for comparing it with the question.
        var ground = Ground()
    }

    /// What alignment says of a sentence.
    public enum Verdict: Sendable {
        case supported(Support)
        case dropped(DroppedSentence)
    }

    let question: Question
    let evidence: [EvidenceText]
    let limits: Limits
    private let isYesNo: Bool
    private let isDefinition: Bool
    /// The question taken as a claim.
    private let asked: Claim
    /// How well the row that fits the question best fits it.
    private let bestRow: Double

    /// - Parameter passages: what the model was given, best first.
    public init(question: String, passages: [PassageHit], limits: Limits = Limits()) {
        self.init(question: Question(question), evidence: passages.map(EvidenceText.init), limits: limits)
    }

    init(question: Question, evidence: [EvidenceText], limits: Limits = Limits()) {
        self.question = question
        self.evidence = evidence
        self.limits = limits
        let kind = QuestionKind(question.text)
        isYesNo = kind == .yesNo
        isDefinition = kind == .definition
        let asked = Claim(question.text, question: Question(""))
        self.asked = asked
        bestRow = evidence.flatMap(\.pieces).filter { $0.kind == .row }.map { asked.coverage($0.ground).all }.max() ?? 0
    }

    /// Checks one sentence of an answer.
    public func check(_ sentence: String) -> Verdict {
        if Courtesy.isCourtesy(sentence) { return drop(sentence, .courtesy) }
        if RefusalText.isRefusal(sentence) { return drop(sentence, .refusal) }
        if case .heading = LineForm(ArraySlice(sentence.unicodeScalars)) { return drop(sentence, .courtesy) }
        let claim = Claim(sentence, question: question)
        if sentence.hasSuffix("？") || sentence.hasSuffix("?") { return drop(sentence, .repetition) }
        if claim.isBare { return checkBare(sentence, leading: claim.leading) }
        if isYesNo, claim.saysNothingNew {
            return checkBare(sentence, leading: Polarity.isNegative(sentence) ? .no : .yes)
        }
        if !isYesNo, claim.saysNothingNew, !claim.isShort || isDefinition { return drop(sentence, .repetition) }
        var best: (support: Support, score: Double)?
        var failure = DroppedSentence(text: sentence, reason: .unsupportedContent)
        var failureScore = -1.0
        for (rank, text) in evidence.enumerated() {
            guard let window = window(for: claim, in: text) else { continue }
            // Of places that bear the sentence equally, the one in the better passage counts.
            let score = window.coverage - 0.02 * Double(rank)
            switch judge(claim, window: window, in: text) {
            case nil:
                let support = Support(
                    passage: text.passage, spans: text.spans(of: window.pieces), coverage: window.coverage,
                    ground: text.ground(of: window.pieces))
                if best.map({ score > $0.score }) ?? true { best = (support, score) }
            case .some(let reason):
                if score > failureScore {
                    failureScore = score
                    failure = DroppedSentence(text: sentence, reason: reason.reason, detail: reason.detail)
                }
            }
        }
        if let best { return .supported(best.support) }
        return .dropped(failure)
    }

    private func drop(_ text: String, _ reason: DroppedSentence.Reason) -> Verdict {
        .dropped(DroppedSentence(text: text, reason: reason))
    }

    /// A bare yes or no says what the question asks; that is then what a passage has to bear.
    private func checkBare(_ sentence: String, leading: Polarity.Leading?) -> Verdict {
        guard let leading else { return drop(sentence, .unsupportedContent) }
        guard !asked.isBare else { return drop(sentence, .unsupportedContent) }
        var reason = DroppedSentence.Reason.unsupportedContent
        for text in evidence {
            // One sentence has to say it: Sunday from one and opening from the next make no “open on Sunday”.
            guard let window = window(for: asked, in: text, atMost: 1), window.coverage >= limits.yesNoContent,
                Numbers.unsupported(in: question.text, by: text.text(of: window.pieces)).isEmpty,
                Names.unsupported(in: question.text, by: text.text(of: window.pieces)).isEmpty
            else { continue }
            // Where the question stands above its answer, the answer's first clause says yes or no.
            let pieces = window.pieces.map { text.pieces[$0] }
            guard let said = said(in: pieces) else { continue }
            guard said == leading else {
                reason = .contradictsPassage
                continue
            }
            return .supported(
                Support(
                    passage: text.passage, spans: text.spans(of: window.pieces), coverage: window.coverage,
                    ground: text.ground(of: window.pieces)))
        }
        return drop(sentence, reason)
    }

    /// Whether the pieces say yes or no to what was asked: by an answer that begins with it, else by the clause that
    /// fits the question best. Nil when no clause fits.
    private func said(in pieces: [EvidenceText.Piece]) -> Polarity.Leading? {
        for piece in pieces where !piece.above.asked.isEmpty {
            let text = Polarity.withoutSpeaker(piece.text)
            if let leading = Polarity.leading(of: text).0 { return leading }
            if let first = Polarity.clauses(text).first { return Polarity.isNegative(first) ? .no : .yes }
        }
        return matchingClause(of: asked, in: pieces.map(\.text), minimum: 0.4, isAsked: true).map {
            Polarity.isNegative($0) ? .no : .yes
        }
    }

    /// The pieces of a passage that hold most of a claim, the best one first.
    private func window(
        for claim: Claim, in text: EvidenceText, atMost limit: Int? = nil
    ) -> (pieces: [Int], coverage: Double)? {
        let usable = text.statements.filter { isAboutSubject(text.pieces[$0], of: claim) }
        var best: (index: Int, coverage: Double)?
        for index in usable {
            let (all, new) = claim.coverage(text.pieces[index].ground)
            let coverage = 0.5 * all + 0.5 * new
            if coverage > (best?.coverage ?? 0) { best = (index, coverage) }
        }
        guard let best else { return nil }
        var pieces = [best.index]
        var coverage = claim.coverage(text.ground(of: pieces)).all
        // Further sentences help where an answer sums up several; a row is complete by itself.
        while pieces.count < limit ?? limits.pieces, coverage < 0.999 {
            var next: (index: Int, coverage: Double)?
            for index in usable
            where !pieces.contains(index) && isNear(index, pieces) && isFree(index, pieces, claim, text) {
                let sum = claim.coverage(text.ground(of: pieces + [index])).all
                if sum > max(coverage + 0.1, next?.coverage ?? 0) { next = (index, sum) }
            }
            guard let next else { break }
            pieces.append(next.index)
            coverage = next.coverage
        }
        return (pieces, coverage)
    }

    /// Sentences further apart rarely speak of the same thing.
    private func isNear(_ index: Int, _ pieces: [Int]) -> Bool { pieces.contains { abs($0 - index) <= 2 } }

    /// A row speaks of one thing only. It may bear a claim that names that thing by its code; where a claim names
    /// none, the row has to fit the question as well as the row that fits it best.
    private func isAboutSubject(_ piece: EvidenceText.Piece, of claim: Claim) -> Bool {
        guard piece.kind == .row else { return true }
        if claim.codes.isEmpty { return asked.coverage(piece.ground).all >= bestRow - 0.1 }
        return claim.codes.contains { piece.ground.terms.contains($0) || piece.ground.context.contains($0) }
    }

    /// A second row may be added only when the claim names what it is about and the rows before are not about that.
    private func isFree(_ index: Int, _ pieces: [Int], _ claim: Claim, _ text: EvidenceText) -> Bool {
        let piece = text.pieces[index]
        guard piece.kind == .row, pieces.contains(where: { text.pieces[$0].kind == .row }) else { return true }
        return claim.codes.contains { code in
            piece.ground.terms.contains(code) && !pieces.contains { text.pieces[$0].ground.terms.contains(code) }
        }
    }

    private func judge(
        _ claim: Claim, window: (pieces: [Int], coverage: Double), in text: EvidenceText
    ) -> (reason: DroppedSentence.Reason, detail: String)? {
        let source = text.text(of: window.pieces)
        let missing = Numbers.unsupported(in: claim.text, by: source).first { !Self.isRate($0, in: source) }
        if let number = missing {
            return (.unsupportedNumber, number.key)
        }
        if let name = Names.unsupported(in: claim.text, by: source).first {
            return (.unsupportedName, name.value)
        }
        let (all, new) = claim.coverage(text.ground(of: window.pieces))
        if all < (isYesNo ? limits.yesNoContent : limits.content) || new < limits.newContent {
            return (.unsupportedContent, "\(Int(all * 100)) %")
        }
        if contradicts(claim, pieces: window.pieces.map { text.pieces[$0] }) { return (.contradictsPassage, "") }
        return nil
    }

    /// 一天 and 一片 in an answer say per what a price is; the source says 每天, 日租金 or 元/片.
    private static func isRate(_ mention: NumberMention, in source: String) -> Bool {
        guard mention.kind == .quantity, mention.value == "1", let unit = mention.unit else { return false }
        var forms = ["每" + unit, "/" + unit, "单" + unit, "一" + unit]
        if unit == "天" || unit == "日" { forms += ["每天", "每日", "日租金", "/天", "/日", "（日）", "一天"] }
        if unit == "月" || unit == "个月" { forms += ["每月", "月租金", "/月"] }
        return forms.contains { source.contains($0) }
    }

    /// Whether a clause of the claim denies what its best match affirms, or the other way round.
    private func contradicts(_ claim: Claim, pieces: [EvidenceText.Piece]) -> Bool {
        if isYesNo, let leading = claim.leading, let said = said(in: pieces), said != leading { return true }
        for clause in Polarity.clauses(Polarity.leading(of: claim.text).1) {
            let part = Claim(clause, question: question)
            // 12 小时 denies nothing where the passage says 12 小时内不得上岗: a value alone is no statement.
            guard !part.isBare, !part.isValue else { continue }
            if let match = matchingClause(of: part, in: pieces.map { Polarity.withoutSpeaker($0.text) }) {
                if Polarity.isNegative(clause) != Polarity.isNegative(match) { return true }
            } else if part.saysNothingNew, let said = said(in: pieces) {
                // The clause repeats the question, and the answer below the same question says no.
                if Polarity.isNegative(clause) != (said == .no) { return true }
            }
        }
        return false
    }

    /// The clause that holds most of a claim, if it holds at least `minimum`.
    private func matchingClause(
        of claim: Claim, in pieces: [String], minimum: Double = 0.5, isAsked: Bool = false
    ) -> String? {
        var best: (clause: String, coverage: Double)?
        for clause in pieces.flatMap(Polarity.clauses) {
            let ground = Ground(terms: EvidenceText.terms(clause), numbers: Numbers.mentions(in: clause))
            let coverage = isAsked ? claim.focusedCoverage(ground) : claim.coverage(ground).all
            if coverage >= max(minimum, (best?.coverage ?? 0) + 0.001) { best = (clause, coverage) }
        }
        return best?.clause
    }
}
