/// A version of an index.
public struct IndexVersion: Codable, Sendable, Equatable {
    /// Its number or name.
    public var id: Int64
    /// The index.
    public var index: String
    /// Name of the cutter and its settings.
    public var cutter: String
    /// Name of the model and form of its passages' vectors; nil where they have none. Vectors of different names do
    /// not compare.
    public var vectorSpace: String?
    /// How many documents there are.
    public var documents: Int
    /// Its passages, in order.
    public var passages: Int
    /// Terms of all passages together, headings included.
    public var terms: Int

    /// Makes the value from its parts.
    public init(
        id: Int64, index: String, cutter: String, vectorSpace: String? = nil, documents: Int = 0, passages: Int = 0,
        terms: Int = 0
    ) {
        self.vectorSpace = vectorSpace
        self.id = id
        self.index = index
        self.cutter = cutter
        self.documents = documents
        self.passages = passages
        self.terms = terms
    }
}

/// An index as it is in use.
public struct IndexSummary: Codable, Sendable, Equatable {
    /// Its name.
    public var name: String
    /// The version in use; nil while the first build has not come to its end.
    public var active: IndexVersion?
    /// Whether a build was begun and not finished.
    public var isBuilding: Bool
    /// Thresholds kept with the index, as JSON.
    public var calibration: String?

    /// Makes the value from its parts.
    public init(name: String, active: IndexVersion?, isBuilding: Bool, calibration: String?) {
        self.name = name
        self.active = active
        self.isBuilding = isBuilding
        self.calibration = calibration
    }
}

/// One state of one corpus record.
public struct DocumentKey: Codable, Sendable, Hashable {
    /// The record's id in the corpus.
    public var record: String
    /// Changes whenever text, title, date, place or cutter change.
    public var fingerprint: String

    /// Makes the value from its parts.
    public init(record: String, fingerprint: String) {
        self.record = record
        self.fingerprint = fingerprint
    }
}

/// A document as it is stored, without its text.
public struct StoredDocument: Codable, Sendable, Equatable {
    /// The id of the corpus record.
    public var record: String
    /// Path relative to the corpus folder, with the original file name.
    public var path: String
    /// Which part of the file, from 0.
    public var part: Int
    /// The title of the document.
    public var title: String
    /// ISO day, if known.
    public var date: String?
    /// Where the day comes from (`frontMatter`, `file` …).
    public var dateSource: String?
    /// The kind of file: markdown, html …
    public var kind: String

    /// Makes the value from its parts.
    public init(
        record: String, path: String, part: Int = 0, title: String, date: String? = nil, dateSource: String? = nil,
        kind: String = ""
    ) {
        self.record = record
        self.path = path
        self.part = part
        self.title = title
        self.date = date
        self.dateSource = dateSource
        self.kind = kind
    }
}

/// A document with its passages, to be stored.
public struct DocumentDraft: Sendable, Equatable {
    /// The document.
    public var document: StoredDocument
    /// The state of the document; see `DocumentKey`.
    public var fingerprint: String
    /// The record's clean text, to which all places refer.
    public var text: String
    /// Its passages, in order.
    public var passages: [PassageDraft]

    /// Makes the value from its parts.
    public init(document: StoredDocument, fingerprint: String, text: String, passages: [PassageDraft]) {
        self.document = document
        self.fingerprint = fingerprint
        self.text = text
        self.passages = passages
    }
}

/// The vectors of a passage as bytes; what they mean only the caller knows, who made them.
public struct VectorBytes: Sendable, Equatable {
    /// The vector of the whole passage.
    public var passage: [UInt8]
    /// The vectors of its sentences.
    public var sentences: [UInt8]

    /// Makes the value from its parts.
    public init(passage: [UInt8], sentences: [UInt8]) {
        self.passage = passage
        self.sentences = sentences
    }
}

/// A passage to be stored.
public struct PassageDraft: Sendable, Equatable {
    /// Place in the clean text, in Unicode scalars.
    public var start: Int
    /// Its length in Unicode scalars.
    public var length: Int
    /// Titles above it, outermost first, joined by ` > `.
    public var heading: String
    /// What has to be read before it and does not stand in it: the header row of its table. Often empty.
    public var lead: String
    /// The text at that place.
    public var text: String
    /// Hash of the text.
    public var hash: String
    /// Terms of the headings.
    public var headingTerms: [String]
    /// Terms of lead and text.
    public var bodyTerms: [String]
    /// Its vectors, if the index has any.
    public var vectors: VectorBytes?

    /// Makes the value from its parts.
    public init(
        start: Int, length: Int, heading: String, lead: String, text: String, hash: String,
        headingTerms: [String], bodyTerms: [String], vectors: VectorBytes? = nil
    ) {
        self.vectors = vectors
        self.start = start
        self.length = length
        self.heading = heading
        self.lead = lead
        self.text = text
        self.hash = hash
        self.headingTerms = headingTerms
        self.bodyTerms = bodyTerms
    }
}

/// A passage of the version in use.
public struct StoredPassage: Codable, Sendable, Equatable {
    /// Its number or name.
    public var id: Int64
    /// The document.
    public var document: StoredDocument
    /// Place among the document's passages, from 0.
    public var ordinal: Int
    /// Place in the document's clean text, in Unicode scalars.
    public var start: Int
    /// Its length in Unicode scalars.
    public var length: Int
    /// Titles above it, outermost first, joined by ` > `.
    public var heading: String
    /// What has to be read before it and does not stand in it.
    public var lead: String
    /// The text itself.
    public var text: String
    /// Hash of the text.
    public var hash: String
    /// Terms as they were indexed, repeated as often as they occur.
    public var headingTerms: [String]
    /// Terms of lead and text.
    public var bodyTerms: [String]

    /// Makes the value from its parts.
    public init(
        id: Int64, document: StoredDocument, ordinal: Int, start: Int, length: Int, heading: String, lead: String,
        text: String, hash: String, headingTerms: [String] = [], bodyTerms: [String] = []
    ) {
        self.id = id
        self.document = document
        self.ordinal = ordinal
        self.start = start
        self.length = length
        self.heading = heading
        self.lead = lead
        self.text = text
        self.hash = hash
        self.headingTerms = headingTerms
        self.bodyTerms = bodyTerms
    }
}

/// What a search by terms found, with what is needed to rank it again: all from one state of the database.
public struct PassageCandidates: Sendable {
    /// The version in use.
    public var version: IndexVersion
    /// Passages with their BM25 score (greater is better), best first.
    public var passages: [(passage: StoredPassage, score: Double)]
    /// How many passages of the version hold each of the terms that were asked for.
    public var frequencies: [String: Int]

    /// Makes the value from its parts.
    public init(
        version: IndexVersion, passages: [(passage: StoredPassage, score: Double)], frequencies: [String: Int]
    ) {
        self.version = version
        self.passages = passages
        self.frequencies = frequencies
    }
}
