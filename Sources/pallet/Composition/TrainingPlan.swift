import Foundation
import ModelFormats
import Tensors
import Training

/// Memory and time of a run, from its rows and the machine's measured speed.
struct TrainingPlan {
    let base: ModelFile
    let part: TrainedPart
    let rows: TrainingData
    let settings: TrainerSettings
    let preference: PreferenceMethod?

    /// Tokens of the rows as they are computed, by the step.
    private var sequences: [Int] {
        if !rows.sample.isEmpty { return rows.sample.map(\.tokens.count) }
        let pairs = rows.pairs.map { $0.prompt.count + $0.chosen.count + $0.rejected.count }
        return pairs + rows.judged.map { $0.prompt.count + $0.completion.count }
    }

    /// Tokens that are computed and that are trained in a step, on the mean over the first steps, and the largest
    /// micro-batch.
    private func work() -> (tokens: Double, targets: Double, largest: Int, parts: Int) {
        let count = settings.batchRows
        guard !rows.sample.isEmpty else {
            let lengths = sequences, mean = Double(lengths.reduce(0, +)) / Double(max(lengths.count, 1))
            let tokens = mean * Double(count)
            let largest = max(min(Int(tokens), settings.microBatchTokens), lengths.max() ?? 0)
            let targets = Double(rows.report.trainedTokens) / Double(max(rows.report.rows, 1)) * Double(count)
            return (tokens, targets, largest, max(1, Int((tokens / Double(settings.microBatchTokens)).rounded(.up))))
        }
        let order: RowOrder
        if settings.shuffles {
            order = RowOrder(groups: RowGroups.groups(of: rows.sample), seed: settings.seed)
        } else {
            order = RowOrder(inFileOrder: rows.sample.count)
        }
        let steps = min(settings.schedule.steps, max(1, 400 / count))
        var tokens = 0, targets = 0, largest = 0, parts = 0
        for step in 0..<steps {
            let own = (step * count..<(step + 1) * count).map { rows.sample[order.row(at: $0)] }
            let batches = TrainingBatch.sizes(
                of: own, tokens: settings.microBatchTokens, sharing: settings.sharesBeginnings && settings.noise == 0)
            tokens += batches.reduce(0, +)
            largest = max(largest, batches.max() ?? 0)
            parts = max(parts, batches.count)
            targets += own.reduce(0) { $0 + $1.trainedCount }
        }
        return (Double(tokens) / Double(steps), Double(targets) / Double(steps), largest, parts)
    }

    func estimate() throws -> TrainingEstimate {
        let work = work()
        return try TrainingEstimate(
            file: base, part: part, rows: (work.largest + 127) / 128 * 128, microBatches: work.parts,
            recomputes: settings.recomputes, meanLength: Double(rows.report.longest) / 3,
            hasReference: preference?.needsReference ?? false, forward: settings.forward)
    }

    /// Seconds of the run at a machine's speed.
    func seconds(_ estimate: TrainingEstimate, speed: MachineSpeed) -> (step: Double, run: Double, tokens: Double) {
        let work = work()
        var step = estimate.seconds(
            tokens: work.tokens, targets: work.targets, microBatches: Double(work.parts), steps: 1, at: speed)
        if let preference {
            // Answers are computed once more to know their gradients' weights, and by the reference.
            let forward = estimate.seconds(
                tokens: work.tokens / 3, targets: work.targets / 3, microBatches: 0, steps: 0, at: speed)
            step += forward * (preference.needsReference ? 2 : 1) * (preference == .kto ? 2 : 1)
        }
        return (step, step * Double(settings.schedule.steps), work.tokens)
    }
}

/// What the machine has.
enum MachineMemory {
    /// Bytes that can be had without swapping, or the limit of the control group where that is lower; nil where the
    /// system does not say.
    static var available: Int? {
        guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8) else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
        guard let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return nil }
        let limit = (try? String(contentsOfFile: "/sys/fs/cgroup/memory.max", encoding: .utf8))
            .flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        return min(kilobytes * 1024, limit ?? .max)
    }
}

/// Amounts of memory for people.
enum Bytes {
    static func text(_ bytes: Int) -> String {
        bytes >= 1_000_000_000
            ? String(format: "%.2f GB", Double(bytes) / 1e9) : String(format: "%.0f MB", Double(bytes) / 1e6)
    }
}
