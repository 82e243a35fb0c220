import ArgumentParser
import Foundation
import Retrieval
import Storage

/// `pallet train data`: tuning rows from the documents of an index.
struct TrainDataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: text("由公司资料生成微调数据", "Makes tuning rows from the company's documents."),
        discussion: text(
            "每行是一段对话：助手会看到的资料和问题，以及资料中的答句或“资料中未找到”。不需要别的模型。",
            "Each row is a dialogue: the passages and question as the assistant is given them, and the sentence that answers "
                + "or the refusal. No other model is needed."))
    @OptionGroup var home: HomeOptions
    @Option(help: ArgumentHelp(text("索引名称", "name of the index"))) var index: String?
    @Option(help: ArgumentHelp(text("已知问答清单（JSONL），也用作训练", "known questions and answers (JSONL), trained on too")))
    var questions: [String] = []
    @Option(help: ArgumentHelp(text("留作测验的问题清单：不训练，并报告资料覆盖", "held-out questions: never trained on; coverage is told")))
    var heldOut: [String] = []
    @Option(help: ArgumentHelp(text("行数", "number of rows"))) var rows = 320
    @Option(help: ArgumentHelp(text("拒答行所占比例", "share of rows that are refused"))) var unanswerable = 0.3
    @Option(help: ArgumentHelp(text("每题给出的资料段数", "passages shown with a question"))) var passages = 3
    @Option(help: ArgumentHelp(text("同一组资料上的问题数", "questions that share passages"))) var questionsPerGroup = 8
    @Option(help: ArgumentHelp(text("提示样式", "prompt style"))) var style: String?
    @Option(help: ArgumentHelp(text("一并训练的通用数据（messages JSONL）", "general rows to mix in (messages JSONL)")))
    var general: String?
    @Option(help: ArgumentHelp(text("通用数据占全部的比例", "share of general rows among all"))) var generalShare = 0.1
    @Option(help: ArgumentHelp(text("随机种子", "seed"))) var seed: UInt64 = 1
    @Option(name: [.short, .long], help: ArgumentHelp(text("输出文件（JSONL）", "file to write (JSONL)"))) var output: String
    @OptionGroup var threads: ThreadOptions
    @Flag(help: ArgumentHelp(text("以 JSON 报告", "report as JSON"))) var json = false

    func validate() throws {
        guard (1...1_000_000).contains(rows) else { throw ValidationError("--rows: 1–1000000") }
        guard (0...1).contains(unanswerable) else { throw ValidationError("--unanswerable: 0–1") }
        guard (1...20).contains(passages) else { throw ValidationError("--passages: 1–20") }
        guard (1...64).contains(questionsPerGroup) else { throw ValidationError("--questions-per-group: 1–64") }
        guard (0..<1).contains(generalShare) else { throw ValidationError("--general-share: 0–1") }
        if let style, PromptStyle.named(style) == nil {
            throw ValidationError(text("未知样式 \(style)", "unknown style \(style)"))
        }
    }

    func run() async throws {
        let database = try PalletDatabase.open(home: home.folder.url, access: .readOnly)
        let index = try await IndexChoice(
            database: database, embedders: EmbedderLoading(home: home.folder, threads: threads.count)
        ).index(index)
        let known = try questions.flatMap { try QuestionList.read(URL(fileURLWithPath: $0)) }
        let heldOut = try heldOut.flatMap { try QuestionList.read(URL(fileURLWithPath: $0)) }
        let general = try general.map { try TuningRowFile.read(URL(fileURLWithPath: $0)) } ?? []
        var configuration = TuningRowMaker.Configuration()
        configuration.rows = rows
        configuration.unanswerable = unanswerable
        configuration.passages = passages
        configuration.questionsPerGroup = questionsPerGroup
        configuration.systemText = try await database.companyFacts.fact("system_text") ?? ""
        configuration.seed = seed
        if let style, let named = PromptStyle.named(style) { configuration.style = named }
        let bar = ProgressBar(text("生成", "making"), unit: .items(text("行", "rows")))
        let total = Int64(rows)
        let made = try await TuningRowMaker(index: index, configuration: configuration)
            .rows(known: known, heldOut: heldOut) { bar.update(Int64($0), of: total) }
        let all = TuningRowFile.mixed(made.rows, with: general, share: generalShare, seed: seed)
        try TuningRowFile.write(all, to: URL(fileURLWithPath: output))
        let report = TuningRowReport(made, general: all.count - made.rows.count, wanted: rows)
        if json { try Output.json(report) } else { Output.line(report.text) }
    }
}

