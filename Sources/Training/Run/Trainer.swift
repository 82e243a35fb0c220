public import Tensors

/// How a run goes, beside the model and the data.
public struct TrainerSettings: Sendable, Equatable, Codable {
    /// The learning rate of each step; its `steps` is the length of the run.
    public var schedule: LearningRateSchedule
    /// What is done with gradients.
    public var optimizer: OptimizerSettings
    /// Rows of a step.
    public var batchRows: Int
    /// Tokens that are computed at once; a longer row is computed alone.
    public var microBatchTokens: Int
    /// Of shuffling, noise and fresh adapters.
    public var seed: UInt64
    /// False: rows in the order of the file, again and again.
    public var shuffles: Bool
    /// Whether beginnings that rows share are computed once.
    public var sharesBeginnings: Bool
    /// Activations are computed again on the way back.
    public var recomputes: Bool
    /// α of NEFTune's noise; 0 for none.
    public var noise: Double
    /// How frozen quantised weights are multiplied on the way forward.
    public var forward: ForwardPrecision

    /// See the properties.
    public init(
        schedule: LearningRateSchedule, optimizer: OptimizerSettings = OptimizerSettings(), batchRows: Int,
        microBatchTokens: Int = 2048, seed: UInt64 = 0, shuffles: Bool = true, sharesBeginnings: Bool = true,
        recomputes: Bool = false, noise: Double = 0, forward: ForwardPrecision = .exact
    ) {
        self.schedule = schedule
        self.optimizer = optimizer
        self.batchRows = batchRows
        self.microBatchTokens = microBatchTokens
        self.seed = seed
        self.shuffles = shuffles
        self.sharesBeginnings = sharesBeginnings
        self.recomputes = recomputes
        self.noise = noise
        self.forward = forward
    }
}

/// Why a run stops.
public enum TrainerError: Error, Equatable, CustomStringConvertible {
    /// A loss or gradient that is no number, or infinite; weights are those of the step before.
    case notFinite(step: Int, loss: Double, norm: Double)
    /// Weights that are no numbers after so many steps; they are not kept.
    case weightsNotFinite(steps: Int)
    /// A token that the model does not have.
    case unknownToken(id: Int, vocabulary: Int, row: Int)
    /// A row longer than the model's context.
    case rowTooLong(row: Int, tokens: Int, limit: Int)
    /// There are no rows.
    case noRows

    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .notFinite(let step, let loss, let norm):
            "step \(step): the loss is \(loss) and the gradient norm \(norm); the weights are those before the step. "
                + "Lower --learning-rate, clip with --clip-norm, or look at the rows of this step"
        case .weightsNotFinite(let steps):
            "after \(steps) steps weights are no numbers any more and are not kept; the last checkpoint, where there is "
                + "one, is. Lower --learning-rate and train into another folder"
        case .unknownToken(let id, let vocabulary, let row):
            "row \(row): token \(id) is outside the vocabulary of \(vocabulary) tokens"
        case .rowTooLong(let row, let tokens, let limit):
            "row \(row) has \(tokens) tokens, but the model's context has \(limit)"
        case .noRows: "there are no rows to train on"
        }
    }
}

/// Trains a model, one step at a time. Everything that a step does follows from the weights, the optimizer's state and
/// the number of the step, so a run that goes on from a checkpoint repeats the bits of one that was not stopped.
public final class Trainer {
    /// What is trained.
    public let model: TrainingModel
    /// The optimizer and its state.
    public let optimizer: Optimizer
    /// How the run goes.
    public let settings: TrainerSettings
    /// The step that comes next, from 0.
    public internal(set) var step = 0
    let pool: WorkerPool
    let objective: any Objective
    let communicator: any Communicator
    private var workspace: TrainingWorkspace?

    /// - Parameter communicator: the processes of the run; each takes its share of every step's micro-batches.
    /// - Throws: `TensorError.outOfMemory`, `TrainerError.noRows`.
    public init(
        model: TrainingModel, settings: TrainerSettings, objective: any Objective, pool: WorkerPool,
        communicator: any Communicator = SingleProcess()
    ) throws {
        self.communicator = communicator
        self.model = model
        self.settings = settings
        self.objective = objective
        self.pool = pool
        optimizer = try Optimizer(settings.optimizer, arena: model.arena)
        guard objective.rowCount > 0 else { throw TrainerError.noRows }
    }

    /// Whether all steps are done.
    public var isFinished: Bool { step >= settings.schedule.steps }

