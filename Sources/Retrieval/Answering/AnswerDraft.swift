import Storage
import Text

/// An answer that is coming about: takes the model's sentences one by one, keeps those that passages bear, numbers
/// their citations. A value without I/O; the assistant drives it.
struct AnswerDraft {
    let question: String
    let found: FoundPassages
    private let alignment: AnswerAlignment
    private let evidence: [EvidenceText]
    private let maximumSentences: Int
    /// What the model wrote so far.
    var text = ""
    private var sentences: [AnswerSentence] = []
    private var citations: [Citation] = []
    private var dropped: [DroppedSentence] = []
    private var isQuoted = false
    private var isOutvoted = false
    /// The sentence of the passages that answers best, as a measure of what the model says.
    private let quotation: Quotation?
    /// What is quoted with it.
    private let quotations: [Quotation]
    private let kind: QuestionKind
    private let askedUnits: [String]
    /// Sentences that hold, but do not say what kind of thing was asked for: they wait for one that does.
    private var held: [(text: String, support: AnswerAlignment.Support)] = []
    private var lastSupport: AnswerAlignment.Support?
    /// The sentences that retrieval and a tuned model hold best together; nil where the model was not asked.
    private let choice: AnswerChoice?

    /// How much less of the question than the best sentence a place may show.
    private static let tolerance = 0.3
    /// The same where the question does not ask for one thing: a comparison takes several sentences.
    private static let openTolerance = 0.45
    /// How much of the question a place has to show in any case, and to be quoted.
    private let leastRelevance: Double
    private static let leastQuotation = 0.4
    private static let sureQuotation = 0.7
    /// How much of the question may be missing in one stretch where a sentence is quoted.
    private static let widestGap = 0.45
    private static let narrowGap = 0.25
    /// By how many standard deviations a place may mean less alike than the nearest sentence.
    private static let nearness = 0.6
    /// From how many standard deviations on a sentence may be quoted whatever its words.
    private static let quotedStanding = 2.0
    /// Scalars of an answer that is followed by an explanation.
    private static let shortAnswer = 24

    /// - Parameter isSure: whether retrieval alone says that there is an answer; else a sentence has to show more
    ///   of the question.
    init(
        question: String, found: FoundPassages, limits: AnswerAlignment.Limits, maximumSentences: Int, isSure: Bool,
        choice: AnswerChoice? = nil
    ) {
        self.choice = choice
        leastRelevance = isSure ? 0.25 : 0.3
        self.question = question
        self.found = found
        self.maximumSentences = max(1, maximumSentences)
        evidence = found.hits.map(EvidenceText.init)
        alignment = AnswerAlignment(question: found.question, evidence: evidence, limits: limits)
        let several = Quotation.several(found, in: evidence)
        // Of several things that a question names each has its own sentence.
        if several.count == 1 || !found.question.namesSeveral, let best = choice?.best {
            quotations = [best]
        } else {
            quotations = several
        }
        quotation = quotations.first
        kind = QuestionKind(found.question.text)
        askedUnits = QuestionKind.askedUnits(found.question.text)
    }

    var isEmpty: Bool { sentences.isEmpty }

    /// Whether the model itself said that it found nothing.
    var isRefused: Bool { dropped.contains { $0.reason == .refusal } }

    /// Whether what the model said and was not borne says the same as the sentence that would be quoted: the same yes or
    /// no, or one of its numbers. Two that came to it on different ways are better evidence than one.
    var agreesWithQuotation: Bool {
        guard let quotation, quotation.isServing != false else { return false }
        return dropped.contains { sentence in
            guard sentence.reason != .refusal, sentence.reason != .courtesy, sentence.reason != .repetition else {
                return false
            }
            let body = Courtesy.withoutOpening(sentence.text)
            let numbers = Numbers.mentions(in: body)
            if !numbers.isEmpty {
                return numbers.allSatisfy { number in
                    quotation.support.ground.numbers.contains { number.isSupported(by: $0) }
                }
            }
            guard kind == .yesNo else { return false }
            return Polarity.isNegative(body) == Polarity.isNegative(quotation.text)
        }
    }

    /// Whether nothing more is wanted from the model.
    var isComplete: Bool {
        sentences.count >= maximumSentences || isRefused || isOutvoted
    }

