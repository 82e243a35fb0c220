import Foundation
import ModelFormats
import Synchronization
import Tensors
import Tokenizers
import Training
import Transformers

/// Set by the first Ctrl-C, so that a run ends after its step; the second one ends the program.
enum Interrupt {
    private static let count = Atomic<Int>(0)

    static var isAsked: Bool { count.load(ordering: .relaxed) > 0 }

    static func listen() {
        for number in [SIGINT, SIGTERM] {
            signal(number) { _ in
                if Interrupt.count.add(1, ordering: .relaxed).oldValue > 0 { _exit(130) }
            }
        }
    }
}

/// One training run from its options to what it leaves: checks, the run itself, what came out of it.
struct TrainingSession {
    let home: Home
    let modelName: String
    let options: TrainingOptions
    let data: TrainingDataOptions
    /// Nil where all weights are trained.
    let shape: AdapterShapeOptions?
    /// `full`, `lora` or a preference method.
    let method: String
    var preference: (method: PreferenceMethod, beta: Double, gamma: Double, reference: String?)?

    /// What a run is made of, before weights are loaded.
    struct Parts {
        let base: ModelFile
        /// The base's file or folder.
        let location: URL
        let definition: TokenizerDefinition
        let tokenizer: Tokenizer
        /// The adapter to go on from.
        let start: LoRAAdapter?
        let part: TrainedPart
        let rows: TrainingData
        let settings: TrainerSettings
        let estimate: TrainingEstimate
    }

    /// Whether an adapter is trained.
    var isAdapter: Bool {
        method == "lora" || (preference != nil && (shape?.rank != nil || shape?.adapter != nil))
    }

    var folder: RunFolder { RunFolder(URL(fileURLWithPath: options.output, isDirectory: true)) }

    /// Where what is trained is written.
    var product: URL { isAdapter ? folder.adapter : folder.model }

    func run() throws {
        guard !options.output.isEmpty else {
            throw Failure(.usage, "请用 --output 给出运行目录", "name the folder of the run with --output")
        }
        let group = try ProcessLauncher.communicator()
        do {
            try run(group)
            try group.close()
        } catch  where group.size > 1 {
            // The others would wait for this process if it just ended.
            Output.note(text("pallet：", "pallet: ") + Failure(error).message)
            group.abort(code: Failure(error).code.rawValue)
        }
    }

    private func run(_ group: any Communicator) throws {
        if group.isLeader { try checkMetrics() }
        let parts = try prepare()
        try checkMemory(parts.estimate)
        let identity = try identity(parts)
        try group.requireEqual(identity.fields.sorted { $0.key < $1.key }.description, named: "the run")
        let made = try prepareFolder(group)
        // All leave together, or none would.
        let isDone = try group.isLeader ? isDone(identity) : false
        if try group.allGather([isDone ? 1 : 0]).contains([1]) { return }
        let lock = try group.isLeader ? lockFolder() : nil
        defer { withExtendedLifetime(lock) {} }
        if group.isLeader { folder.removeLeftovers() }
        do {
            guard let card = try train(parts, identity, group) else { return }
            addSamples(parts, to: card)
        } catch {
            removeUnused(made)
            throw error
        }
    }

    /// The model, or where the folder has no weights random ones.
    static func open(_ url: URL, seed: UInt64) throws -> ModelFile {
        ModelFile.isUntrained(url) ? try ModelFile.untrained(url, seed: seed) : try ModelFile.open(url)
    }

    private func prepare() throws -> Parts {
        let location = try ModelLoading(home: home).locate(modelName)
        try checkPlaces(model: location)
        let base = try Self.open(location, seed: options.seed)
        let definition = try TokenizerDefinition(file: base)
        let tokenizer = try Tokenizer(definition)
        let start = try shape?.adapter.map { try AdapterLoading(home: home).read($0, for: base) }
        if let start { try shape?.checkAgreement(with: start.configuration) }
        let part =
            isAdapter
            ? shape?.part(adapter: start, base: base, baseName: location.path) ?? .everything : TrainedPart.everything
        let kind: DatasetForm.Kind? = preference.map { $0.method == .kto ? .judged : .pairs } ?? .rows
        let rows = try TrainingData(
            data, options, file: base, definition: definition, tokenizer: tokenizer, kind: kind)
        let settings = options.settings(rows: rows.count, defaultRate: isAdapter ? 2e-4 : 1e-5)
        let plan = TrainingPlan(
            base: base, part: part, rows: rows, settings: settings, preference: preference?.method)
        return Parts(
            base: base, location: location, definition: definition, tokenizer: tokenizer, start: start, part: part,
            rows: rows, settings: settings, estimate: try plan.estimate())
    }

    /// The run and what it leaves but for samples; nil where another process leads. What was loaded for it is gone when
    /// it returns.
    private func train(_ parts: Parts, _ identity: RunIdentity, _ group: any Communicator) throws -> RunCard? {
        let pool = try WorkerPool(threads: options.threads.count)
        let peak = group.isLeader ? peak(parts, pool, processes: group.size) : nil
        let model = try load(parts.base, parts.part, parts.start, pool)
        let trainer = try Trainer(
            model: model, settings: parts.settings,
            objective: try objective(parts.rows, parts.settings, parts.base, parts.start, pool), pool: pool,
            communicator: group)
        let report = RunReport(
            folder: folder, method: method, identity: identity, parts: parts, model: model,
            threads: options.threads.count, leads: group.isLeader, peak: peak)
        report.begin(trainer)
        let result = try run(trainer, identity, parts.rows, report).run()
        guard group.isLeader else { return nil }
        return try finish(result, trainer, parts, report)
    }

