public import FoundationEssentials
import ModelFormats

/// Where a run keeps what it makes.
public struct RunFolder: Sendable {
    /// The folder.
    public let url: URL

    /// A run's folder; it need not exist yet.
    public init(_ url: URL) { self.url = url }

    /// The state to go on from.
    public var checkpoint: URL { url.appendingPathComponent("checkpoint.safetensors") }
    /// The state with the lowest held-out loss.
    public var best: URL { url.appendingPathComponent("best.safetensors") }
    /// One JSON object a step.
    public var metrics: URL { url.appendingPathComponent("metrics.jsonl") }
    /// The same as a table.
    public var table: URL { url.appendingPathComponent("metrics.csv") }
    /// Loss and learning rate over the steps.
    public var curves: URL { url.appendingPathComponent("curves.svg") }
    /// What the run was: hashes, settings, results.
    public var card: URL { url.appendingPathComponent("run.json") }
    /// The trained model, the trained adapter.
    public var model: URL { url.appendingPathComponent("model", isDirectory: true) }
    /// The trained adapter.
    public var adapter: URL { url.appendingPathComponent("adapter", isDirectory: true) }

    /// Removes what killed runs left of the states that they were writing.
    public func removeLeftovers() { for state in [checkpoint, best] { OutputFile.removeLeftovers(of: state) } }
}

/// When a run saves, looks at held-out rows and gives up.
public struct RunSettings: Sendable {
    /// Steps between checkpoints; nil: by time.
    public var checkpointSteps: Int?
    /// Seconds between checkpoints where no steps are given.
    public var checkpointSeconds: Double = 120
    /// Steps between looks at the held-out rows; 0: at the end only.
    public var evaluationSteps: Int = 0
    /// Looks without a lower loss after which the run stops; nil: never.
    public var patience: Int?

    /// The defaults.
    public init() {}

    /// What of this decides which weights come out, for a run's identity; named as the options are. Empty where nothing
    /// is looked at before the end.
    public var identity: [String: String] {
        guard evaluationSteps > 0 else { return [:] }
        var fields = ["validate-every": "\(evaluationSteps)"]
        if let patience { fields["patience"] = "\(patience)" }
        return fields
    }
}

/// How a run is going.
public struct RunProgress: Sendable {
    /// The step that was done.
    public var metrics: StepMetrics
    /// Steps of the run.
    public var steps: Int
    /// Computed tokens per second since the start of this process.
    public var tokensPerSecond: Double
    /// Seconds of this process's steps so far, with its looks and checkpoints.
    public var seconds: Double
    /// Held-out loss, where it was looked at after this step.
    public var heldOutLoss: Double?
}

/// How a run ended.
public struct RunResult: Sendable {
    /// Why.
    public enum Ending: String, Sendable, Codable {
        case finished, interrupted, stoppedEarly = "stopped early"
    }

    /// Why.
    public var ending: Ending
    /// The state at the end.
    public var state: Checkpoint.State
    /// Held-out loss in nats a token, before the first step and after the last, where there are held-out rows.
    public var before: HeldOutScore?, after: HeldOutScore?
    /// The same on general text, where there is any: what was forgotten.
    public var generalBefore: HeldOutScore?, generalAfter: HeldOutScore?
    /// Computed tokens of this process, and the seconds of its steps.
    public var computedTokens = 0, seconds = 0.0
}

/// Runs a trainer to its end: metrics, checkpoints, held-out loss, early stop; may be stopped and gone on with.
public final class TrainingRun {
    private let trainer: Trainer
    private let folder: RunFolder
    private let identity: RunIdentity
    private let settings: RunSettings
    private let heldOut: HeldOutRows?
    private let general: HeldOutRows?
    private let extraMetrics: URL?
    /// Asked between steps.
    public var shouldStop: () -> Bool = { false }
    /// Told after each step.
    public var progress: (RunProgress) -> Void = { _ in }
    /// Seconds from some point on.
    public var clock: () -> Double

    /// - Parameters:
    ///   - heldOut: rows like those that are trained on; their loss chooses the best state.
    ///   - general: rows of another kind, looked at before the first step and after the last; they decide nothing.
    ///   - metrics: a second file that gets the lines too.
    ///   - clock: seconds, only to say speeds and to time checkpoints.
    public init(
        trainer: Trainer, folder: RunFolder, identity: RunIdentity, settings: RunSettings, heldOut: HeldOutRows?,
        general: HeldOutRows? = nil, metrics: URL?, clock: @escaping () -> Double
    ) {
        self.trainer = trainer
        self.folder = folder
        self.identity = identity
        self.settings = settings
        self.heldOut = heldOut
        self.general = general
        extraMetrics = metrics
        self.clock = clock
    }

    private var leads: Bool { trainer.communicator.isLeader }