    /// Checks one sentence; returns the events that release it and what waited for it; none when it is dropped.
    mutating func take(_ sentence: String) -> [AnswerEvent] {
        guard !isComplete else { return [] }
        let body = Courtesy.withoutOpening(sentence)
        let key = Normalisation.comparisonKey(body)
        let isEcho = key == Normalisation.comparisonKey(question)
        if isEcho
            || (sentences.map(\.text) + held.map(\.text)).contains(where: { Normalisation.comparisonKey($0) == key })
        {
            dropped.append(DroppedSentence(text: sentence, reason: .repetition))
            return []
        }
        switch alignment.check(body) {
        case .dropped(let reason):
            dropped.append(reason)
            return []
        case .supported(let support):
            guard isRelevant(support) else {
                dropped.append(DroppedSentence(text: sentence, reason: .offTopic))
                return []
            }
            // Only what may be quoted takes the place of a sentence that holds.
            if isEmpty, held.isEmpty, let choice, choice.outvotes(support), let quotation,
                isQuotable(quotation, isSure: true)
            {
                isOutvoted = true
                dropped.append(DroppedSentence(text: sentence, reason: .outvoted))
                return []
            }
            lastSupport = support
            if isEmpty, !isServing(body, support) {
                held.append((body, support))
                return []
            }
            let waiting = held
            held = []
            return (waiting + [(body, support)]).map { release($0.text, $0.support) }
        }
    }

    /// A model may copy any sentence of a passage; it has to show about as much of the question as the best one does,
    /// or go on from one that did.
    private func isRelevant(_ support: AnswerAlignment.Support) -> Bool {
        guard let quotation else { return true }
        if lacksIdentifier(support) { return false }
        if isNear(support) { return true }
        let relevance = found.ranking.coverage(of: support.ground)
        let tolerance = kind == .other ? Self.openTolerance : Self.tolerance
        if relevance >= max(leastRelevance, quotation.coverage - tolerance) { return true }
        guard !kind.isTyped, let last = lastSupport, last.passage.id == support.passage.id,
            let end = last.spans.map(\.upperBound).max(), let start = support.spans.map(\.lowerBound).min()
        else { return false }
        return start >= end && start - end <= 3
    }

    /// Whether what a place means is about as near to the question as the nearest sentence is.
    private func isNear(_ support: AnswerAlignment.Support) -> Bool {
        guard let text = evidence.first(where: { $0.passage.id == support.passage.id }),
            let here = support.spans.compactMap({ text.similarities[$0.lowerBound] }).max(),
            let nearest = evidence.flatMap({ $0.similarities.values }).max()
        else { return false }
        return found.standing(nearest) - found.standing(here) <= Self.nearness
    }

    private func lacksIdentifier(_ support: AnswerAlignment.Support) -> Bool {
        found.ranking.lacksIdentifier { support.ground.terms.contains($0) || support.ground.context.contains($0) }
    }

    /// Whether the best sentence may be said in place of a draft: it holds what kind of thing was asked for, no name
    /// or code of the question is missing, and where retrieval is unsure it shows nearly all of the question.
    private func isQuotable(_ quotation: Quotation, isSure: Bool) -> Bool {
        guard quotation.isServing != false, !lacksIdentifier(quotation.support) else { return false }
        // The model itself holds it for its answer.
        if choice != nil { return true }
        // Of a question that names several things each row shows its own part.
        let isForSeveral = found.question.namesSeveral
        let ground =
            isForSeveral
            ? quotations.reduce(Ground()) { $0.union($1.support.ground) } : quotation.support.ground
        let coverage = found.ranking.coverage(of: ground)
        let gap = found.ranking.gap { ground.terms.contains($0) || ground.context.contains($0) }
        if isSure, let similarity = quotation.similarity, found.standing(similarity) >= Self.quotedStanding {
            return true
        }
        return isSure
            ? coverage >= Self.leastQuotation && gap <= Self.widestGap
            : coverage >= Self.sureQuotation && gap <= Self.narrowGap
    }

    /// Whether a text holds what was asked for: an amount, a day, the unit that the question names. True where the
    /// question does not tell, or no sentence of the passages does better.
    private func isServing(_ text: String, _ support: AnswerAlignment.Support) -> Bool {
        guard let quotation else { return true }
        if quotation.isServing == true, !kind.isServed(by: text) { return false }
        guard !askedUnits.isEmpty, quotation.support.ground.numbers.contains(where: hasAskedUnit) else { return true }
        let mentions = Numbers.mentions(in: text)
        if mentions.contains(where: hasAskedUnit) { return true }
        // A bare number as the whole answer has the unit that stands beside it in its source.
        return text.unicodeScalars.count <= 12
            && mentions.contains { bare in
                bare.unit == nil && support.ground.numbers.contains { $0.value == bare.value && hasAskedUnit($0) }
            }
    }

