/// A piece of text of the page, with the line where it stands (first line: 1).
public struct PrintedText: Hashable, Codable, Sendable {
    /// The text as printed, blanks at its ends cut.
    public let printed: String
    /// Its line.
    public let line: Int
}

/// A province of the station list with its cities, all in printed order.
public struct PrintedProvince: Hashable, Codable, Sendable {
    /// The letter that stands before it, or that of the last province that has one; nil when no letter was printed.
    public let letter: String?
    /// The name as printed.
    public let name: String
    /// The line of the name.
    public let line: Int
    /// The cities under it.
    public internal(set) var cities: [PrintedText]
}

/// A telephone number of the page.
public struct PrintedContact: Hashable, Codable, Sendable {
    /// The number as printed, without its label.
    public let printed: String
    /// Its line.
    public let line: Int
    /// Its digits alone.
    public let digits: String
}

/// A heading of the news filter.
public struct PrintedCategory: Hashable, Codable, Sendable {
    /// The name as printed.
    public let printed: String
    /// Its line.
    public let line: Int
    /// True for 全部, which stands for all categories and is none itself.
    public let isFilterAll: Bool

    enum CodingKeys: String, CodingKey {
        case printed, line
        case isFilterAll = "is_filter_all"
    }
}

/// The text of a company's web page, read: stations, contact, categories and one article, as printed.
///
/// Nothing is corrected here; `StationFiling` compares the stations with the official table.
public struct SitePage: Hashable, Codable, Sendable {
    /// The city that the visitor had chosen; it is no station of its own.
    public let selectedCity: PrintedText?
    /// The station list.
    public let provinces: [PrintedProvince]
    /// Telephone numbers.
    public let contacts: [PrintedContact]
    /// The name of the site or company.
    public let name: PrintedText?
    /// News categories.
    public let categories: [PrintedCategory]
    /// The article, when there is one.
    public let article: PrintedArticle?
    /// Lines with text that fit nowhere (banners, footers).
    public let unread: [PrintedText]
    /// Lines of the page.
    public let lineCount: Int

    enum CodingKeys: String, CodingKey {
        case selectedCity = "selected_city"
        case provinces, contacts, name, categories, article, unread
        case lineCount = "line_count"
    }

    /// Reads the raw text of a page.
    ///
    /// The order is the page's: the chosen city; provinces, each with its cities on the next line, a letter before the
    /// first province of each letter; telephone numbers and the name; news categories; title, line of author, date
    /// and reads, paragraphs, previous and next title. All but the stations may be missing. Any kind of blank, CRLF
    /// and a byte order mark are accepted. Time and memory are proportional to the text.
    ///
    /// - Parameters:
    ///   - text: The text; more than 4 MiB is refused.
    ///   - divisions: The table by which provinces and cities are recognised.
    /// - Returns: The page.
    /// - Throws: `SitePageError` for a text that is no such page, with the line and what was expected there.
    public static func parse(
        _ text: String, divisions: Divisions = .official
    ) throws(SitePageError) -> SitePage {
        let lines = try PageLines(text)
        var stations = StationListReader(lines: lines, divisions: divisions)
        let end = try stations.read()
        let news = NewsReader(lines: lines, from: end)
        return SitePage(
            selectedCity: stations.selectedCity, provinces: stations.provinces, contacts: news.contacts,
            name: news.name, categories: news.categories, article: news.article,
            unread: stations.unread + news.unread, lineCount: lines.count)
    }

    /// All cities with the province under which they are printed.
    public var cityCount: Int { provinces.reduce(0) { $0 + $1.cities.count } }
}
