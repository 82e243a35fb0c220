import ArgumentParser
import Foundation
import Site
import Storage

/// `pallet site`: the company's web page text in, corrected stations and articles out.
struct SiteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "site", abstract: text("网站：导入网点与文章", "Site: stations and articles of the company's page."),
        subcommands: [Import.self, Stations.self, Articles.self])

    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: text("导入网页文本", "Imports the raw text of the company's web page."))
        @Argument(help: ArgumentHelp(text("网页文本文件", "text file of the page"))) var file: String
        @OptionGroup var home: HomeOptions
        @Flag(help: ArgumentHelp(text("输出 JSON 报告", "print the report as JSON"))) var json = false

        func run() async throws {
            let report = try await SiteImport(home: try home.folder.created()).run(file)
            if json { return try Output.json(report) }
            Output.line(report.text(in: Language.current == .chinese ? .chinese : .english))
        }
    }

    struct Stations: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: text("列出网点", "Lists the stations."))
        @OptionGroup var home: HomeOptions
        @Flag var json = false

        func run() async throws {
            let database = try PalletDatabase.open(home: home.folder.url, access: .readOnly)
            let stations = try await database.stations.allStations()
            if json { return try Output.json(stations) }
            for (province, group) in Dictionary(grouping: stations, by: \.province).sorted(by: { left, right in
                (left.value.first?.position ?? 0) < (right.value.first?.position ?? 0)
            }) {
                Output.line("\(group.first?.initial ?? "") \(province)：" + group.map(\.city).joined(separator: " "))
            }
        }
    }

    struct Articles: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: text("列出文章", "Lists the articles."))
        @OptionGroup var home: HomeOptions
        @Flag var json = false

        func run() async throws {
            let database = try PalletDatabase.open(home: home.folder.url, access: .readOnly)
            let articles = try await database.articles.articles(category: nil, limit: 10_000, offset: 0)
            if json { return try Output.json(articles) }
            for article in articles { Output.line("\(article.published)  \(article.title)") }
        }
    }
}
