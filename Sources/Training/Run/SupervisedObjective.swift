import ModelFormats
import Tensors

/// Cross-entropy of the trained tokens of a step: Σ −log p over all of them, divided by their number.
public final class SupervisedObjective: Objective {
    private let source: any RowSource
    private let settings: TrainerSettings
    private let order: RowOrder

    /// Rows and how the run goes.
    public init(source: any RowSource, settings: TrainerSettings) {
        self.source = source
        self.settings = settings
        order =
            settings.shuffles
            ? RowOrder(groups: (0..<source.count).map { source.group($0) }, seed: settings.seed)
            : RowOrder(inFileOrder: source.count)
    }

    /// Rows of the data.
    public var rowCount: Int { source.count }

    /// The row at a place of the run: epoch after epoch.
    public func row(at place: Int) -> Int { order.row(at: place) }

    /// Adds the gradients of a step's rows.
    public func addGradients(
        of indices: [Int], step: Int, with trainer: Trainer, ratios: MagnitudeRatios
    ) throws -> StepOutcome {
        let rows = try indices.map { index in
            let row = try source.row(index)
            try Self.check(row, index, trainer.model)
            return row
        }
        let tokens = rows.reduce(0) { $0 + $1.trainedCount }
        let sharing = settings.sharesBeginnings && settings.noise == 0
        let parts = tokens == 0 ? [] : MicroBatches.cut(rows, tokens: settings.microBatchTokens, sharing: sharing)
        let said = try trainer.sumGradients(parts.count) { number in
            let part = parts[number]
            let batch = TrainingBatch(Array(rows[part]), sharing: sharing) { _ in 1 / Float(tokens) }
            let space = try trainer.space(for: batch)
            let noise = try noise(batch, first: step * settings.batchRows + part.lowerBound, trainer.model)
            let values = trainer.model.addGradient(
                batch, workspace: space, pool: trainer.pool, ratios: ratios, noise: noise)
            return [values.reduce(0) { $0 - Double($1) }, Double(batch.tokens.count)]
        }
        let loss = said.reduce(0) { $0 + $1[0] } / Double(max(tokens, 1))
        return StepOutcome(loss: loss, tokens: tokens, computedTokens: Int(said.reduce(0) { $0 + $1[1] }))
    }

    static func check(_ row: TrainingRow, _ index: Int, _ model: TrainingModel) throws {
        let vocabulary = model.shape.vocabulary, limit = model.configuration.contextLength
        for id in row.tokens where !(0..<vocabulary).contains(Int(id)) {
            throw TrainerError.unknownToken(id: Int(id), vocabulary: vocabulary, row: index)
        }
        for id in row.labels where id != TrainingRow.ignored && !(0..<vocabulary).contains(Int(id)) {
            throw TrainerError.unknownToken(id: Int(id), vocabulary: vocabulary, row: index)
        }
        if row.tokens.count > limit {
            throw TrainerError.rowTooLong(row: index, tokens: row.tokens.count, limit: limit)
        }
    }

    /// NEFTune (Jain et al., 2024): uniform noise of α / √(L E) on the embeddings of a row of L tokens.
    private func noise(_ batch: TrainingBatch, first: Int, _ model: TrainingModel) throws -> FloatBuffer? {
        guard settings.noise > 0 else { return nil }
        let width = model.shape.embedding
        let buffer = try FloatBuffer(count: batch.tokens.count * width)
        // One stream for a micro-batch: packed rows bring several documents each, and none may get another's noise.
        var random = TensorRandom(seed: settings.seed, name: "noise", index: UInt64(first))
        for tree in batch.forest.trees {
            let bound = Float(settings.noise / Double(tree.count * width).squareRoot())
            buffer.store(
                (0..<tree.count * width).map { _ in random.uniform(-bound, bound) }, at: tree.lowerBound * width)
        }
        return buffer
    }
}