    /// One step: gradients of all micro-batches, norm, clipping, optimizer.
    public func next() throws -> StepMetrics {
        let ratios = try model.magnitudeRatios(pool: pool)
        let outcome = try objective.addGradients(of: rows(of: step), step: step, with: self, ratios: ratios)
        model.finishGradient(pool: pool, ratios: ratios)
        let norm = try optimizer.gradientNorm(pool: pool), rate = settings.schedule.rate(at: step)
        guard outcome.loss.isFinite, norm.isFinite else {
            throw TrainerError.notFinite(step: step, loss: outcome.loss, norm: norm)
        }
        optimizer.step(rate: rate, number: step + 1, norm: norm, pool: pool)
        defer { step += 1 }
        return StepMetrics(
            step: step, loss: outcome.loss, gradientNorm: norm, learningRate: rate, tokens: outcome.tokens,
            computedTokens: outcome.computedTokens, more: outcome.metrics)
    }

    /// The rows of a step: of the file in its order, or of each epoch in an order of its own.
    func rows(of step: Int) -> [Int] {
        (step * settings.batchRows..<(step + 1) * settings.batchRows).map(objective.row)
    }

    /// Adds up the gradients of a step's micro-batches in one tree over their numbers, whichever process computes which:
    /// the same bits for any number of processes. Gives what `body` says of each micro-batch.
    func sumGradients(_ count: Int, _ body: (Int) throws -> [Double]) throws -> [[Double]] {
        guard count > 0 else {
            model.clearGradient(pool: pool)
            return []
        }
        let own = communicator.ownIndices(of: count)
        guard count > 1 || communicator.size > 1 else {
            model.clearGradient(pool: pool)
            return [try body(0)]
        }
        var sum = try IndexedSum(count: count, length: model.arena.count, pool: pool)
        var said: [Int: [Double]] = [:]
        for index in own {
            model.clearGradient(pool: pool)
            said[index] = try body(index)
            try sum.add(index: index, model.arena.gradients)
        }
        try sum.finish(over: communicator, into: model.arena.gradients)
        return try share(said, count: count)
    }

    /// Numbers that each process has for its own indices, given to all.
    func share(_ own: [Int: [Double]], count: Int) throws -> [[Double]] {
        var message: [Int] = []
        for (index, values) in own.sorted(by: { $0.key < $1.key }) {
            message += [index, values.count] + values.map { Int(bitPattern: UInt(truncatingIfNeeded: $0.bitPattern)) }
        }
        var result = [[Double]](repeating: [], count: count)
        for part in try communicator.allGather(message) {
            var rest = part[...]
            while let index = rest.popFirst(), let length = rest.popFirst() {
                let values = rest.prefix(length).map { Double(bitPattern: UInt64(UInt(bitPattern: $0))) }
                rest = rest.dropFirst(length)
                if result.indices.contains(index) { result[index] = values }
            }
        }
        return result
    }

    /// Memory for a batch; it grows when a larger one comes.
    func space(for batch: TrainingBatch) throws -> TrainingWorkspace {
        let rows = batch.tokens.count, targets = batch.targets.count
        if let workspace, workspace.rows >= rows, workspace.logProbabilities.count >= targets { return workspace }
        let wanted = max((rows + 127) / 128 * 128, workspace?.rows ?? 0)
        workspace = nil
        let fresh = try TrainingWorkspace(
            model: model, rows: wanted, targets: max(targets, 2 * wanted), recomputes: settings.recomputes,
            forward: settings.forward)
        workspace = fresh
        return fresh
    }
}

/// What is made small: gradients of a step's rows are added to the model's arena.
public protocol Objective: AnyObject {
    /// Rows of the data.
    var rowCount: Int { get }
    /// The row at a place of the run: epoch after epoch.
    func row(at place: Int) -> Int
    /// Adds the gradients of a step's rows.
    func addGradients(
        of rows: [Int], step: Int, with trainer: Trainer, ratios: MagnitudeRatios
    ) throws -> StepOutcome
}

/// What an objective says of a step.
public struct StepOutcome: Sendable {
    /// The loss, trained tokens, computed tokens, and what is logged beside.
    public var loss: Double, tokens: Int, computedTokens: Int, metrics: [String: Double] = [:]
}

/// Cuts a step's sequences into micro-batches by the tokens that are computed: a shared beginning counts once.
struct MicroBatches {
    static func cut(_ sequences: [TrainingRow], tokens limit: Int, sharing: Bool) -> [Range<Int>] {
        var parts: [Range<Int>] = [], first = 0, size = 0
        for (index, row) in sequences.enumerated() {
            var cost = row.tokens.count
            if sharing, index > first, row.positions == nil, sequences[index - 1].positions == nil {
                let shared = zip(sequences[index - 1].tokens, row.tokens).prefix { $0 == $1 }.count
                if shared >= TrainingBatch.shortestShared { cost -= shared }
            }
            if index > first, size + cost > limit {
                parts.append(first..<index)
                (first, size) = (index, row.tokens.count)
            } else {
                size += cost
            }
        }
        if first < sequences.count { parts.append(first..<sequences.count) }
        return parts
    }
}
