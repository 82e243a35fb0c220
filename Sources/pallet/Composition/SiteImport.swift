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
            throw Failure(.data, "\(path)：\(Failure.chinese(error))", "\(path): \(error)")
        }
        let filing = StationFiling(page: page)
        let source = URL(fileURLWithPath: path).lastPathComponent
        let report = SiteImportReport(source: source, page: page, filing: filing)
        let database = try PalletDatabase.open(home: home.url)
        var facts: [String: String] = [:]
        if let number = page.contacts.first { facts["hotline"] = number.printed }
        if let name = page.name { facts["site"] = name.printed }
        if let city = page.selectedCity { facts["city"] = city.printed }
        if !page.categories.isEmpty { facts["categories"] = page.categories.map(\.printed).joined(separator: "\n") }
        let stations = filing.stations.enumerated().map { Storage.Station($1, position: $0, source: source) }
        guard let article = page.article else {
            try await database.importPage(stations: stations, facts: facts, articles: [])
            return report
        }
        // Whatever fails (a full disk above all) fails before anything is in use: first the document and a corpus
        // with it are written, then the database takes all in one transaction, and what is left are renames.
        let document = try SiteDocument(article, in: documents)
        do {
            let corpus = try CorpusBuilder().prepare(folder: documents, home: home.url, name: Self.corpusName)
            try await database.importPage(
                stations: stations, facts: facts, articles: [Article(article, source: source)])
            _ = try corpus.activate()
        } catch {
            document.undo()
            throw error
        }
        document.keep()
        return report
    }

    /// Articles as documents, which stage 1 reads like any others.
    private var documents: URL { home.url.appendingPathComponent("site/documents", isDirectory: true) }
}

/// An article as a document in the folder of the site's documents; it can be taken back.
private struct SiteDocument {
    private let file: URL
    /// The document of the same name that was there before, under a name that stage 1 passes over.
    private let before: URL

    init(_ article: PrintedArticle, in folder: URL) throws {
        let name = "site-\(article.date ?? "undated")-\(StableName.of(article.title)).md"
        file = folder.appendingPathComponent(name)
        before = folder.appendingPathComponent(".\(name).before")
        let files = FileManager.default
        do {
            try files.createDirectory(at: folder, withIntermediateDirectories: true)
            if files.fileExists(atPath: file.path) {
                try? files.removeItem(at: before)
                try files.moveItem(at: file, to: before)
            }
            try Data(Self.text(article).utf8).write(to: file, options: .atomic)
        } catch {
            undo()
            let reason = SystemReason(error)
            throw Failure(
                .cannotCreate, "无法写入 \(file.path)：\(reason.chinese)；没有导入任何内容",
                "cannot write \(file.path): \(reason.english); nothing was imported")
        }
    }

    /// Removes the document and puts back the one before; renames only.
    func undo() {
        let files = FileManager.default
        if files.fileExists(atPath: before.path) {
            try? files.removeItem(at: file)
            try? files.moveItem(at: before, to: file)
        } else {
            try? files.removeItem(at: file)
        }
    }

    /// Removes the one before.
    func keep() { try? FileManager.default.removeItem(at: before) }

    private static func text(_ article: PrintedArticle) -> String {
        var head = ["---", "title: \(article.title)"]
        if let date = article.date { head.append("date: \(date)") }
        if let author = article.author { head.append("author: \(author)") }
        return
            (head + ["---", "", "# \(article.title)", "", article.paragraphs.map(\.printed).joined(separator: "\n\n")])
            .joined(separator: "\n") + "\n"
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
