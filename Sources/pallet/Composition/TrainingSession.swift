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

    /// Whether an adapter is trained.
    private var isAdapter: Bool {
        method == "lora" || (preference != nil && (shape?.rank != nil || shape?.adapter != nil))
    }

    private var folder: RunFolder { RunFolder(URL(fileURLWithPath: options.output, isDirectory: true)) }

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
        let location = try ModelLoading(home: home).locate(modelName)
        let base = try Self.open(location, seed: options.seed)
        let definition = try TokenizerDefinition(file: base)
        let tokenizer = try Tokenizer(definition)
        let start = try shape?.adapter.map { try AdapterLoading(home: home).read($0, for: base) }
        let part =
            isAdapter
            ? shape?.part(adapter: start, base: base, baseName: location.path) ?? .everything : TrainedPart.everything
        let kind: DatasetForm.Kind? = preference.map { $0.method == .kto ? .judged : .pairs } ?? .rows
        let rows = try TrainingData(
            data, options, file: base, definition: definition, tokenizer: tokenizer, kind: kind)
        let count = rows.count
        let settings = options.settings(rows: count, defaultRate: isAdapter ? 2e-4 : 1e-5)
        try checkMemory(base, part, rows, settings)
        try prepareFolder(group)
        let hashes = try (model: FileHash.ofModel(location), data: rows.hash)
        let identity = identity(settings, hashes, fingerprint: definition.fingerprint)
        try group.requireEqual(identity.fields.sorted { $0.key < $1.key }.description, named: "the run")
        // All leave together, or none would.
        let isDone = try group.isLeader ? isDone(identity) : false
        if try group.allGather([isDone ? 1 : 0]).contains([1]) { return }
        let pool = try WorkerPool(threads: options.threads.count)
        let model = try load(base, part, start, pool)
        let trainer = try Trainer(
            model: model, settings: settings, objective: try objective(rows, settings, base, start, pool), pool: pool,
            communicator: group)
        var result: RunResult?
        let report = RunReport(
            folder: folder, method: method, identity: identity, rows: rows, model: model, base: base,
            threads: options.threads.count, leads: group.isLeader)
        report.begin(trainer)
        let run = run(trainer, identity, rows, report)
        result = try run.run()
        guard let result, group.isLeader else { return }
        try finish(result, trainer, base, definition, report)
    }

    /// The model, or where the folder has no weights random ones.
    static func open(_ url: URL, seed: UInt64) throws -> ModelFile {
        ModelFile.isUntrained(url) ? try ModelFile.untrained(url, seed: seed) : try ModelFile.open(url)
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
        var settings = RunSettings()
        settings.checkpointSteps = options.saveEvery
        settings.evaluationSteps = options.validateEvery
        settings.patience = options.patience
        let run = TrainingRun(
            trainer: trainer, folder: folder, identity: identity, settings: settings, heldOut: rows.heldOut,
            metrics: options.metrics.map { URL(fileURLWithPath: $0) }, clock: { Seconds.now })
        Interrupt.listen()
        run.shouldStop = { Interrupt.isAsked }
        run.progress = { report.show($0) }
        return run
    }

    // MARK: Before

    private func identity(
        _ settings: TrainerSettings, _ hashes: (model: String, data: String), fingerprint: String
    ) -> RunIdentity {
        let s = settings.schedule, o = settings.optimizer
        var fields: [String: String] = [
            "method": method, "model": hashes.model, "data": hashes.data, "tokenizer": fingerprint,
            "steps": "\(s.steps)", "learning-rate": "\(s.peak)", "schedule": s.shape.rawValue,
            "warmup-steps": "\(s.warmupSteps)", "decay-steps": "\(s.decaySteps)", "decay-shape": s.decay.rawValue,
            "min-ratio": "\(s.minimumRatio)", "optimizer": o.method.rawValue, "beta1": "\(o.beta1)",
            "beta2": "\(o.beta2)", "epsilon": "\(o.epsilon)", "weight-decay": "\(o.weightDecay)",
            "clip-norm": "\(o.clipNorm)", "batch-rows": "\(settings.batchRows)",
            "micro-batch-tokens": "\(settings.microBatchTokens)", "seed": "\(settings.seed)",
            "shuffle": "\(settings.shuffles)", "neftune": "\(settings.noise)", "pack": "\(options.pack)",
            "forward": settings.forward.rawValue, "context": data.context.map { "\($0)" } ?? "default",
            "answers": data.answers, "cut": "\(data.cut)",
            "validation-share": options.validationShare.map { "\($0)" } ?? "default",
        ]
        if !options.replay.isEmpty { fields["replay-share"] = "\(options.replayShare)" }
        if let preference {
            fields["beta"] = "\(preference.beta)"
            fields["gamma"] = "\(preference.gamma)"
            fields["reference"] = preference.reference ?? "the start"
        }
        if isAdapter, let shape {
            fields["rank"] = shape.rank.map { "\($0)" } ?? "default"
            fields["alpha"] = shape.alpha.map { "\($0)" } ?? "default"
            fields["target-modules"] = shape.targetModules ?? "default"
            fields["kind"] = shape.dora ? "dora" : shape.rslora ? "rslora" : "lora"
            fields["layers"] = shape.layers.map { "\($0)" } ?? "all"
            fields["adapter"] = shape.adapter ?? "none"
        }
        return RunIdentity(fields)
    }

    /// Refuses before loading what the machine's memory cannot hold.
    private func checkMemory(
        _ base: ModelFile, _ part: TrainedPart, _ rows: TrainingData, _ settings: TrainerSettings
    ) throws {
        let estimate = try TrainingPlan(
            base: base, part: part, rows: rows, settings: settings, preference: preference?.method
        )
        .estimate()
        let available = MachineMemory.available
        guard let available, estimate.bytes > available else { return }
        throw Failure(
            .unavailable,
            "需要约 \(Bytes.text(estimate.bytes)) 内存，可用 \(Bytes.text(available))。可减小 --micro-batch-tokens、加 --recompute、"
                + "改用 pallet train lora，或换小一些的模型",
            "about \(Bytes.text(estimate.bytes)) of memory are needed and \(Bytes.text(available)) are free. Lower "
                + "--micro-batch-tokens, add --recompute, train an adapter (pallet train lora), or take a smaller model"
        )
    }

    private func prepareFolder(_ group: any Communicator) throws {
        if group.isLeader {
            do {
                try FileManager.default.createDirectory(at: folder.url, withIntermediateDirectories: true)
            } catch {
                let reason = SystemReason(error)
                throw Failure(
                    .cannotCreate, "无法建立 \(folder.url.path)：\(reason.chinese)",
                    "cannot create \(folder.url.path): \(reason.english)")
            }
        }
        try group.barrier()
    }

    private var product: URL { isAdapter ? folder.adapter : folder.model }

    /// A run that ended with these settings is not done again; one with others is not written over.
    private func isDone(_ identity: RunIdentity) throws -> Bool {
        guard FileManager.default.fileExists(atPath: product.path) else { return false }
        guard FileManager.default.fileExists(atPath: folder.checkpoint.path) else {
            throw Failure(
                .cannotCreate, "\(product.path) 已存在，且不是这次训练的结果", "\(product.path) exists and is not of this run")
        }
        let state = try Checkpoint.state(of: folder.checkpoint)
        let differences = state.identity.differences(from: identity)
        guard differences.isEmpty else {
            throw CheckpointError.otherRun(path: folder.checkpoint.path, differences: differences)
        }
        Output.note(text("这次训练已完成", "this run is complete"))
        Output.line(product.path)
        return true
    }

    // MARK: After

    private func finish(
        _ result: RunResult, _ trainer: Trainer, _ base: ModelFile, _ definition: TokenizerDefinition,
        _ report: RunReport
    ) throws {
        try report.end(result)
        guard result.ending != .interrupted else {
            Output.note(
                text(
                    "已停在第 \(result.state.step) 步并保存。用同样的命令即可继续。",
                    "stopped after step \(result.state.step) and saved. The same command goes on from here."))
            throw Failure(.temporary, "训练未完成", "the run is not complete")
        }
        if let adapter = try trainer.model.adapter() {
            try write(adapter)
        } else if let file = try trainer.model.trainedFile(base: base) {
            let type = ModelExporter.plainType(of: base) ?? .f32
            let files = base.tokenizerFiles.isEmpty ? try definition.huggingFaceFiles() : [:]
            try replacing(folder.model) { place in
                _ = try ModelExporter(file).writeHuggingFace(to: place, type: type, tokenizerFiles: files)
            }
        }
        Output.line(product.path)
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
