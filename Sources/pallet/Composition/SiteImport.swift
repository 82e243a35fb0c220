import Corpus
import Foundation
import Site
import Storage

/// Reads a page and brings it into the database and the corpus.
///
/// Everything is keyed by what it is (a city, a title with its day), so that an import that was killed and is run
/// again leaves nothing double.
struct SiteImport {
    let home: Home

    /// The corpus that holds the site's articles.
    static let corpusName = "site"

    func run(_ path: String) async throws -> SiteImportReport {
        let data = try InputFile.data(path)
        guard let text = String(bytes: data, encoding: .utf8) else {
            throw Failure(.data, "\(path) 不是 UTF-8 文本", "\(path) is not UTF-8 text")
        }
        let page: SitePage
        do {
            page = try SitePage.parse(text)
        } catch {
            throw Failure(.data, "\(path)：\(error)", "\(path): \(error)")
        }
        let filing = StationFiling(page: page)
        let source = URL(fileURLWithPath: path).lastPathComponent
        let report = SiteImportReport(source: source, page: page, filing: filing)
        let database = try PalletDatabase.open(home: home.url)
        _ = try await database.stations.importStations(
            filing.stations.enumerated().map { Storage.Station($1, position: $0, source: source) })
        var facts: [String: String] = [:]
        if let number = page.contacts.first { facts["hotline"] = number.printed }
        if let name = page.name { facts["site"] = name.printed }
        if let city = page.selectedCity { facts["city"] = city.printed }
        if !page.categories.isEmpty { facts["categories"] = page.categories.map(\.printed).joined(separator: "\n") }
        try await database.companyFacts.setFacts(facts)
        if let article = page.article {
            _ = try await database.articles.importArticles([Article(article, source: source)])
            try writeDocument(article)
            _ = try CorpusBuilder().build(folder: documents, home: home.url, name: Self.corpusName)
        }
        return report
    }

    /// Articles as documents, which stage 1 reads like any others.
    private var documents: URL { home.url.appendingPathComponent("site/documents", isDirectory: true) }

    private func writeDocument(_ article: PrintedArticle) throws {
        try FileManager.default.createDirectory(at: documents, withIntermediateDirectories: true)
        var head = ["---", "title: \(article.title)"]
        if let date = article.date { head.append("date: \(date)") }
        if let author = article.author { head.append("author: \(author)") }
        let text =
            (head + ["---", "", "# \(article.title)", "", article.paragraphs.map(\.printed).joined(separator: "\n\n")])
            .joined(separator: "\n") + "\n"
        let name = "site-\(article.date ?? "undated")-\(StableName.of(article.title)).md"
        try Data(text.utf8).write(to: documents.appendingPathComponent(name), options: .atomic)
    }
}

/// A short name for a file from a title that may hold anything.
enum StableName {
    /// 64 bits of FNV-1a in hexadecimal: the same title gives the same name.
    static func of(_ text: String) -> String {
        let hash = text.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return String(hash, radix: 16)
    }
}

extension Storage.Station {
    /// A corrected station of a page.
    init(_ station: Site.Station, position: Int, source: String) {
        self.init(
            city: station.name, fullName: station.fullName ?? station.name, province: station.province,
            provinceCode: station.provinceCode ?? "", cityCode: station.code ?? "", initial: station.letter,
            pinyin: station.pinyin, pinyinInitials: station.initials, printedProvince: station.pageProvince,
            printedLetter: station.pageLetter, note: station.nameStatus == .official ? nil : station.printed,
            position: position, source: source)
    }
}

extension Article {
    init(_ article: PrintedArticle, source: String) {
        self.init(
            id: 0, title: article.title, author: article.author, published: article.date ?? "", category: nil,
            reads: article.reads ?? 0, text: article.body, previousTitle: article.previous?.title,
            nextTitle: article.next?.title, source: source)
    }
}
