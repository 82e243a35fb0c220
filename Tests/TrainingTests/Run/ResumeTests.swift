import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing
import Training

/// Runs that are stopped and gone on with: bit for bit what an undisturbed run leaves.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct ResumeTests {
    final class Place {
        let folder: RunFolder
        init() throws {
            let url = FileManager.default.temporaryDirectory.appendingPathComponent("resume-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
            folder = RunFolder(url)
        }
        deinit { try? FileManager.default.removeItem(at: folder.url) }
    }

    static let identity = RunIdentity(["learning-rate": "0.1", "data": "abc"])

    /// Goes on with a run in a folder until a step, or to the end; nil: the trainer's error.
    static func go(
        _ reference: ReferenceCase, _ folder: RunFolder, until stop: Int? = nil, threads: Int = 1,
        settings: RunSettings = RunSettings(), heldOut: HeldOutRows? = nil, general: HeldOutRows? = nil,
        identity: RunIdentity = identity, change: (inout TrainerSettings) -> Void = { _ in }
    ) throws -> (result: RunResult, trainer: Trainer) {
        let trainer = try reference.trainer(threads: threads) { settings in
            settings.microBatchTokens = 64
            settings.shuffles = true
            settings.seed = 3
            change(&settings)
        }
        var own = settings
        own.checkpointSteps = own.checkpointSteps ?? 3
        let run = TrainingRun(
            trainer: trainer, folder: folder, identity: identity, settings: own, heldOut: heldOut, general: general,
            metrics: nil, clock: { 0 })
        var steps = Int.max
        run.progress = { steps = $0.metrics.step + 1 }
        if let stop { run.shouldStop = { steps != Int.max && steps >= stop } }
        return (try run.run(), trainer)
    }

    static func bits(_ trainer: Trainer) -> [UInt32] {
        [trainer.model.arena.values, trainer.optimizer.first, trainer.optimizer.second].flatMap {
            $0.array.map(\.bitPattern)
        }
    }

    static func isSame(_ a: URL, _ b: URL) throws -> Bool { try Data(contentsOf: a) == Data(contentsOf: b) }

    @Test(arguments: ["sft-full", "sft-full-tied", "lora", "dora", "qlora-q4_0", "dpo", "kto", "muon"])
    func stoppedAnywhere(name: String) throws {
        let reference = try ReferenceCase(name == "muon" ? "sft-full" : name), a = try Place()
        let change: (inout TrainerSettings) -> Void = { settings in
            if name == "muon" { settings.optimizer.method = .muon }
            if name == "lora" { settings.noise = 5 }
        }
        let whole = try Self.go(reference, a.folder, change: change)
        #expect(whole.result.ending == .finished)
        let steps = whole.trainer.settings.schedule.steps
        for stops in [[1], [steps / 2], [steps - 1], [1, 2, 3]] {
            let b = try Place()
            for (index, stop) in stops.enumerated() {
                let part = try Self.go(reference, b.folder, until: stop, threads: index + 1, change: change)
                #expect(part.result.ending == .interrupted && part.result.state.step == stop)
            }
            let rest = try Self.go(reference, b.folder, threads: 2, change: change)
            #expect(rest.result.ending == .finished)
            let isEqual = Self.bits(rest.trainer) == Self.bits(whole.trainer)
            #expect(isEqual, "stopped at \(stops)")
            for file in [\RunFolder.metrics, \.table, \.checkpoint] {
                #expect(try Self.isSame(a.folder[keyPath: file], b.folder[keyPath: file]), "\(stops)")
            }
            if let adapter = try rest.trainer.model.adapter() {
                try adapter.write(to: b.folder.adapter)
                try whole.trainer.model.adapter()?.write(to: b.folder.model)
                for file in ["adapter_model.safetensors", "adapter_config.json"] {
                    let (one, other) = (b.folder.adapter, b.folder.model)
                    #expect(try Self.isSame(one.appendingPathComponent(file), other.appendingPathComponent(file)))
                }
            }
        }
    }

    /// A kill behind a step that no checkpoint holds: its lines stand once.
    @Test func linesOfRepeatedStepsStandOnce() throws {
        let reference = try ReferenceCase("sft-full"), a = try Place(), b = try Place()
        _ = try Self.go(reference, a.folder)
        _ = try Self.go(reference, b.folder, until: 3)
        let checkpoint = try Data(contentsOf: b.folder.checkpoint)
        _ = try Self.go(reference, b.folder, until: 5)
        try checkpoint.write(to: b.folder.checkpoint)
        // In the middle of a line.
        let lines = try Data(contentsOf: b.folder.metrics)
        try (lines.dropLast(9)).write(to: b.folder.metrics)
        _ = try Self.go(reference, b.folder)
        #expect(try Self.isSame(a.folder.metrics, b.folder.metrics))
        #expect(try Self.isSame(a.folder.table, b.folder.table))
    }

    /// Early stopping: the same best step, the same end, whenever the run was stopped.
    @Test(arguments: 1...9)
    func earlyStop(stop: Int) throws {
        let reference = try ReferenceCase("sft-full"), a = try Place(), b = try Place()
        var settings = RunSettings()
        settings.evaluationSteps = 1
        settings.patience = 2
        settings.checkpointSteps = 100
        let heldOut = HeldOutRows(Array(try ReferenceCase("masks").rows().prefix(4)), bytes: 100)
        // A rate at which the held-out loss goes up after some steps.
        let change: (inout TrainerSettings) -> Void = { $0.schedule.peak = 0.05 }
        let whole = try Self.go(reference, a.folder, settings: settings, heldOut: heldOut, change: change)
        guard stop < whole.result.state.step else { return }
        _ = try Self.go(reference, b.folder, until: stop, settings: settings, heldOut: heldOut, change: change)
        let rest = try Self.go(reference, b.folder, settings: settings, heldOut: heldOut, change: change)
        #expect(rest.result.ending == whole.result.ending)
        #expect(rest.result.state.step == whole.result.state.step)
        #expect(rest.result.state.bestStep == whole.result.state.bestStep)
        #expect(rest.result.state.bestLoss == whole.result.state.bestLoss)
        #expect(rest.result.before == whole.result.before && rest.result.after == whole.result.after)
        let isEqual = Self.bits(rest.trainer) == Self.bits(whole.trainer)
        #expect(isEqual)
    }

    /// What is told of general text is the same whenever the run was stopped, and looking changes nothing.
    @Test func forgetting() throws {
        let reference = try ReferenceCase("sft-full"), a = try Place(), b = try Place(), c = try Place()
        let general = HeldOutRows(Array(try ReferenceCase("masks").rows().prefix(4)), bytes: 100)
        let whole = try Self.go(reference, a.folder, general: general)
        let before = try #require(whole.result.generalBefore), after = try #require(whole.result.generalAfter)
        #expect(before.loss.isFinite && after.loss.isFinite && before.loss != after.loss)
        #expect(before.bitsPerByte != nil && whole.result.before == nil && whole.result.after == nil)
        let part = try Self.go(reference, b.folder, until: 2, general: general)
        #expect(part.result.generalBefore == before && part.result.generalAfter == nil)
        let rest = try Self.go(reference, b.folder, general: general)
        #expect(rest.result.generalBefore == before && rest.result.generalAfter == after)
        let unseen = try Self.go(reference, c.folder)
        #expect(unseen.result.generalBefore == nil && unseen.result.generalAfter == nil)
        for other in [rest.trainer, unseen.trainer] {
            let isEqual = Self.bits(other) == Self.bits(whole.trainer)
            #expect(isEqual)
        }
    }

    /// A checkpoint of a program that looked at no general text.
    @Test func olderState() throws {
        let old = #"{"step": 3, "identity": {"fields": {"data": "abc"}}, "seconds": 1.5, "firstLoss": 2}"#
        let state = try JSONDecoder().decode(Checkpoint.State.self, from: Data(old.utf8))
        #expect(state.step == 3 && state.firstLoss == 2 && state.firstGeneralLoss == nil)
    }

    @Test func anotherConfigurationIsRefused() throws {
        let reference = try ReferenceCase("lora"), place = try Place()
        let first = try Self.go(reference, place.folder, until: 2)
        let kept = try Data(contentsOf: place.folder.checkpoint)
        var other = Self.identity
        other.fields["learning-rate"] = "0.2"
        other.fields["rank"] = "8"
        #expect {
            try Self.go(reference, place.folder, identity: other)
        } throws: { error in
            let text = "\(error)"
            return error is CheckpointError && text.contains("learning-rate: 0.1 → 0.2") && text.contains("rank: – → 8")
                && !text.contains("data")
        }
        #expect(try Data(contentsOf: place.folder.checkpoint) == kept)
        #expect(try String(contentsOf: place.folder.metrics, encoding: .utf8).split(separator: "\n").count == 2)
        // Tensors of another shape under the right words.
        let full = try ReferenceCase("sft-full").trainer()
        #expect(throws: CheckpointError.self) {
            _ = try Checkpoint.restore(full, from: place.folder.checkpoint, identity: Self.identity)
        }
        #expect(first.trainer.step == 2)
    }

    /// A checkpoint cut or changed anywhere is refused in words, or, where no value is touched, read the same.
    @Test func damage() throws {
        let reference = try ReferenceCase("lora"), place = try Place()
        let first = try Self.go(reference, place.folder, until: 2)
        let bytes = [UInt8](try Data(contentsOf: place.folder.checkpoint)), bits = Self.bits(first.trainer)
        let trainer = try reference.trainer(threads: 1)
        var random = FoldedRowsTests.SystemRandom(state: 4)
        for round in 0..<(Shared.long ? 3000 : 150) {
            var damaged = bytes
            if round % 3 == 0 {
                damaged = Array(bytes.prefix(Int.random(in: 0..<bytes.count, using: &random)))
            } else {
                let head = round % 3 == 1 ? min(bytes.count, 20_000) : bytes.count
                damaged[Int.random(in: 0..<head, using: &random)] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
            }
            try Data(damaged).write(to: place.folder.checkpoint)
            do {
                let state = try Checkpoint.restore(trainer, from: place.folder.checkpoint, identity: Self.identity)
                let isEqual = Self.bits(trainer) == bits && state.step == 2
                #expect(isEqual, "round \(round): a changed byte was taken")
            } catch {
                let isKnown = error is CheckpointError || error is SafetensorsError
                #expect(isKnown, "\(type(of: error)): \(error)")
            }
        }
    }

    /// A loss that is no number ends the run; what was saved is the state before.
    @Test func notFinite() throws {
        let reference = try ReferenceCase("sft-full"), place = try Place()
        #expect(throws: TrainerError.self) {
            _ = try Self.go(reference, place.folder) { settings in
                settings.schedule = LearningRateSchedule(peak: 1e30, steps: 10)
                settings.optimizer.clipNorm = 0
            }
        }
    }
}
