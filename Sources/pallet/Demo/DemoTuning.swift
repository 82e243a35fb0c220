import Foundation
import Retrieval
import Storage
import Training

/// The demo's second half: the model tuned on rows made from the company's documents, asked the same held-out
/// questions before and after, and served where it does no worse.
struct DemoTuning {
    let home: Home
    let company: DemoCompany
    let model: String
    let threads: Int

    /// Fewer refusals than a full run has: they are one sentence, which a model learns before it learns to find answers.
    /// For the same reason the demo does not let the tuned model's refusals overrule what retrieval is sure of.
    private static let unanswerable = 0.1

    private var folder: RunFolder {
        RunFolder(home.url.appendingPathComponent("runs/demo", isDirectory: true))
    }
    private var rowsFile: URL { folder.url.appendingPathComponent("rows.jsonl") }
    private var scoresFile: URL { folder.url.appendingPathComponent("scores.json") }
    private var beforeFile: URL { folder.url.appendingPathComponent("before.json") }

    /// Tunes, measures and sets the assistant; what an earlier run in this home did is taken up.
    func run() async throws {
        guard let questions = company.facts.questions else {
            return Output.note(
                text("company.json 没有 questions（留作测验的问题），不做微调", "company.json names no held-out questions: no tuning"))
        }
        let heldOut = try QuestionList.read(company.folder.appendingPathComponent(questions))
        let asked = DemoQuestions(
            home: home, model: model, threads: threads, list: DemoQuestions.chosen(from: heldOut))
        let plan = try await plan(heldOut)
        let before: [AnswerScoring.Score] = try await kept(beforeFile) {
            try await asked.scores(text("微调前", "before tuning"), adapter: nil)
        }
        let session = TrainingSession(
            home: home, modelName: model,
            options: try DemoTuningPlan.arguments(folder, steps: plan.steps, threads: threads),
            data: try DemoTuningPlan.data(rowsFile), shape: try DemoTuningPlan.shape(), method: "lora")
        try session.run()
        let scores: DemoScores = try await kept(scoresFile) {
            DemoScores(
                before: before,
                after: try await asked.scores(text("微调后", "after tuning"), adapter: folder.adapter.path))
        }
        Output.line("\n" + scores.table(asked.list))
        Output.line(text("曲线：", "curves: ") + folder.curves.path)
        try await serve(scores)
    }

    /// Rows and steps of the run. Rows of other documents, or another model, begin anew.
    private func plan(_ heldOut: [ListedQuestion]) async throws -> DemoTuningPlan {
        let made = try await rows(heldOut)
        let beside = home.url.appendingPathComponent("runs/demo-rows.jsonl")
        try FileManager.default.createDirectory(
            at: beside.deletingLastPathComponent(), withIntermediateDirectories: true)
        try TuningRowFile.write(made.rows, to: beside)
        let hash = try FileHash.of(beside)
        let refused = made.counts.filter { $0.key.isRefusal }.map(\.value).reduce(0, +)
        Output.line(
            text(
                "   由公司资料生成 \(made.rows.count) 行，其中拒答 \(refused) 行；\(heldOut.count) 道测验题不在其中",
                "   \(made.rows.count) rows made from the documents, \(refused) of them refusals; none asks one of the "
                    + "\(heldOut.count) held-out questions"))
        if let plan = DemoTuningPlan.kept(in: folder, data: hash, model: model) {
            try? FileManager.default.removeItem(at: beside)
            Output.line(text("   接着上次的微调：\(plan.steps) 步", "   going on with the earlier run of \(plan.steps) steps"))
            return plan
        }
        if FileManager.default.fileExists(atPath: folder.url.path) {
            Output.note(text("资料、模型或设置已变，重新微调", "documents, model or settings have changed: tuning begins anew"))
            try FileManager.default.removeItem(at: folder.url)
        }
        try FileManager.default.createDirectory(at: folder.url, withIntermediateDirectories: true)
        try FileManager.default.moveItem(at: beside, to: rowsFile)
        let plan = try DemoTuningPlan(home: home, model: model, rows: rowsFile, folder: folder, threads: threads)
        try plan.write(to: folder)
        let seconds = String(format: "%.0f", Double(plan.steps) * plan.secondsPerStep)
        Output.line(
            text(
                "   微调 \(plan.steps) 步，每步 \(DemoTuningPlan.rowsPerStep) 行，估计约 \(seconds) 秒",
                "   tuning: \(plan.steps) steps of \(DemoTuningPlan.rowsPerStep) rows, about \(seconds) s as estimated")
        )
        return plan
    }

    private func rows(_ heldOut: [ListedQuestion]) async throws -> TuningRows {
        let database = try PalletDatabase.open(home: home.url, access: .readOnly)
        let index = try await EmbedderLoading(home: home, threads: threads).index(DemoCompany.indexName, in: database)
        let known = try QuestionList.read(company.folder.appendingPathComponent(company.facts.calibration))
        var configuration = TuningRowMaker.Configuration()
        configuration.rows = DemoTuningPlan.possibleSteps.upperBound * DemoTuningPlan.rowsPerStep
        configuration.unanswerable = Self.unanswerable
        configuration.systemText = try await database.companyFacts.fact("system_text") ?? ""
        let bar = ProgressBar(text("生成", "making"), unit: .items(text("行", "rows")))
        let total = Int64(configuration.rows)
        return try await TuningRowMaker(index: index, configuration: configuration)
            .rows(known: known, heldOut: heldOut) { bar.update(Int64($0), of: total) }
    }

    /// A result that an earlier run kept, or a new one, which is kept.
    private func kept<Value: Codable>(_ file: URL, _ make: () async throws -> Value) async throws -> Value {
        if let data = try? Data(contentsOf: file), let value = try? JSONDecoder().decode(Value.self, from: data) {
            return value
        }
        let value = try await make()
        try JSONEncoder().encode(value).write(to: file, options: .atomic)
        return value
    }

    /// Sets the assistant to the tuned model unless it does worse, and says which one serves and why.
    private func serve(_ scores: DemoScores) async throws {
        let right = [scores.before, scores.after].map { $0.count(where: \.isRight) }
        let all = scores.before.count
        Output.line(
            scores.keepsTuned
                ? text(
                    "答对或正确拒答：前 \(right[0])/\(all)，后 \(right[1])/\(all)。由微调后的模型服务。",
                    "right answers and right refusals: \(right[0]) of \(all) before, \(right[1]) after. The tuned model "
                        + "serves.")
                : text(
                    "答对或正确拒答：前 \(right[0])/\(all)，后 \(right[1])/\(all)。微调没有更好，仍由原模型服务；更多的步数：pallet train lora --help。",
                    "right answers and right refusals: \(right[0]) of \(all) before, \(right[1]) after. Tuning did worse, "
                        + "so the model as published serves; more steps: pallet train lora --help."))
        Output.note(
            text(
                "（\(all) 题太少，只作演示；全部测验题：pallet ask --questions … --score）",
                "(\(all) questions are few; all of them: pallet ask --questions … --score)"))
        guard scores.keepsTuned else { return }
        let database = try PalletDatabase.open(home: home.url)
        guard var record = try await database.assistants.assistant(named: "assistant") else { return }
        record.settings.adapter = folder.adapter.path
        try await database.assistants.save(record)
    }
}