    private func hasAskedUnit(_ mention: NumberMention) -> Bool { askedUnits.contains(mention.unit ?? "") }

    /// The end of the draft: where nothing of it was released, the best sentence of the passages takes its place if it
    /// may, else what waited is released.
    mutating func finish(mayQuote: Bool, isSure: Bool) -> [AnswerEvent] {
        defer { held = [] }
        guard isEmpty else { return mayQuote ? explanation(isSure: isSure) : [] }
        if mayQuote, let quotation, isQuotable(quotation, isSure: isSure) {
            for sentence in held { dropped.append(DroppedSentence(text: sentence.text, reason: .offTopic)) }
            isQuoted = true
            return quotations.map { release($0.text, $0.support) }
        }
        return held.map { release($0.text, $0.support) }
    }

    /// A few words, or a bare yes, are followed by the sentence of the passages that answers best, if it is another one
    /// than was cited and does not name other numbers.
    private mutating func explanation(isSure: Bool) -> [AnswerEvent] {
        let said = sentences.map(\.text).joined()
        guard said.unicodeScalars.count <= Self.shortAnswer, let quotation, isQuotable(quotation, isSure: isSure),
            Numbers.mentions(in: said).allSatisfy({ mention in
                quotation.support.ground.numbers.contains { mention.isSupported(by: $0) }
            })
        else { return [] }
        let places = quotation.support.spans.map { $0.lowerBound + quotation.support.passage.start }
        let isCited = citations.contains { citation in
            citation.record == quotation.support.passage.document.record && places.contains(citation.offset)
        }
        let isBare = said.unicodeScalars.count <= 4
        guard isBare || !isCited, !contradicts(quotation.text) else { return [] }
        return [release(quotation.text, quotation.support)]
    }

    /// Whether the answer says yes where the sentence says no, or the other way round.
    private func contradicts(_ sentence: String) -> Bool {
        guard kind == .yesNo, let first = sentences.first else { return false }
        return Polarity.isNegative(first.text) != Polarity.isNegative(sentence)
    }

    private mutating func release(_ text: String, _ support: AnswerAlignment.Support) -> AnswerEvent {
        var numbers: [Int] = []
        var new: [Citation] = []
        for span in support.spans {
            let citation = citation(support.passage, span: span)
            if let old = citations.first(where: {
                $0.record == citation.record && $0.offset == citation.offset && $0.length == citation.length
            }) {
                numbers.append(old.number)
            } else {
                citations.append(citation)
                new.append(citation)
                numbers.append(citation.number)
            }
        }
        let sentence = AnswerSentence(text: text, citations: numbers)
        sentences.append(sentence)
        return .sentence(sentence, citations: new)
    }

    private func citation(_ passage: StoredPassage, span: Range<Int>) -> Citation {
        let scalars = Array(passage.text.unicodeScalars)
        let range = span.clamped(to: 0..<scalars.count)
        return Citation(
            number: citations.count + 1, document: passage.document.path, record: passage.document.record,
            title: passage.document.title, heading: passage.heading, date: passage.document.date,
            offset: passage.start + range.lowerBound, length: range.count, text: String(scalars: scalars[range]),
            passageHash: passage.hash)
    }

    /// The whole answer, or the refusal when nothing is left.
    func answer(
        searched: String, evidence: Double, refusal: Double?, language: AnswerLanguage, hotline: String?
    ) -> Answer {
        let isFound = !sentences.isEmpty
        let text =
            isFound
            ? Self.joined(sentences.map(\.text)) : RefusalText.text(language: language, hotline: hotline)
        return Answer(
            question: question, searched: searched,
            outcome: isFound ? (isQuoted ? .quoted : .answered) : .notFound, text: text, sentences: sentences,
            citations: citations, evidence: evidence, refusal: refusal, passages: found.hits, dropped: dropped,
            draft: self.text)
    }

    /// Sentences one after the other; a blank only where the first ends in a Latin stop.
    static func joined(_ sentences: [String]) -> String {
        var result = ""
        for sentence in sentences {
            if let last = result.unicodeScalars.last, !result.isEmpty {
                if last.value < 0x80 {
                    result += " "
                } else if !"。！？；…”』」".unicodeScalars.contains(last) {
                    result += "\n"
                }
            }
            result += sentence
        }
        return result
    }
}
