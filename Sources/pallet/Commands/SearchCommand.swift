import ArgumentParser
import Foundation
import Retrieval
import Storage

/// `pallet search`: the passages that answer a query best.
struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: text("检索资料", "Searches the documents."))
    @Option(help: ArgumentHelp(text("要找什么", "what to look for"))) var query: String
    @Option(help: ArgumentHelp(text("索引名称", "name of the index"))) var index: String?
    @Option(help: ArgumentHelp(text("最多几段", "most passages"))) var limit = 5
    @OptionGroup var home: HomeOptions
    @OptionGroup var threads: ThreadOptions
    @Flag var json = false

    private struct Hit: Encodable {
        let document: String
        let title: String
        let heading: String
        let date: String?
        let offset: Int
        let length: Int
        let text: String
        let score: Double
        let highlights: [[Int]]
    }

    func validate() throws {
        guard (1...100).contains(limit) else { throw ValidationError(text("--limit 应为 1–100", "--limit: 1 to 100")) }
    }

    func run() async throws {
        let database = try PalletDatabase.open(home: home.folder.url, access: .readOnly)
        let choice = IndexChoice(
            database: database, embedders: EmbedderLoading(home: home.folder, threads: threads.count))
        let hits = try await choice.index(index).search(query, limit: limit)
        if json {
            return try Output.json(
                hits.map { hit in
                    Hit(
                        document: hit.passage.document.path, title: hit.passage.document.title,
                        heading: hit.passage.heading, date: hit.passage.document.date, offset: hit.passage.start,
                        length: hit.passage.length, text: hit.passage.text, score: hit.score,
                        highlights: hit.highlights.map { [$0.lowerBound, $0.upperBound] })
                })
        }
        if hits.isEmpty { Output.note(text("资料中未找到", "nothing found")) }
        for (number, hit) in hits.enumerated() {
            Output.line("[\(number + 1)] \(hit.passage.document.path)  \(hit.passage.heading)")
            Output.line(hit.passage.text + "\n")
        }
    }
}
