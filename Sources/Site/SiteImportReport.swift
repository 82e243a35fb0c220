/// The report of one import: what was read, as printed, and what was found wrong and mended.
///
/// As JSON it is one object with the keys of the page (`selected_city`, `groups`, `contact`, `article` …) and of the
/// comparison (`filed_under_wrong_province` …).
public struct SiteImportReport: Hashable, Codable, Sendable {
    /// The stations of one letter.
    public struct LetterGroup: Hashable, Codable, Sendable {
        /// A province with its cities.
        public struct Group: Hashable, Codable, Sendable {
            /// The name as printed.
            public let name: String
            /// Its line.
            public let line: Int
            /// The cities as printed.
            public let cities: [String]
        }
        /// The letter; empty when the page prints none.
        public let letter: String
        /// Its provinces, in printed order.
        public let provinces: [Group]
    }

    /// How much the page holds.
    public struct Counts: Hashable, Codable, Sendable {
        /// Letters with a group.
        public let letters: Int
        /// Provinces.
        public let provinces: Int
        /// Cities, double ones included.
        public let cities: Int
        /// City names that differ.
        public let distinctCityNames: Int

        enum CodingKeys: String, CodingKey {
            case letters, provinces, cities
            case distinctCityNames = "distinct_city_names"
        }
    }

    /// The file, as the caller names it.
    public let source: String
    /// Lines of the page.
    public let lines: Int
    /// The city that the visitor had chosen.
    public let selectedCity: PrintedText?
    /// How much the page holds.
    public let counts: Counts
    /// Letters under which nothing stands.
    public let lettersWithoutGroup: [String]
    /// The stations as printed.
    public let groups: [LetterGroup]
    /// The first number; all of them are in `contacts`.
    public let contact: PrintedContact?
    /// All numbers.
    public let contacts: [PrintedContact]
    /// The name of the site or company.
    public let brand: PrintedText?
    /// The news filter.
    public let newsCategories: [PrintedCategory]
    /// The article, when there is one.
    public let article: ArticleFacts?
    /// Lines that fit nowhere.
    public let unread: [PrintedText]
    /// Stations kept, after correction.
    public let stationsKept: Int
    /// What is wrong on the page.
    public let filing: FilingReport

    /// Makes the report of a page.
    public init(source: String, page: SitePage, filing: StationFiling) {
        self.source = source
        lines = page.lineCount
        selectedCity = page.selectedCity
        groups = Self.group(page)
        let names = page.provinces.flatMap { $0.cities.map(\.printed) }
        let letters = groups.map(\.letter).filter { !$0.isEmpty }
        counts = Counts(
            letters: letters.count, provinces: page.provinces.count, cities: names.count,
            distinctCityNames: Set(names).count)
        lettersWithoutGroup = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".map(String.init).filter { !letters.contains($0) }
        contact = page.contacts.first
        contacts = page.contacts
        brand = page.name
        newsCategories = page.categories
        article = page.article.map { ArticleFacts($0, source: source) }
        unread = page.unread
        stationsKept = filing.stations.count
        self.filing = filing.report
    }

    private static func group(_ page: SitePage) -> [LetterGroup] {
        var letters: [String] = []
        var byLetter: [String: [LetterGroup.Group]] = [:]
        for province in page.provinces {
            let letter = province.letter ?? ""
            if byLetter[letter] == nil { letters.append(letter) }
            byLetter[letter, default: []].append(
                .init(name: province.name, line: province.line, cities: province.cities.map(\.printed)))
        }
        return letters.map { LetterGroup(letter: $0, provinces: byLetter[$0] ?? []) }
    }

    enum CodingKeys: String, CodingKey {
        case source, lines, counts, groups, contact, contacts, brand, article, unread
        case selectedCity = "selected_city"
        case lettersWithoutGroup = "letters_without_group"
        case newsCategories = "news_categories"
        case stationsKept = "stations_kept"
    }

    /// Reads what `encode(to:)` wrote.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        source = try values.decode(String.self, forKey: .source)
        lines = try values.decode(Int.self, forKey: .lines)
        selectedCity = try values.decodeIfPresent(PrintedText.self, forKey: .selectedCity)
        counts = try values.decode(Counts.self, forKey: .counts)
        lettersWithoutGroup = try values.decode([String].self, forKey: .lettersWithoutGroup)
        groups = try values.decode([LetterGroup].self, forKey: .groups)
        contact = try values.decodeIfPresent(PrintedContact.self, forKey: .contact)
        contacts = try values.decode([PrintedContact].self, forKey: .contacts)
        brand = try values.decodeIfPresent(PrintedText.self, forKey: .brand)
        newsCategories = try values.decode([PrintedCategory].self, forKey: .newsCategories)
        article = try values.decodeIfPresent(ArticleFacts.self, forKey: .article)
        unread = try values.decode([PrintedText].self, forKey: .unread)
        stationsKept = try values.decode(Int.self, forKey: .stationsKept)
        filing = try FilingReport(from: decoder)
    }

    /// Writes page and comparison as one flat object.
    public func encode(to encoder: any Encoder) throws {
        try filing.encode(to: encoder)
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(source, forKey: .source)
        try values.encode(lines, forKey: .lines)
        try values.encodeIfPresent(selectedCity, forKey: .selectedCity)
        try values.encode(counts, forKey: .counts)
        try values.encode(lettersWithoutGroup, forKey: .lettersWithoutGroup)
        try values.encode(groups, forKey: .groups)
        try values.encodeIfPresent(contact, forKey: .contact)
        try values.encode(contacts, forKey: .contacts)
        try values.encodeIfPresent(brand, forKey: .brand)
        try values.encode(newsCategories, forKey: .newsCategories)
        try values.encodeIfPresent(article, forKey: .article)
        try values.encode(unread, forKey: .unread)
        try values.encode(stationsKept, forKey: .stationsKept)
    }
}
