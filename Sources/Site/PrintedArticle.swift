/// An article of a page, as printed.
public struct PrintedArticle: Hashable, Codable, Sendable {
    /// The title of the article before or after this one.
    public struct Neighbour: Hashable, Codable, Sendable {
        /// Its title.
        public let title: String
        /// Its line.
        public let line: Int
    }

    /// The blanks between the pieces of the meta line, as code points.
    public struct MetaSeparators: Hashable, Codable, Sendable {
        /// Between author and date.
        public let betweenAuthorAndDate: [String]
        /// Between date and reads.
        public let betweenDateAndReads: [String]

        enum CodingKeys: String, CodingKey {
            case betweenAuthorAndDate = "between_author_and_date"
            case betweenDateAndReads = "between_date_and_reads"
        }
    }

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
    /// That line, blanks at its ends cut.
    public let metaAsPrinted: String
    /// The blanks within that line.
    public let metaSeparators: MetaSeparators
    /// A paragraph is a line with something else than blanks; blanks at its ends are cut.
    public let paragraphs: [PrintedText]
    /// Lines of paragraphs that begin with a blank of no break (U+00A0).
    public let linesWithLeadingNBSP: [Int]
    /// The article before, when the page names one.
    public let previous: Neighbour?
    /// The article after, when the page names one.
    public let next: Neighbour?

    enum CodingKeys: String, CodingKey {
        case title, author, date, reads, paragraphs, previous, next
        case titleLine = "title_line"
        case metaLine = "meta_line"
        case metaAsPrinted = "meta_as_printed"
        case metaSeparators = "meta_separators"
        case linesWithLeadingNBSP = "paragraphs_with_leading_nbsp"
    }

    /// The paragraphs with one line feed between them.
    public var body: String { paragraphs.map(\.printed).joined(separator: "\n") }
}