/// What was made, for people and programs.
struct TuningRowReport: Encodable {
    struct Part: Encodable {
        let questions: Int
        let covered: Int
    }

    let rows: Int
    let wanted: Int
    let groups: Int
    let general: Int
    let counts: [String: Int]
    let refused: Int
    let droppedHeldOut: Int
    let droppedUnsupported: Int
    let notFound: Int
    let coverage: [String: Part]?
    let notCovered: [String]?

    init(_ made: TuningRows, general: Int, wanted: Int) {
        rows = made.rows.count
        self.wanted = wanted
        self.general = general
        groups = made.groups
        counts = Dictionary(made.counts.map { ($0.key.rawValue, $0.value) }) { $0 + $1 }
        refused = made.counts.filter { $0.key.isRefusal }.map(\.value).reduce(0, +)
        droppedHeldOut = made.droppedHeldOut
        droppedUnsupported = made.droppedUnsupported
        notFound = made.notFound
        coverage = made.coverage?.kinds.mapValues { Part(questions: $0.questions, covered: $0.covered) }
        notCovered = made.coverage?.missing
    }

    var text: String {
        var table = Table(
            header: [pallet.text("类别", "kind"), pallet.text("行数", "rows")], rightAligned: [1])
        for kind in TuningRowKind.allCases {
            if let count = counts[kind.rawValue] { table.add([Self.name(kind), "\(count)"]) }
        }
        if general > 0 { table.add([pallet.text("通用", "general"), "\(general)"]) }
        var lines = [
            table.description,
            pallet.text(
                "共 \(rows) 行（其中拒答 \(refused) 行），\(groups) 组资料。与测验题相同而舍去 \(droppedHeldOut) 次，"
                    + "答案核对不过而舍去 \(droppedUnsupported) 次，本段未检索到 \(notFound) 次。",
                "\(rows) rows (\(refused) refused) on \(groups) sets of passages. Left out: \(droppedHeldOut) times a "
                    + "held-out question, \(droppedUnsupported) answers that the check does not pass; \(notFound) times the "
                    + "question's own passage was not found."),
        ]
        if rows < wanted {
            lines.append(
                pallet.text(
                    "资料只够生成 \(rows) 行（要求 \(wanted) 行）。",
                    "The documents give only \(rows) rows of the \(wanted) asked for."))
        }
        if let coverage {
            let all = coverage.values.reduce((0, 0)) { ($0.0 + $1.questions, $0.1 + $1.covered) }
            let kinds = coverage.sorted { $0.key < $1.key }.map {
                "\($0.key) \($0.value.covered)/\($0.value.questions)"
            }
            lines.append(
                pallet.text(
                    "测验题的答案在所示资料中：\(all.1)/\(all.0)（\(kinds.joined(separator: "，"))）。微调最多只能达到这里。",
                    "Held-out answers that stand in the passages shown: \(all.1) of \(all.0) "
                        + "(\(kinds.joined(separator: ", "))): the most that tuning can reach."))
        }
        return lines.joined(separator: "\n")
    }

    private static func name(_ kind: TuningRowKind) -> String {
        switch kind {
        case .known: pallet.text("清单中的问题", "known questions")
        case .asked: pallet.text("资料中的问答", "questions in documents")
        case .field: pallet.text("表格字段", "table fields")
        case .comparison: pallet.text("两行相比", "two rows compared")
        case .number: pallet.text("数量", "numbers")
        case .time: pallet.text("时间", "times")
        case .person: pallet.text("人员", "persons")
        case .yesNo: pallet.text("能否", "yes or no")
        case .definition: pallet.text("含义", "meanings")
        case .reason: pallet.text("原因", "reasons")
        case .list: pallet.text("列举", "lists")
        case .topic: pallet.text("小节", "sections")
        case .knownRefused: pallet.text("拒答：清单中的问题", "refused: known questions")
        case .elsewhere: pallet.text("拒答：答案在别处", "refused: answered elsewhere")
        case .otherAttribute: pallet.text("拒答：未写明的方面", "refused: not written of it")
        case .otherThing: pallet.text("拒答：别的型号、城市或年份", "refused: other code, city or year")
        }
    }
}
