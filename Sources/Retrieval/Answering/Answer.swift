public import Storage

/// Where a sentence of an answer stands: a place in a document.
public struct Citation: Codable, Sendable, Equatable {
    /// From 1, in the order in which an answer names its sources.
    public var number: Int
    /// The document's path in the corpus.
    public var document: String
    /// The corpus record.
    public var record: String
    /// The title of the document.
    public var title: String
    /// Titles above the passage, outermost first, joined by ` > `.
    public var heading: String
    /// The document's day, if known.
    public var date: String?
    /// Place of the supporting text in the record's clean text, in Unicode scalars.
    public var offset: Int
    /// Its length in Unicode scalars.
    public var length: Int
    /// The supporting text itself.
    public var text: String
    /// Hash of the passage in which it stands.
    public var passageHash: String

    /// Makes the value from its parts.
    public init(
        number: Int, document: String, record: String, title: String, heading: String, date: String?, offset: Int,
        length: Int, text: String, passageHash: String
    ) {
        self.number = number
        self.document = document
        self.record = record
        self.title = title
        self.heading = heading
        self.date = date
        self.offset = offset
        self.length = length
        self.text = text
        self.passageHash = passageHash
    }

    /// The form in which conversations keep it.
    public var stored: StoredCitation {
        StoredCitation(
            document: document, record: record, title: title, date: date, passageHash: passageHash, start: offset,
            length: length, text: text)
    }
}

/// A sentence that may be said, with the numbers of its citations.
public struct AnswerSentence: Codable, Sendable, Equatable {
    /// The text itself.
    public var text: String
    /// Its sources.
    public var citations: [Int]

    /// Makes the value from its parts.
    public init(text: String, citations: [Int]) {
        self.text = text
        self.citations = citations
    }
}

/// A sentence that the model wrote and the product does not say.
public struct DroppedSentence: Codable, Sendable, Equatable {
    /// Why a sentence is not said.
    public enum Reason: String, Codable, Sendable {
        /// Politeness, no content.
        case courtesy
        /// The model itself says that it found nothing.
        case refusal
        /// A number, date or amount that stands in no passage given.
        case unsupportedNumber
        /// A name or code that stands in no passage given.
        case unsupportedName
        /// Too little of it stands in any passage.
        case unsupportedContent
        /// It says yes where the passage says no, or the other way round.
        case contradictsPassage
        /// It stands in a passage, but says nothing of what was asked.
        case offTopic
        /// Said already.
        case repetition
        /// Another sentence answers better, as retrieval and the model's own likelihood say together.
        case outvoted
    }

    /// The text itself.
    public var text: String
    /// Why it was left out.
    public var reason: Reason
    /// What was missing: the number, the name.
    public var detail: String

    /// Makes the value from its parts.
    public init(text: String, reason: Reason, detail: String = "") {
        self.text = text
        self.reason = reason
        self.detail = detail
    }
}

/// A checked answer.
public struct Answer: Codable, Sendable, Equatable {
    /// How an answer came about.
    public enum Outcome: String, Codable, Sendable {
        /// What the model wrote, as far as passages bear it.
        case answered
        /// A sentence of a document, because nothing the model wrote was borne by it.
        case quoted
        /// Nothing was found; the text says so and names the hotline.
        case notFound
    }

    /// The question as it was asked.
    public var question: String
    /// What was searched: the question, with what it needs of the turns before.
    public var searched: String
    /// How it came about.
    public var outcome: Outcome
    /// What people read.
    public var text: String
    /// The sentences, each with the numbers of its citations.
    public var sentences: [AnswerSentence]
    /// Its sources.
    public var citations: [Citation]
    /// Probability by the calibration that the index answers the question, 0…1.
    public var evidence: Double
    /// Probability that a model tuned to refuse gives to the refusal; nil where none was asked.
    public var refusal: Double?
    /// The passages that were given to the model, best first.
    public var passages: [PassageHit]
    /// What was left out and why. For operators, not for readers.
    public var dropped: [DroppedSentence]
    /// What the model wrote; empty when it was not asked.
    public var draft: String

    /// Makes the value from its parts.
    public init(
        question: String, searched: String, outcome: Outcome, text: String, sentences: [AnswerSentence] = [],
        citations: [Citation] = [], evidence: Double, refusal: Double? = nil, passages: [PassageHit],
        dropped: [DroppedSentence] = [], draft: String = ""
    ) {
        self.refusal = refusal
        self.question = question
        self.searched = searched
        self.outcome = outcome
        self.text = text
        self.sentences = sentences
        self.citations = citations
        self.evidence = evidence
        self.passages = passages
        self.dropped = dropped
        self.draft = draft
    }
}

/// What happens while an answer comes about, in order: passages, then sentences, then the whole.
public enum AnswerEvent: Sendable {
    /// What was found, before the model is asked.
    case passages([PassageHit])
    /// A sentence that passed, with the citations that it brings; `citations` holds only new ones.
    case sentence(AnswerSentence, citations: [Citation])
    /// The end: everything once more. Its text is the sentences' texts joined, or the words of refusal.
    case finished(Answer)
}