    /// Trains to the end, from the checkpoint in the folder where there is one.
    ///
    /// A loss that is no number ends the run; the last checkpoint stays.
    public func run() throws -> RunResult {
        var state = Checkpoint.State(step: 0, identity: identity)
        if FileManager.default.fileExists(atPath: folder.checkpoint.path) {
            state = try Checkpoint.restore(trainer, from: folder.checkpoint, identity: identity)
        }
        // Processes on several machines must see one folder.
        try trainer.communicator.requireEqual("\(state.step)", named: "the steps of the checkpoint")
        var files: [MetricsFile] = []
        if leads {
            let places = [folder.metrics] + (extraMetrics.map { [$0] } ?? [])
            files = try places.map { try MetricsFile($0, header: nil, keeping: state.step) }
        }
        let table = leads ? try MetricsFile(folder.table, header: StepMetrics.header, keeping: state.step) : nil
        var result = RunResult(ending: .finished, state: state)
        if let heldOut {
            result.before = state.firstLoss.map { heldOut.score(loss: $0) }
            if state.step == 0 {
                result.before = try heldOut.score(trainer)
                state.firstLoss = result.before?.loss
            }
        }
        if let general {
            result.generalBefore = state.firstGeneralLoss.map { general.score(loss: $0) }
            if state.step == 0 {
                result.generalBefore = try general.score(trainer)
                state.firstGeneralLoss = result.generalBefore?.loss
            }
        }
        let start = clock()
        var saved = start, misses = misses(state), lastLook = state.step
        while !trainer.isFinished {
            if let patience = settings.patience, misses >= patience {
                result.ending = .stoppedEarly
                break
            }
            if try anyoneStops() {
                result.ending = .interrupted
                break
            }
            var metrics: StepMetrics
            do {
                metrics = try trainer.next()
            } catch {
                // Weights that gave no number may have blown up already: the last good checkpoint stays as it is.
                if case TrainerError.notFinite = error { throw error }
                state.step = trainer.step
                if trainer.step > 0 { try? save(&state, since: start) }
                throw error
            }
            state.step = trainer.step
            result.computedTokens += metrics.computedTokens
            if let heldOut, settings.evaluationSteps > 0, state.step % settings.evaluationSteps == 0 {
                let loss = try heldOut.score(trainer).loss
                lastLook = state.step
                metrics.heldOutLoss = loss
                misses = try note(loss, &state) ? 0 : misses + 1
            }
            for file in files { try file.append(metrics.json) }
            try table?.append(metrics.row)
            let now = clock()
            progress(
                RunProgress(
                    metrics: metrics, steps: trainer.settings.schedule.steps,
                    tokensPerSecond: Double(result.computedTokens) / max(now - start, 1e-9), seconds: now - start,
                    heldOutLoss: metrics.heldOutLoss))
            let due = settings.checkpointSteps.map { state.step % max($0, 1) == 0 }
            if due ?? (now - saved >= settings.checkpointSeconds) {
                try save(&state, since: start)
                saved = now
            }
        }
        if let patience = settings.patience, misses >= patience { result.ending = .stoppedEarly }
        result.seconds = clock() - start
        if state.step > 0 { try save(&state, since: start) }
        if result.ending != .interrupted {
            try conclude(&result, &state, lastLook: lastLook)
            // Of the weights that are kept.
            result.generalAfter = try general?.score(trainer)
        }
        result.state = state
        return result
    }

    /// The held-out loss at the end, and the best state back in the model where a better one was kept.
    private func conclude(_ result: inout RunResult, _ state: inout Checkpoint.State, lastLook: Int) throws {
        guard let heldOut else { return }
        result.after = try heldOut.score(trainer)
        guard settings.evaluationSteps > 0, let best = state.bestLoss, let after = result.after else { return }
        if after.loss <= best {
            state.bestLoss = after.loss
            state.bestStep = state.step
        } else if FileManager.default.fileExists(atPath: folder.best.path) {
            try Checkpoint.loadValues(trainer, from: folder.best)
            result.after = heldOut.score(loss: best)
        }
    }

    /// Looks since the lowest held-out loss: a run that goes on gives up when an undisturbed one does.
    private func misses(_ state: Checkpoint.State) -> Int {
        guard settings.evaluationSteps > 0 else { return 0 }
        return max(0, state.step / settings.evaluationSteps - (state.bestStep ?? 0) / settings.evaluationSteps)
    }

    /// Whether a held-out loss is the lowest so far; then the state is kept.
    private func note(_ loss: Double, _ state: inout Checkpoint.State) throws -> Bool {
        guard loss.isFinite else { return false }
        if let best = state.bestLoss, loss >= best { return false }
        state.bestLoss = loss
        state.bestStep = state.step
        if leads { try Checkpoint.write(trainer, state: state, to: folder.best) }
        return true
    }

    private func save(_ state: inout Checkpoint.State, since start: Double) throws {
        guard leads else { return }
        // A step is judged by the loss of the next one; the last one has none.
        guard trainer.model.arena.hasFiniteValues else { throw TrainerError.weightsNotFinite(steps: state.step) }
        var written = state
        written.seconds += clock() - start
        try Checkpoint.write(trainer, state: written, to: folder.checkpoint)
    }

    /// A process that was asked to stop stops all, after the same step.
    private func anyoneStops() throws -> Bool {
        let own = shouldStop()
        guard trainer.communicator.size > 1 else { return own }
        return try trainer.communicator.allGather([own ? 1 : 0]).contains { $0 == [1] }
    }
}
