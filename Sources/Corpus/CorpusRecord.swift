/// One clean text of a corpus: a whole document, or a part of one (a row of a JSON-lines file).
///
/// The unit that later stages read. Offsets in later stages count Unicode scalars of `text`.
public struct CorpusRecord: Codable, Sendable, Hashable {
    /// Stable name: the first 16 hexadecimal digits of the SHA-256 of document path and part.
    public let id: String
    /// Path of the document relative to the folder that was read, with `/` between the parts.
    public let document: String
    /// The place among the records of one document, from 0; for JSON lines the number of the line, from 1.
    public let part: Int
    /// What a reader would call the text: from front matter, a heading, `<title>`, the subject, else the file name.
    public let title: String
    /// `yyyy-mm-dd` or `yyyy-mm`: when the text was published, as well as can be known.
    public let date: String
    /// Where the date was found; how far it can be trusted.
    public let dateSource: DateSource
    /// What kind of file it came from.
    public let kind: DocumentKind
    /// The language that most of it is in.
    public let language: Language
    /// The clean text (see `Normalisation.clean`); headings begin with `#`, list items with `- ` or a number, table
    /// rows are `| a | b |`.
    public let text: String
    /// SHA-256 of the UTF-8 bytes of `text`, hexadecimal.
    public let sha256: String

    /// A record of `text`; `id` and `sha256` are computed.
    public init(
        document: String, part: Int, title: String, date: String, dateSource: DateSource, kind: DocumentKind,
        language: Language? = nil, text: String
    ) {
        id = String(SHA256.hexadecimal(of: Array("\(document)\n\(part)".utf8)).prefix(16))
        self.document = document
        self.part = part
        self.title = title
        self.date = date
        self.dateSource = dateSource
        self.kind = kind
        self.language = language ?? Language(of: text)
        self.text = text
        sha256 = SHA256.hexadecimal(of: Array(text.utf8))
    }
}

/// Where the date of a record comes from, the best evidence first.
public enum DateSource: String, Codable, Sendable, Hashable, CaseIterable {
    /// Front matter of a Markdown file, or the date field of a row.
    case metadata
    /// A `<meta>` or `<time>` element of a page.
    case markup
    /// The `Date` header of a message.
    case header
    /// A labelled date line near the top of the text, such as 发布日期：2025-03-01.
    case text
    /// A date in the file's name.
    case fileName = "file_name"
    /// The time at which the file was last changed: weak evidence, since copying may change it.
    case fileTime = "file_time"
}

/// The kinds of documents that are read.
public enum DocumentKind: String, Codable, Sendable, Hashable, CaseIterable {
    /// Plain text.
    case text
    /// Markdown.
    case markdown
    /// HTML pages.
    case html
    /// Tables with separators (CSV, TSV).
    case csv
    /// One JSON object a line.
    case jsonl
    /// Messages (RFC 5322).
    case eml

    /// The kind of a file by its extension, or nil when such files are not read yet.
    public init?(fileExtension: String) {
        switch fileExtension.lowercased() {
        case "txt", "text": self = .text
        case "md", "markdown": self = .markdown
        case "html", "htm", "xhtml", "shtml": self = .html
        case "csv", "tsv": self = .csv
        case "jsonl", "ndjson": self = .jsonl
        case "eml": self = .eml
        default: return nil
        }
    }
}
