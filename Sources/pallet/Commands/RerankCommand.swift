import ArgumentParser
import ChatTemplates
import Foundation
import Inference
import Tensors

/// `pallet rerank`: how well documents fit a query; `{"query", "documents"}` in, `{"scores"}` out, a line each.
struct RerankCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rerank",
        abstract: text(
            "按与问题的相关程度给文档打分（每行一个 JSON：query、documents）",
            "Scores documents against a query: JSON lines with query and documents."))

    @OptionGroup var model: ModelOptions
    @OptionGroup var threads: ThreadOptions
    @Option(help: ArgumentHelp(text("输入文件（默认：标准输入）", "file to read (default: standard input)"))) var input: String?
    @Option(
        name: .customLong("top-n"),
        help: ArgumentHelp(
            text("只给出最相关的若干项，另附 order（文档序号）", "only the best ones, and their places as order")))
    var topN: Int?
    @Option(help: ArgumentHelp(text("精度：integer 或 f32", "integer or f32 (exact, slower)"))) var compute = "integer"

    func validate() throws {
        if let topN, topN < 1 { throw ValidationError(text("--top-n 至少为 1", "--top-n must be at least 1")) }
        _ = try Precision(option: compute)
    }

    private struct Item {
        let place: String
        let query: String
        let documents: [String]

        init(place: String, value: TemplateValue) throws {
            self.place = place
            guard case .string(let query)? = value["query"], case .list(let items)? = value["documents"] else {
                throw Failure(
                    .data, "\(place) 应为 {\"query\": 字符串, \"documents\": [字符串, …]}",
                    "\(place): expected {\"query\": string, \"documents\": [string, …]}")
            }
            self.query = query
            documents = try items.map { item in
                guard case .string(let text) = item else {
                    throw Failure(.data, "\(place)：documents 应全为字符串", "\(place): documents must be strings")
                }
                return text
            }
        }
    }

    private struct Line: Encodable {
        let scores: [Double]
        /// Places of the documents that the scores belong to, from 0; nil where all are given in their order.
        let order: [Int]?
    }

    func run() async throws {
        let tasks = try JSONTexts(file: input).values.map { try Item(place: $0.place, value: $0.value) }
        let file = try ModelLoading(home: model.home.folder).open(model.model)
        let reranker = try Reranker(
            name: ModelLoading.servedName(model.model), file: file, threads: threads.count,
            precision: Precision(option: compute))
        for task in tasks {
            let scores: [Reranker.Score]
            do {
                scores = try await reranker.scores(query: task.query, passages: task.documents)
            } catch let error as RerankingError {
                throw Failure(.data, "\(task.place)：\(Failure.chinese(error))", "\(task.place): \(error)")
            }
            let cut = scores.count { $0.truncated }
            if cut > 0 {
                Output.note(
                    text(
                        "注意：\(task.place) 有 \(cut) 对文本超过 \(reranker.contextLength) 个词元，末尾未读",
                        "note: \(task.place): \(cut) pairs were longer than \(reranker.contextLength) tokens; their ends were "
                            + "not read"))
            }
            guard let topN else {
                try Output.json(Line(scores: scores.map(\.relevance), order: nil))
                continue
            }
            let order = scores.indices.sorted { (scores[$1].logit, $0) < (scores[$0].logit, $1) }.prefix(topN)
            try Output.json(Line(scores: order.map { scores[$0].relevance }, order: Array(order)))
        }
    }
}
