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

    init(question: String, found: FoundPassages, limits: AnswerAlignment.Limits, maximumSentences: Int) {
        self.question = question
        self.found = found
        self.maximumSentences = max(1, maximumSentences)
        evidence = found.hits.map(EvidenceText.init)
        alignment = AnswerAlignment(question: found.question, evidence: evidence, limits: limits)
    }

    var isEmpty: Bool { sentences.isEmpty }

    /// Whether the model itself said that it found nothing.
    var isRefused: Bool { dropped.contains { $0.reason == .refusal } }

    /// Whether what was asked for (an amount, a day, a name) is in the sentences; true where the question does not tell.
    private var isServing: Bool {
        let kind = QuestionKind(found.question.text)
        return !kind.isTyped || sentences.contains { kind.isServed(by: $0.text) }
    }

    /// Whether nothing more is wanted from the model.
    var isComplete: Bool {
        sentences.count >= maximumSentences || isRefused
    }

    /// Checks one sentence; returns the event that releases it, or nil when it is dropped.
    mutating func take(_ sentence: String) -> AnswerEvent? {
        guard !isComplete else { return nil }
        let body = Courtesy.withoutOpening(sentence)
        let key = Normalisation.comparisonKey(body)
        if sentences.contains(where: { Normalisation.comparisonKey($0.text) == key }) {
            dropped.append(DroppedSentence(text: sentence, reason: .repetition))
            return nil
        }
        switch alignment.check(body) {
        case .dropped(let reason):
            dropped.append(reason)
            return nil
        case .supported(let support):
            return release(body, support)
        }
    }

    /// Puts the best sentence of the passages in place of a draft of which nothing held, or behind one that does not
    /// say what was asked for.
    mutating func quote() -> AnswerEvent? {
        guard isEmpty || !isServing, let quotation = Quotation.best(found, in: evidence) else { return nil }
        if !isEmpty, quotation.isServing != true { return nil }
        if isEmpty { isQuoted = true }
        return release(quotation.text, quotation.support)
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
    func answer(searched: String, evidence: Double, language: AnswerLanguage, hotline: String?) -> Answer {
        let isFound = !sentences.isEmpty
        let text = isFound
            ? Self.joined(sentences.map(\.text)) : RefusalText.text(language: language, hotline: hotline)
        return Answer(
            question: question, searched: searched,
            outcome: isFound ? (isQuoted ? .quoted : .answered) : .notFound, text: text, sentences: sentences,
            citations: citations, evidence: evidence, passages: found.hits, dropped: dropped, draft: self.text)
    }

    /// Sentences one after the other; a blank only where the first ends in a Latin stop.
    static func joined(_ sentences: [String]) -> String {
        var result = ""
        for sentence in sentences {
            if let last = result.unicodeScalars.last, !result.isEmpty {
                if last.value < 0x80 { result += " " } else if !"。！？；…”』」".unicodeScalars.contains(last) { result += "\n" }
            }
            result += sentence
        }
        return result
    }
}
