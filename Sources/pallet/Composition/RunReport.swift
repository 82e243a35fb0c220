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
    private let rows: (read: Int, tokens: Int, trained: Int, heldOut: Int, replay: Int, general: Int)
    private let trainedValues: Int
    private let modelName: String
    private let template: String?
    private let threads: Int
    private let leads: Bool
    private let bar = ProgressBar(text("训练", "training"), unit: .items(text("步", "steps")))

    private struct Course {
        var heldOut: [(step: Int, loss: Double)] = []
        var peak: PeakShare?
    }
    private let course: Mutex<Course>

    /// - Parameter peak: nil where the share of the machine's peak is not known.
    init(
        folder: RunFolder, method: String, identity: RunIdentity, parts: TrainingSession.Parts, model: TrainingModel,
        threads: Int, leads: Bool, peak: PeakShare?
    ) {
        self.folder = folder
        self.method = method
        self.identity = identity
        let data = parts.rows
        rows = (
            data.report.rows, data.report.tokens, data.report.trainedTokens, data.heldOut?.count ?? 0, data.replayRows,
            data.general?.count ?? 0
        )
        trainedValues = model.arena.parameters.reduce(0) { $0 + $1.count }
        modelName = parts.base.configuration.name
        template = parts.definition.templateFingerprint
        self.threads = threads
        self.leads = leads
        course = Mutex(Course(peak: peak))
    }

    func begin(_ trainer: Trainer) {
        guard leads else { return }
        let steps = trainer.settings.schedule.steps
        let replay = rows.replay > 0 ? text("，混入通用数据 \(rows.replay) 行", ", \(rows.replay) general rows mixed in") : ""
        let general =
            rows.general > 0 ? text("，看遗忘的 \(rows.general) 行", ", \(rows.general) rows to see forgetting by") : ""
        Output.note(
            text(
                "\(rows.read) 行，\(rows.tokens) 词元（训练 \(rows.trained)），留出 \(rows.heldOut) 行",
                "\(rows.read) rows, \(rows.tokens) tokens (\(rows.trained) trained), \(rows.heldOut) rows held out")
                + replay + general
                + text("；训练 \(trainedValues) 个参数，\(steps) 步", "; \(trainedValues) values trained, \(steps) steps"))
    }

    func show(_ progress: RunProgress) {
        guard leads else { return }
        let m = progress.metrics
        let share = course.withLock { course -> Double? in
            if let loss = progress.heldOutLoss { course.heldOut.append((m.step + 1, loss)) }
            course.peak?.add(m)
            return course.peak?.share(of: progress.seconds)
        }
        var title =
            text("训练 损失 ", "training loss ") + String(format: "%.3f", m.loss)
            + String(format: "  %.0f tok/s", progress.tokensPerSecond)
        if let share { title += text("  峰值的 ", "  ") + Self.percent(share) + text("", " of peak") }
        bar.title(title, Int64(m.step + 1), of: Int64(progress.steps))
    }

    /// Writes the curves and the card, and says how the run went.
    func end(_ result: RunResult) throws -> RunCard {
        let losses = try metrics()
        let (heldOut, peak) = course.withLock { ($0.heldOut, $0.peak) }
        let plot = CurvePlot(losses: losses.map(\.loss), heldOut: heldOut, rates: losses.map(\.rate))
        try Data(
            plot.svg(
                title: "\(modelName) · \(method)", loss: text("损失", "loss"), held: text("留出行", "held-out"),
                rate: text("学习率", "learning rate"), steps: text("步", "steps")
            ).utf8
        ).write(to: folder.curves, options: .atomic)
        let card = card(result, peak)
        try card.write(to: folder.card)
        Output.note(text("损失 ", "loss ") + plot.line())
        say(text("留出行损失 ", "held-out loss "), result.before, result.after)
        say(text("通用文本损失 ", "loss on general text "), result.generalBefore, result.generalAfter)
        let share = card.peak_share.map {
            ", " + text("FMA 峰值的 ", "") + Self.percent($0) + text("", " of the FMA peak")
        }
        Output.note(
            text("用时 ", "time ")
                + String(format: "%.1f s, %.1f tok/s", result.seconds, card.tokens_per_second) + (share ?? "")
                + "  ·  \(folder.url.path)")
        return card
    }

    private func card(_ result: RunResult, _ peak: PeakShare?) -> RunCard {
        RunCard(
            method: method, model: modelName, ending: result.ending.rawValue, steps: result.state.step,
            seconds: result.seconds,
            tokens_per_second: result.seconds > 0 ? Double(result.computedTokens) / result.seconds : 0,
            peak_share: peak?.share(of: result.seconds), fma_peak_gflops: peak.map { $0.peak / 1e9 }, threads: threads,
            trained_values: trainedValues, rows: rows.read, tokens: rows.tokens, trained_tokens: rows.trained,
            held_out_rows: rows.heldOut, replay_rows: rows.replay, general_rows: rows.general,
            held_out_before: result.before, held_out_after: result.after, general_before: result.generalBefore,
            general_after: result.generalAfter, best_step: result.state.bestStep, cpu: Processor.name,
            version: Pallet.configuration.version, code: FileHash.ofProgram(), template: template,
            configuration: identity.fingerprint, identity: identity.fields)
    }

    /// A loss before and after, where both are known.
    private func say(_ name: String, _ before: HeldOutScore?, _ after: HeldOutScore?) {
        guard let before, let after else { return }
        func words(_ score: HeldOutScore) -> String {
            let bits = score.bitsPerByte.map { String(format: ", %.3f bits/byte", $0) } ?? ""
            return String(format: "%.4f", score.loss) + bits
        }
        Output.note(name + words(before) + " → " + words(after))
    }

    private static func percent(_ share: Double) -> String { String(format: "%.0f %%", 100 * share) }

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
