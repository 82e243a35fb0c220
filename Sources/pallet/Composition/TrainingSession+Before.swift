import Foundation
import Storage
import Training

/// What is settled before a run loads its weights: who it is, whether it fits, whether its folder is free.
extension TrainingSession {
    /// When the run saves, looks and gives up.
    var runSettings: RunSettings {
        var settings = RunSettings()
        settings.checkpointSteps = options.saveEvery
        settings.evaluationSteps = options.validateEvery
        settings.patience = options.patience
        return settings
    }

    /// What must be the same for a checkpoint to be gone on from.
    func identity(_ parts: Parts) throws -> RunIdentity {
        let settings = parts.settings, s = settings.schedule, o = settings.optimizer
        var fields: [String: String] = [
            "method": method, "model": try FileHash.ofModel(parts.location), "data": parts.rows.hash,
            "tokenizer": parts.definition.fingerprint,
            "template": parts.definition.templateFingerprint ?? "none", "steps": "\(s.steps)",
            "learning-rate": "\(s.peak)",
            "schedule": s.shape.rawValue,
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
        fields.merge(runSettings.identity) { $1 }
        if !options.replay.isEmpty { fields["replay-share"] = "\(options.shareOfReplay)" }
        // Weights do not depend on it; what is kept of the loss before the first step does.
        if let hash = parts.rows.forgettingHash { fields["forgetting"] = hash }
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

    /// A run reads its data, base and adapter and writes elsewhere.
    func checkPlaces(model: URL) throws {
        let inputs = data.files + (options.replay + options.forgetting).map { URL(fileURLWithPath: $0) } + [model]
        try InputFile.refuse(
            writing: [folder.url] + (options.metrics.map { [URL(fileURLWithPath: $0)] } ?? []),
            over: inputs)
    }

    /// Refuses a file for metrics that could not be written. One in the run's folder can be, once that is made.
    func checkMetrics() throws {
        guard let metrics = options.metrics.map({ URL(fileURLWithPath: $0).standardizedFileURL }) else { return }
        let isInside = metrics.deletingLastPathComponent().path == folder.url.standardizedFileURL.path
        if !isInside || FileManager.default.fileExists(atPath: folder.url.path) { try MetricsFile.check(metrics) }
    }

    /// Refuses before loading what the machine's memory cannot hold.
    func checkMemory(_ estimate: TrainingEstimate) throws {
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

    /// Makes the run's folder.
    ///
    /// - Returns: the folder and those above it that were not there before, innermost first.
    func prepareFolder(_ group: any Communicator) throws -> [URL] {
        var made: [URL] = []
        if group.isLeader {
            var place = folder.url.standardizedFileURL
            while !FileManager.default.fileExists(atPath: place.path), place.path != "/" {
                made.append(place)
                place.deleteLastPathComponent()
            }
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
        return made
    }

    /// Removes folders that this run made and has nothing to keep in. Its lock is held meanwhile.
    func removeUnused(_ made: [URL]) {
        for (index, place) in made.enumerated() {
            let names = try? FileManager.default.contentsOfDirectory(atPath: place.path)
            guard let names, names.isEmpty || (index == 0 && names == [".lock"]) else { return }
            try? FileManager.default.removeItem(at: place)
        }
    }

    /// One run in a folder at a time: two would write into each other's files.
    func lockFolder() throws -> FileLock {
        do {
            return try FileLock(folder.url.appendingPathComponent(".lock"))
        } catch StorageError.homeInUse(_, let holder) {
            throw Failure(
                .temporary, "另一个进程（\(holder)）正在 \(folder.url.path) 中训练：请等它结束，或换一个 --output",
                "another process (\(holder)) is training in \(folder.url.path): wait until it has finished, or name "
                    + "another --output")
        }
    }

    /// A run that ended with these settings is not done again; one with others is not written over.
    func isDone(_ identity: RunIdentity) throws -> Bool {
        func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }
        if exists(folder.checkpoint) {
            let differences = try Checkpoint.state(of: folder.checkpoint).identity.differences(from: identity)
            guard differences.isEmpty else {
                throw CheckpointError.otherRun(path: folder.checkpoint.path, differences: differences)
            }
        } else if exists(product) {
            throw Failure(
                .cannotCreate, "\(product.path) 已存在，且不是这次训练的结果", "\(product.path) exists and is not of this run")
        }
        guard exists(product) else { return false }
        Output.note(text("这次训练已完成", "this run is complete"))
        Output.line(product.path)
        return true
    }
}
