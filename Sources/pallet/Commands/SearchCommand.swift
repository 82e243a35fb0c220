import ArgumentParser
import Foundation
import Retrieval
import Storage

/// `pallet search`: the passages that answer a query best.
struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: text("检索资料", "Searches the documents."))
    @Option(help: ArgumentHelp(text("要找什么", "what to look for"))) var query: String?
    @Option(
        help: ArgumentHelp(
            text(
                "文件：JSON 字符串，每行一个或一个列表；每个问题输出一行 JSON",
                "file of JSON strings, one a line or as a list; prints a line of JSON for each")))
    var queries: String?
    @Option(
        help: ArgumentHelp(
            text(
                "按字词 words、按句向量 vectors，或两者 both；默认用索引所有的",
                "find by words, by vectors, or by both; by default by what the index has")))
    var by: SearchSide?
    @Option(help: ArgumentHelp(text("索引名称", "name of the index"))) var index: String?
    @Option(help: ArgumentHelp(text("最多几段", "most passages"))) var limit = 5
    @OptionGroup var reranker: RerankerOptions
    @OptionGroup var home: HomeOptions
    @OptionGroup var threads: ThreadOptions
    @Flag var json = false

    func validate() throws {
        guard (1...100).contains(limit) else { throw ValidationError(text("--limit 应为 1–100", "--limit: 1 to 100")) }
        guard (query == nil) != (queries == nil) else {
            throw ValidationError(text("请给出 --query 或 --queries 之一", "one of --query and --queries is needed"))
        }
        if by == .vectors, reranker.reranker != nil {
            throw ValidationError(
                text(
                    "--by vectors 只按向量排列，不能与 --reranker 同用",
                    "--by vectors takes no --reranker: it is the order of the vectors"))
        }
    }

    func run() async throws {
        let database = try PalletDatabase.open(home: home.folder.url, access: .readOnly)
        let choice = IndexChoice(
            database: database, embedders: EmbedderLoading(home: home.folder, threads: threads.count))
        var passages = try await choice.index(index)
        passages.reranking = try reranker.reranking(home: home.folder, threads: threads.count)
        let search = try TimedSearch(index: passages, by: by)
        if let queries {
            for query in try JSONTexts(file: queries).strings() {
                try Output.json(try await search.found(query, limit: limit))
            }
            return
        }
        let hits = try await search.hits(query ?? "", limit: limit)
        if json { return try Output.json(hits.map(SearchHit.init)) }
        if hits.isEmpty { Output.note(text("资料中未找到", "nothing found")) }
        for (number, hit) in hits.enumerated() {
            Output.line("[\(number + 1)] \(hit.passage.document.path)  \(hit.passage.heading)")
            Output.line(hit.passage.text + "\n")
        }
    }
}
