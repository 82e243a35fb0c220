import ModelFormats
import Tensors

/// Preference tuning: what is made small depends on Σ log p of whole answers (README-training §6).
///
/// The answers are computed once to know how good they are, and once more for their gradients.
public final class PreferenceObjective: Objective {
    /// Pairs, or judged answers for KTO.
    public enum Rows: Sendable {
        case pairs([PreferencePair])
        case judged([JudgedCompletion])

        var count: Int {
            switch self {
            case .pairs(let pairs): pairs.count
            case .judged(let judged): judged.count
            }
        }
    }

    private let rows: Rows
    private let method: PreferenceMethod
    private let beta: Double, gamma: Double
    private let reference: TrainingModel?
    private let settings: TrainerSettings
    private let order: RowOrder
    private var referenceSpace: TrainingWorkspace?

    /// - Parameters:
    ///   - reference: the frozen model; nil where the method needs none.
    public init(
        _ method: PreferenceMethod, rows: Rows, beta: Double, gamma: Double, reference: TrainingModel?,
        settings: TrainerSettings
    ) {
        self.rows = rows
        self.method = method
        self.beta = beta
        self.gamma = gamma
        self.reference = reference
        self.settings = settings
        order =
            settings.shuffles
            ? RowOrder(count: rows.count, seed: settings.seed) : RowOrder(inFileOrder: rows.count)
    }

    /// Rows of the data.
    public var rowCount: Int { rows.count }

    /// The row at a place of the run: epoch after epoch.
    public func row(at place: Int) -> Int { order.row(at: place) }

    /// Adds the gradients of a step's rows.
    public func addGradients(
        of indices: [Int], step: Int, with trainer: Trainer, ratios: MagnitudeRatios
    ) throws -> StepOutcome {
        var sequences: [TrainingRow] = [], isWanted: [Bool] = [], mismatched: [TrainingRow] = []
        switch rows {
        case .pairs(let pairs):
            for pair in indices.map({ pairs[$0] }) {
                sequences += [Self.row(pair.prompt, pair.chosen), Self.row(pair.prompt, pair.rejected)]
            }
        case .judged(let judged):
            let own = indices.map { judged[$0] }
            for (index, row) in own.enumerated() {
                sequences.append(Self.row(row.prompt, row.completion))
                isWanted.append(row.isWanted)
                mismatched.append(Self.row(row.prompt, own[(index + own.count - 1) % own.count].completion))
            }
        }
        for (place, row) in sequences.enumerated() {
            let perRow = sequences.count / max(indices.count, 1)
            try SupervisedObjective.check(row, indices[place / max(perRow, 1)], trainer.model)
        }
        let scores = try scores(sequences, trainer, ratios)
        let loss: PreferenceLoss
        if isWanted.isEmpty {
            let pairs = stride(from: 0, to: scores.count, by: 2).map { (scores[$0], scores[$0 + 1]) }
            loss = PreferenceLoss(method, beta: beta, gamma: gamma, pairs: pairs)
        } else {
            loss = PreferenceLoss(
                beta: beta, judged: Array(zip(scores, isWanted)),
                mismatched: try self.scores(mismatched, trainer, ratios))
        }
        let parts = MicroBatches.cut(sequences, tokens: settings.microBatchTokens, sharing: true)
        let said = try trainer.sumGradients(parts.count) { number in
            let part = parts[number]
            // d loss / d log p of each token of an answer is that of its sum.
            let batch = TrainingBatch(Array(sequences[part])) { Float(-loss.gradients[part.lowerBound + $0]) }
            let space = try trainer.space(for: batch)
            _ = trainer.model.addGradient(batch, workspace: space, pool: trainer.pool, ratios: ratios)
            return [Double(batch.tokens.count)]
        }
        let computed = Int(said.reduce(0) { $0 + $1[0] })
        return StepOutcome(
            loss: loss.loss, tokens: scores.reduce(0) { $0 + $1.count }, computedTokens: computed,
            metrics: loss.metrics)
    }

    private static func row(_ prompt: [Int32], _ answer: [Int32]) -> TrainingRow {
        TrainingRow(
            tokens: prompt + answer,
            labels: [Int32](repeating: TrainingRow.ignored, count: prompt.count) + answer)
    }

    private func scores(
        _ sequences: [TrainingRow], _ trainer: Trainer, _ ratios: MagnitudeRatios
    ) throws -> [AnswerScore] {
        var result = sequences.map { AnswerScore(sum: 0, count: $0.trainedCount) }
        let frozen = try reference?.magnitudeRatios(pool: trainer.pool)
        let parts = MicroBatches.cut(sequences, tokens: settings.microBatchTokens, sharing: true)
        var own: [Int: [Double]] = [:]
        for number in trainer.communicator.ownIndices(of: parts.count) {
            let part = parts[number], batch = TrainingBatch(Array(sequences[part]))
            var sums = [Double](repeating: 0, count: 2 * part.count)
            let space = try trainer.space(for: batch)
            let values = trainer.model.logProbabilities(batch, workspace: space, pool: trainer.pool, ratios: ratios)
            for (value, origin) in zip(values, batch.origins) { sums[2 * origin] += Double(value) }
            if method.needsReference, let reference, let frozen {
                let other = try spaceOfReference(reference, for: batch)
                let base = reference.logProbabilities(batch, workspace: other, pool: trainer.pool, ratios: frozen)
                for (value, origin) in zip(base, batch.origins) { sums[2 * origin + 1] += Double(value) }
            }
            own[number] = sums
        }
        for (part, sums) in zip(parts, try trainer.share(own, count: parts.count)) {
            for (place, row) in part.enumerated() {
                (result[row].sum, result[row].reference) = (sums[2 * place], sums[2 * place + 1])
            }
        }
        return result
    }

    private func spaceOfReference(_ reference: TrainingModel, for batch: TrainingBatch) throws -> TrainingWorkspace {
        let rows = batch.tokens.count, targets = batch.targets.count
        if let referenceSpace, referenceSpace.rows >= rows, referenceSpace.logProbabilities.count >= targets {
            return referenceSpace
        }
        let wanted = (rows + 127) / 128 * 128
        referenceSpace = nil
        // Nothing goes back through a reference: one block's activations will do.
        let fresh = try TrainingWorkspace(
            model: reference, rows: wanted, targets: max(targets, 2 * wanted), recomputes: true)
        referenceSpace = fresh
        return fresh
    }
}
