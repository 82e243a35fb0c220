import ArgumentParser
import Foundation
import Retrieval
import Storage

/// `pallet index`: stage 2, records to passages that can be searched.
struct IndexCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "index", abstract: text("索引：切分并建立检索", "Index: passages that can be searched."),
        subcommands: [Build.self, Calibrate.self])

    struct Build: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: text("由语料建立索引", "Builds an index from corpora."))
        @Option(help: ArgumentHelp(text("语料名称（可多次）", "name of a corpus (repeatable)"))) var corpus: [String]
        @Option(help: ArgumentHelp(text("索引名称（默认：第一个语料的名称）", "name of the index (default: the first corpus's)")))
        var name: String?
        @OptionGroup var home: HomeOptions
        @OptionGroup var threads: ThreadOptions
        @Flag(help: ArgumentHelp(text("只按字词检索，不计算句向量", "find by words alone, without sentence vectors")))
        var wordsOnly = false
        @Flag var json = false

        func validate() throws {
            if corpus.isEmpty { throw ValidationError(text("请给出 --corpus", "give --corpus")) }
        }

        func run() async throws {
            let report = try await CorpusBuilding(home: home.folder, threads: threads.count)
                .index(corpus, name: name ?? corpus[0], wordsOnly: wordsOnly)
            if json { return try Output.json(report) }
            Output.line(
                text(
                    "索引 \(report.index)：\(report.documents) 条记录，\(report.passages) 段，新切 \(report.documentsCut) 条",
                    "index \(report.index): \(report.documents) records, \(report.passages) passages, "
                        + "\(report.documentsCut) records cut anew"))
        }
    }

    struct Calibrate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: text("按问题清单校准“找到/未找到”的界限", "Fits what counts as found to a question list."))
        @Option(help: ArgumentHelp(text("问题清单（JSONL：id、question、answerable）", "JSONL of id, question, answerable")))
        var questions: String
        @Option(help: ArgumentHelp(text("索引名称", "name of the index"))) var index: String?
        @OptionGroup var home: HomeOptions
        @OptionGroup var threads: ThreadOptions
        @Flag var json = false

        func run() async throws {
            let database = try PalletDatabase.open(home: home.folder.url)
            let passages = try await IndexChoice(
                database: database, embedders: EmbedderLoading(home: home.folder, threads: threads.count)
            ).index(index)
            let list = try QuestionList.read(URL(fileURLWithPath: questions))
            let report = try await Calibration().calibrate(passages, on: list)
            if json { return try Output.json(report) }
            func percent(_ value: Double) -> String { String(format: "%.1f%%", value * 100) }
            Output.line(
                text(
                    "\(report.answerable) 个可答、\(report.unanswerable) 个不可答；交叉验证：AUC \(String(format: "%.3f", report.auc))，"
                        + "可答判为可答 \(percent(report.answeredRate))，不可答判为未找到 \(percent(report.refusedRate))",
                    "\(report.answerable) answerable, \(report.unanswerable) not; cross-validated: AUC "
                        + "\(String(format: "%.3f", report.auc)), answerable ones found \(percent(report.answeredRate)), "
                        + "others refused \(percent(report.refusedRate))"))
        }
    }
}

/// Which index a command means when none is named.
struct IndexChoice {
    let database: PalletDatabase
    let embedders: EmbedderLoading

    func index(_ name: String?) async throws -> PassageIndex {
        let all = try await database.passages.allIndexes().filter { $0.active != nil }.map(\.name)
        if let name {
            guard all.contains(name) else {
                throw Failure(
                    .noInput, "没有索引 \(name)；已有：\(all.joined(separator: "、"))",
                    "there is no index \(name); there are: \(all.joined(separator: ", "))")
            }
            return try await embedders.index(name, in: database)
        }
        guard let only = all.first else {
            throw Failure(.noInput, "还没有索引：先运行 pallet index build", "there is no index yet: run pallet index build")
        }
        guard all.count == 1 else {
            throw Failure(
                .usage, "有多个索引，请用 --index 指定：\(all.joined(separator: "、"))",
                "there are several indexes, name one with --index: \(all.joined(separator: ", "))")
        }
        return try await embedders.index(only, in: database)
    }
}
