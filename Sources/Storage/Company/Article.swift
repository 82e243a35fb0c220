/// A news or knowledge article of the company's site.
public struct Article: Codable, Sendable, Equatable {
    /// Row number in the database; 0 before it is stored.
    public var id: Int64
    /// What a reader would call it.
    public var title: String
    /// Who wrote it.
    public var author: String?
    /// Day of publication, ISO form 2023-08-07; empty when the page names none.
    public var published: String
    /// The category under which the site lists it.
    public var category: String?
    /// How often the page says it was read.
    public var reads: Int
    /// Paragraphs, one per line with an empty line between.
    public var text: String
    /// Titles of the neighbouring articles, as printed.
    public var previousTitle: String?
    /// Title of the article after it, as printed.
    public var nextTitle: String?
    /// Where the article comes from: the name of the imported file.
    public var source: String

    /// Makes the value from its parts.
    public init(
        id: Int64 = 0, title: String, author: String? = nil, published: String = "", category: String? = nil,
        reads: Int = 0, text: String, previousTitle: String? = nil, nextTitle: String? = nil, source: String = ""
    ) {
        self.id = id
        self.title = title
        self.author = author
        self.published = published
        self.category = category
        self.reads = reads
        self.text = text
        self.previousTitle = previousTitle
        self.nextTitle = nextTitle
        self.source = source
    }
}

/// The articles of the company's site.
public protocol ArticleRepository: Sendable {
    /// Inserts or updates articles in one transaction. The key is (title, day of publication).
    func importArticles(_ articles: [Article]) async throws -> ImportCounts
    /// One article by its number.
    func article(id: Int64) async throws -> Article?
    /// One article by its title (the newest when several have it).
    func article(title: String) async throws -> Article?
    /// Newest first; of one category or of all. `limit` rows after `offset`.
    func articles(category: String?, limit: Int, offset: Int) async throws -> [Article]
    /// Categories that have articles, with how many, by name.
    func articleCategories() async throws -> [(name: String, count: Int)]
    /// How many there are.
    func articleCount() async throws -> Int
}
