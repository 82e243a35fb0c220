/// What a build read, kept, dropped and could not read. The counts add up: every file found is read or listed in
/// `unread`; every record read is kept or counted in `dropped`.
public struct CorpusReport: Codable, Sendable, Hashable {
    /// Name of the corpus.
    public var name: String
    /// Version of this file's form.
    public var formatVersion = 1
    /// Files found in the folder, hidden ones and links included.
    public var documentsFound = 0
    /// Documents that were read.
    public var documentsRead = 0
    /// Records in the corpus.
    public var records = 0
    /// Records that were read and dropped, by reason; each is in `dropped.jsonl`.
    public var dropped: [String: Int] = [:]
    /// Unicode scalars in the records.
    public var characters = 0
    /// Records by kind of document.
    public var recordsByKind: [String: Int] = [:]
    /// Records by language.
    public var recordsByLanguage: [String: Int] = [:]
    /// Records by the source of their date.
    public var recordsByDateSource: [String: Int] = [:]
    /// Documents read, by character encoding.
    public var encodings: [String: Int] = [:]
    /// Files that were not read, with the reason, in the order of their paths.
    public var unread: [UnreadDocument] = []
    /// What was noticed or repaired in documents that were read.
    public var warnings: [DocumentWarning] = []
    /// SHA-256 over path and bytes of all documents read, in order: the same input has the same digest.
    public var inputSHA256 = ""
    /// SHA-256 of the records file.
    public var recordsSHA256 = ""

    /// An empty report.
    public init(name: String) {
        self.name = name
    }

    /// All dropped records.
    public var droppedTotal: Int { dropped.values.reduce(0, +) }
}

/// A file that was found and not read.
public struct UnreadDocument: Codable, Sendable, Hashable {
    /// Why a file was not read.
    public enum Reason: String, Codable, Sendable, Hashable, CaseIterable {
        /// A type that Pallet does not read yet (docx, pdf, xlsx, zip, images …).
        case typeNotReadYet = "type_not_read_yet"
        /// The name begins with a dot.
        case hidden
        /// A symbolic link; what lies inside the folder is read under its own path.
        case link
        /// Neither file nor folder (a pipe, socket, device).
        case special
        /// No right to read it, or the disk failed.
        case unreadable
        /// It was there when the folder was listed and gone when it was read.
        case vanished
        /// Larger than the limit.
        case tooLarge = "too_large"
        /// Bytes that are no text in any known encoding, or another type under a text name.
        case binary
        /// The form is broken so badly that nothing can be read.
        case malformed
        /// Folders nested deeper than the limit.
        case tooDeep = "too_deep"
        /// An attachment of a message.
        case attachment
    }

    /// Path relative to the folder; for attachments the message's path, `#` and the attachment's name.
    public let document: String
    /// Why.
    public let reason: Reason
    /// The particulars: the type, the size and the limit, what the system said, what to do.
    public let detail: String

    /// A file that was not read.
    public init(document: String, reason: Reason, detail: String) {
        self.document = document
        self.reason = reason
        self.detail = detail
    }
}

/// Something noticed in a document that was read.
public struct DocumentWarning: Codable, Sendable, Hashable {
    /// Path relative to the folder.
    public let document: String
    /// What was noticed, with the place where one can be named.
    public let message: String

    /// A warning.
    public init(document: String, message: String) {
        self.document = document
        self.message = message
    }
}

/// Why a record was dropped.
public enum DropReason: String, Codable, Sendable, Hashable, CaseIterable {
    /// Nothing was left after cleaning.
    case empty
    /// Fewer letters and digits than the limit.
    case tooShort = "too_short"
    /// The same text stands in a record before it.
    case duplicate
    /// Characters of a wrong decoding that cannot be repaired.
    case mojibake
    /// A row that is no JSON object.
    case damagedRow = "damaged_row"
    /// A row without a field that holds text.
    case noText = "no_text"
}

/// A line of `dropped.jsonl`.
public struct DroppedRecord: Codable, Sendable, Hashable {
    /// Path of the document relative to the folder.
    public let document: String
    /// The part of the document, as in `CorpusRecord.part`.
    public let part: Int
    /// Why it was dropped.
    public let reason: DropReason
    /// The measured value and the limit, or the id and document of the record that stays.
    public let detail: String
    /// The beginning of the text, up to 2,000 scalars, so that one can look at it.
    public let text: String
}
