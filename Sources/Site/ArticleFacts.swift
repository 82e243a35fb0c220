/// The facts of an article for the report: everything but the text, with a hash by which the text can be compared.
public struct ArticleFacts: Hashable, Codable, Sendable {
    /// The page's file.
    public let source: String
    /// The title.
    public let title: String
    /// Its line.
    public let titleLine: Int
    /// The author, when printed.
    public let author: String?
    /// The date as `2023-08-07`, when printed.
    public let date: String?
    /// How often it was read, when printed.
    public let reads: Int?
    /// The line with author, date and reads.
    public let metaLine: Int
    /// That line.
    public let metaAsPrinted: String
    /// The blanks within that line.
    public let metaSeparators: PrintedArticle.MetaSeparators
    /// The number of paragraphs.
    public let paragraphs: Int
    /// The line of the first paragraph.
    public let firstParagraphLine: Int?
    /// The line of the last paragraph.
    public let lastParagraphLine: Int?
    /// Unicode scalars of all paragraphs together, without the line feeds between them.
    public let bodyCharacters: Int
    /// SHA-256 of the paragraphs joined with one line feed, as UTF-8, in hexadecimal digits.
    public let bodySHA256: String
    /// The first 20 scalars of the first paragraph.
    public let firstParagraphBegins: String?
    /// The last 20 scalars of the last paragraph.
    public let lastParagraphEnds: String?
    /// Lines of paragraphs that begin with U+00A0.
    public let paragraphsWithLeadingNBSP: [Int]
    /// The article before.
    public let previous: PrintedArticle.Neighbour?
    /// The article after.
    public let next: PrintedArticle.Neighbour?

    /// Takes the facts of an article; `source` is the file's name.
    public init(_ article: PrintedArticle, source: String) {
        self.source = source
        title = article.title
        titleLine = article.titleLine
        author = article.author
        date = article.date
        reads = article.reads
        metaLine = article.metaLine
        metaAsPrinted = article.metaAsPrinted
        metaSeparators = article.metaSeparators
        paragraphs = article.paragraphs.count
        firstParagraphLine = article.paragraphs.first?.line
        lastParagraphLine = article.paragraphs.last?.line
        bodyCharacters = article.paragraphs.reduce(0) { $0 + $1.printed.unicodeScalars.count }
        bodySHA256 = SHA256Digest.hex(of: Array(article.body.utf8))
        firstParagraphBegins = article.paragraphs.first.map { Self.text($0.printed.unicodeScalars.prefix(20)) }
        lastParagraphEnds = article.paragraphs.last.map { Self.text($0.printed.unicodeScalars.suffix(20)) }
        paragraphsWithLeadingNBSP = article.linesWithLeadingNBSP
        previous = article.previous
        next = article.next
    }

    private static func text(_ scalars: Substring.UnicodeScalarView) -> String { String(Substring(scalars)) }

    enum CodingKeys: String, CodingKey {
        case source, title, author, date, reads, paragraphs, previous, next
        case titleLine = "title_line"
        case metaLine = "meta_line"
        case metaAsPrinted = "meta_as_printed"
        case metaSeparators = "meta_separators"
        case firstParagraphLine = "first_paragraph_line"
        case lastParagraphLine = "last_paragraph_line"
        case bodyCharacters = "body_characters"
        case bodySHA256 = "body_sha256"
        case firstParagraphBegins = "first_paragraph_begins"
        case lastParagraphEnds = "last_paragraph_ends"
        case paragraphsWithLeadingNBSP = "paragraphs_with_leading_nbsp"
    }
}