    /// What the machine could do, measured before the first step. Of preference methods only a part of the work is
    /// counted, so of them no share is said; and none where it cannot be measured.
    private func peak(_ parts: Parts, _ pool: WorkerPool, processes: Int) -> PeakShare? {
        guard preference == nil else { return nil }
        let speed = try? MachineSpeed(
            measuredFor: parts.base, rows: parts.settings.microBatchTokens, pool: pool, seconds: { Seconds.now })
        return speed.map { PeakShare($0, parts.estimate, processes: processes) }
    }

    private func load(
        _ base: ModelFile, _ part: TrainedPart, _ start: LoRAAdapter?, _ pool: WorkerPool
    ) throws -> TrainingModel {
        let bar = ProgressBar(text("读取权重", "reading weights"), unit: .items(text("个张量", "tensors")))
        let model = try TrainingModel(file: base, part: part, seed: options.seed) { _, done, total in
            bar.update(Int64(done), of: Int64(total))
        }
        if let start { try model.load(start) } else { try model.resetMagnitudes(pool: pool) }
        return model
    }

    private func objective(
        _ rows: TrainingData, _ settings: TrainerSettings, _ base: ModelFile, _ start: LoRAAdapter?, _ pool: WorkerPool
    ) throws -> any Objective {
        guard let preference else {
            return SupervisedObjective(source: rows.source, settings: settings)
        }
        var reference: TrainingModel?
        if preference.method.needsReference {
            if let name = preference.reference {
                let file = try Self.open(try ModelLoading(home: home).locate(name), seed: options.seed)
                guard file.configuration.vocabularySize == base.configuration.vocabularySize else {
                    throw Failure(
                        .data,
                        "参考模型 \(name) 的词表有 \(file.configuration.vocabularySize) 个词元，模型有 \(base.configuration.vocabularySize) 个",
                        "the reference \(name) has \(file.configuration.vocabularySize) tokens, the model "
                            + "\(base.configuration.vocabularySize)")
                }
                reference = try TrainingModel(file: file, part: .nothing, seed: 0)
            } else {
                let part = start.map { TrainedPart.lowRank($0.configuration) } ?? .nothing
                let frozen = try TrainingModel(file: base, part: part, seed: 0)
                if let start { try frozen.load(start) }
                reference = frozen
            }
        }
        let source: PreferenceObjective.Rows = rows.judged.isEmpty ? .pairs(rows.pairs) : .judged(rows.judged)
        return PreferenceObjective(
            preference.method, rows: source, beta: preference.beta, gamma: preference.gamma, reference: reference,
            settings: settings)
    }

    private func run(
        _ trainer: Trainer, _ identity: RunIdentity, _ rows: TrainingData, _ report: RunReport
    ) -> TrainingRun {
        let run = TrainingRun(
            trainer: trainer, folder: folder, identity: identity, settings: runSettings, heldOut: rows.heldOut,
            general: rows.general, metrics: options.metrics.map { URL(fileURLWithPath: $0) }, clock: { Seconds.now })
        Interrupt.listen()
        run.shouldStop = { Interrupt.isAsked }
        run.progress = { report.show($0) }
        return run
    }

    // MARK: After

    private func finish(
        _ result: RunResult, _ trainer: Trainer, _ parts: Parts, _ report: RunReport
    ) throws -> RunCard {
        let card = try report.end(result)
        guard result.ending != .interrupted else {
            Output.note(
                text(
                    "已停在第 \(result.state.step) 步并保存。用同样的命令即可继续。",
                    "stopped after step \(result.state.step) and saved. The same command goes on from here."))
            throw Failure(.temporary, "训练未完成", "the run is not complete")
        }
        if let adapter = try trainer.model.adapter() {
            try write(adapter)
        } else if let file = try trainer.model.trainedFile(base: parts.base) {
            let type = ModelExporter.plainType(of: parts.base) ?? .f32
            let files = parts.base.tokenizerFiles.isEmpty ? try parts.definition.huggingFaceFiles() : [:]
            try replacing(folder.model) { place in
                _ = try ModelExporter(file).writeHuggingFace(to: place, type: type, tokenizerFiles: files)
            }
        }
        Output.line(product.path)
        return card
    }

    /// Held-out questions, answered by the base and by what was written. A run is complete without them: what goes
    /// wrong here is said and no more.
    private func addSamples(_ parts: Parts, to card: RunCard) {
        let samples = RunSamples(
            rows: parts.rows.heldOutRows, count: options.samples, tokenizer: parts.tokenizer,
            threads: options.threads.count)
        guard let samples else { return }
        do {
            let trained: RunSamples.Trained =
                isAdapter
                ? .adapter(try AdapterLoading(home: home).read(product.path, for: parts.base))
                : .model(try ModelFile.open(product))
            let made = try samples.answered(base: parts.base, start: parts.start, trained: trained)
            guard !made.isEmpty else { return }
            Output.note(RunSamples.text(of: made))
            var card = card
            card.samples = made
            try card.write(to: folder.card)
        } catch {
            Output.note(text("没有样例：", "no samples: ") + Failure(error).message)
        }
    }

    private func write(_ adapter: LoRAAdapter) throws {
        try replacing(folder.adapter) { try adapter.write(to: $0) }
    }

    /// Writes beside and renames, so that a kill leaves no half of a result.
    private func replacing(_ place: URL, _ body: (URL) throws -> Void) throws {
        let beside = place.deletingLastPathComponent().appendingPathComponent(".\(place.lastPathComponent).part")
        try? FileManager.default.removeItem(at: beside)
        try body(beside)
        try? FileManager.default.removeItem(at: place)
        try FileManager.default.moveItem(at: beside, to: place)
    }
}

/// Seconds on a clock that is never set.
enum Seconds {
    private static let start = ContinuousClock.now

    static var now: Double {
        let elapsed = start.duration(to: .now).components
        return Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
    }
}
