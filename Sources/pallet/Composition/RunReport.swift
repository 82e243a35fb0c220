import ArgumentParser
import Foundation
import ModelFormats
import Synchronization
import Training

/// What a run shows while it goes, and the card and curves that it leaves.
final class RunReport: Sendable {
    private let folder: RunFolder
    private let method: String
    private let identity: RunIdentity
    private let facts: (rows: Int, tokens: Int, trained: Int, heldOut: Int)
    private let trainedValues: Int
    private let modelName: String
    private let threads: Int
    private let leads: Bool
    private let bar = ProgressBar(text("训练", "training"), unit: .items(text("步", "steps")))

    private struct Course {
        var heldOut: [(step: Int, loss: Double)] = []
        var lastLoss = 0.0
    }
    private let course = Mutex(Course())

    init(
        folder: RunFolder, method: String, identity: RunIdentity, rows: TrainingData, model: TrainingModel,
        base: ModelFile, threads: Int, leads: Bool
    ) {
        self.folder = folder
        self.method = method
        self.identity = identity
        facts = (rows.report.rows, rows.report.tokens, rows.report.trainedTokens, rows.heldOut?.count ?? 0)
        trainedValues = model.arena.parameters.reduce(0) { $0 + $1.count }
        modelName = base.configuration.name
        self.threads = threads
        self.leads = leads
    }

    func begin(_ trainer: Trainer) {
        guard leads else { return }
        Output.note(
            text(
                "\(facts.rows) 行，\(facts.tokens) 词元（训练 \(facts.trained)），留出 \(facts.heldOut) 行；训练 \(trainedValues) 个参数，\(trainer.settings.schedule.steps) 步",
                "\(facts.rows) rows, \(facts.tokens) tokens (\(facts.trained) trained), \(facts.heldOut) rows held out; "
                    + "\(trainedValues) values trained, \(trainer.settings.schedule.steps) steps"))
    }

    func show(_ progress: RunProgress) {
        guard leads else { return }
        let m = progress.metrics
        course.withLock { course in
            course.lastLoss = m.loss
            if let loss = progress.heldOutLoss { course.heldOut.append((m.step + 1, loss)) }
        }
        let title =
            text("训练 损失 ", "training loss ") + String(format: "%.3f", m.loss)
            + String(format: "  %.0f tok/s", progress.tokensPerSecond)
        bar.title(title, Int64(m.step + 1), of: Int64(progress.steps))
    }

    private struct Card: Encodable {
        let method, model, ending: String
        let steps: Int
        let seconds, tokens_per_second: Double
        let threads, trained_values, rows, tokens, trained_tokens, held_out_rows: Int
        let held_out_before, held_out_after: HeldOutScore?
        let best_step: Int?
        let cpu, version: String
        let identity: [String: String]
    }

    func end(_ result: RunResult) throws {
        let losses = try metrics()
        let plot = CurvePlot(
            losses: losses.map(\.loss), heldOut: course.withLock { $0.heldOut }, rates: losses.map(\.rate))
        try Data(
            plot.svg(
                title: "\(modelName) · \(method)", loss: text("损失", "loss"), held: text("留出行", "held-out"),
                rate: text("学习率", "learning rate"), steps: text("步", "steps")
            ).utf8
        ).write(to: folder.curves, options: .atomic)
        let speed = result.seconds > 0 ? Double(result.computedTokens) / result.seconds : 0
        let card = Card(
            method: method, model: modelName, ending: result.ending.rawValue, steps: result.state.step,
            seconds: result.seconds, tokens_per_second: speed, threads: threads, trained_values: trainedValues,
            rows: facts.rows, tokens: facts.tokens, trained_tokens: facts.trained, held_out_rows: facts.heldOut,
            held_out_before: result.before, held_out_after: result.after, best_step: result.state.bestStep,
            cpu: Processor.name, version: Pallet.configuration.version, identity: identity.fields)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        try encoder.encode(card).write(to: folder.card, options: .atomic)
        Output.note(text("损失 ", "loss ") + plot.line())
        if let before = result.before, let after = result.after {
            func bits(_ score: HeldOutScore) -> String {
                score.bitsPerByte.map { String(format: ", %.3f bits/byte", $0) } ?? ""
            }
            Output.note(
                text("留出行损失 ", "held-out loss ")
                    + String(format: "%.4f", before.loss) + bits(before) + " → " + String(format: "%.4f", after.loss)
                    + bits(after))
        }
        Output.note(
            text("用时 ", "time ") + String(format: "%.1f s, %.1f tok/s", result.seconds, speed)
                + "  ·  \(folder.url.path)")
    }

    private struct Line: Decodable {
        let loss: Double?
        let learning_rate: Double
    }

    private func metrics() throws -> [(loss: Double, rate: Double)] {
        let decoder = JSONDecoder()
        return try Data(contentsOf: folder.metrics).split(separator: 0x0A).compactMap { line in
            guard let line = try? decoder.decode(Line.self, from: Data(line)) else { return nil }
            return (line.loss ?? .nan, line.learning_rate)
        }
    }
}
