import ArgumentParser
import Foundation
import Inference
import Retrieval
import Service
import Storage

/// `pallet ask`: answers from the documents with their sources, one question or a list.
struct AskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ask", abstract: text("根据资料回答并注明出处", "Answers from the documents and names the sources."))
    @OptionGroup var home: HomeOptions
    @Option(help: ArgumentHelp(text("模型（默认：默认模型）", "model (default: the default model)"))) var model: String?
    @OptionGroup var adapter: AdapterOptions
    @Option(help: ArgumentHelp(text("一个问题", "one question"))) var question: String?
    @Option(help: ArgumentHelp(text("问题清单（JSONL：id、question）", "JSONL of id and question"))) var questions: String?
    @Option(help: ArgumentHelp(text("索引名称", "name of the index"))) var index: String?
    @Option(
        help: ArgumentHelp(text("提示样式", "prompt style") + ": " + PromptStyle.all.map(\.name).joined(separator: ", ")))
    var style: String?
    @OptionGroup var reranker: RerankerOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var cache: CacheOptions
    @Flag(help: ArgumentHelp(text("模型经过拒答微调：以模型的拒答为准", "the model was tuned to refuse: its refusals count")))
    var trustRefusals = false
    @Flag(help: ArgumentHelp(text("输出 JSON 行", "print JSON lines"))) var json = false
    @Flag(help: ArgumentHelp(text("与清单中的答案比较并列表", "compare with the list's answers and print a table"))) var score =
        false

    func validate() throws {
        guard (question == nil) != (questions == nil) else {
            throw ValidationError(text("请给出 --question 或 --questions", "give --question or --questions"))
        }
        if let style, PromptStyle.named(style) == nil {
            throw ValidationError(text("未知样式 \(style)", "unknown style \(style)"))
        }
        if score, questions == nil {
            throw ValidationError(text("--score 需要 --questions", "--score needs --questions"))
        }
    }

    func run() async throws {
        let database = try PalletDatabase.open(home: home.folder.url, access: .readOnly)
        var assistant = try await AssistantLoading(
            home: home.folder, database: database, threads: threads.count, cacheElement: cache.element
        ).assistant(
            model: model, adapter: adapter.adapter, index: index, style: style,
            reranking: try reranker.reranking(home: home.folder, threads: threads.count))
        assistant.configuration.trustsRefusals = trustRefusals
        if let question {
            let answer = try await assistant.answer(question)
            if json { return try Output.json(AnswerLine(id: "1", answer)) }
            return Output.line(AnswerText(answer: answer).text)
        }
        let list = try QuestionList.read(URL(fileURLWithPath: questions ?? ""))
        var scores: [AnswerScoring.Score] = []
        let bar = ProgressBar(text("回答", "answering"), unit: .items(text("题", "questions")))
        let start = Date()
        for (number, item) in list.enumerated() {
            let answer = try await assistant.answer(item.question)
            scores.append(AnswerScoring.score(answer, for: item))
            if json || !score { try Output.json(AnswerLine(id: item.id, answer)) }
            bar.update(Int64(number + 1), of: Int64(list.count))
        }
        if score {
            let seconds = Date().timeIntervalSince(start) / Double(max(1, list.count))
            let table = ScoreTable(list: list, scores: scores, seconds: seconds).text
            if json { Output.note(table) } else { Output.line(table) }
        }
    }
}

/// An answer as a line of JSON.
struct AnswerLine: Encodable {
    struct Source: Encodable {
        let document: String
        let offset: Int
        let length: Int
        let text: String
        let title: String
        let date: String?
    }

    let id: String
    let answer: String
    let answered: Bool
    let outcome: String
    let evidence: Double
    let refusal: Double?
    let citations: [Source]

    init(id: String, _ answer: Answer) {
        self.id = id
        self.answer = answer.text
        answered = answer.outcome != .notFound
        outcome = answer.outcome.rawValue
        evidence = answer.evidence
        refusal = answer.refusal
        citations = answer.citations.map {
            Source(
                document: $0.document, offset: $0.offset, length: $0.length, text: $0.text, title: $0.title,
                date: $0.date)
        }
    }
}

/// An answer for people: text, then numbered sources.
struct AnswerText {
    let answer: Answer

    var text: String {
        var lines = [answer.text]
        for citation in answer.citations {
            let place = citation.heading.isEmpty ? citation.title : citation.heading
            lines.append("  [\(citation.number)] \(citation.document) · \(place)")
            lines.append("      “\(citation.text.replacing("\n", with: " "))”")
        }
        return lines.joined(separator: "\n")
    }
}

/// How a question list went, by kind of question and in all.
struct ScoreTable {
    let list: [ListedQuestion]
    let scores: [AnswerScoring.Score]
    let seconds: Double

    var text: String {
        func percent(_ value: Double) -> String { value.isNaN ? "–" : String(format: "%.0f%%", value * 100) }
        var table = Table(
            header: [
                pallet.text("类别", "kind"), pallet.text("题数", "questions"), pallet.text("答对", "right"),
                pallet.text("作答", "answered"), pallet.text("出处对", "right source"), pallet.text("拒答", "refused"),
            ], rightAligned: [1, 2, 3, 4, 5])
        func add(_ name: String, _ part: [AnswerScoring.Score]) {
            let summary = AnswerScoring.summary(part)
            let answerable = summary.answerable > 0
            table.add([
                name, "\(part.count)", answerable ? percent(summary.right) : "–",
                answerable ? percent(summary.answered) : "–", answerable ? percent(summary.rightSource) : "–",
                summary.unanswerable > 0 ? percent(summary.refused) : "–",
            ])
        }
        let kinds = Dictionary(grouping: zip(list, scores)) { $0.0.answerable ? $0.0.kind ?? "" : "unanswerable" }
        for (kind, part) in kinds.sorted(by: { $0.key < $1.key }) { add(kind, part.map(\.1)) }
        add(pallet.text("合计", "all"), scores)
        let time = String(format: "%.2f", seconds)
        return table.description + "\n" + pallet.text("每题 \(time) 秒", "\(time) s per question")
    }
}
