import Foundation
import Tensors
import TestSupport
import Testing
import Training

/// The same bits for any number of threads and processes, and on every instruction set.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct DeterminismTests {
    /// What a run leaves after some steps.
    struct Trace: Equatable, Sendable {
        var lines: [String] = []
        var values: [UInt32] = []

        init(_ trainer: Trainer, steps: Int) throws {
            for _ in 0..<min(steps, trainer.settings.schedule.steps) { lines.append(try trainer.next().json) }
            for buffer in [trainer.model.arena.values, trainer.optimizer.first, trainer.optimizer.second] {
                values += buffer.array.map(\.bitPattern)
            }
        }

        /// How many values differ; −1: other metrics.
        func differing(from other: Trace) -> Int {
            guard lines == other.lines, values.count == other.values.count else { return -1 }
            return zip(values, other.values).count { $0 != $1 }
        }
    }

    @Test(arguments: [
        "sft-full", "sft-full-tied", "packing", "lora", "rslora", "dora", "qlora-q4_0", "qlora-q8_0", "dpo", "kto",
    ])
    func threadsAndSets(name: String) throws {
        let reference = try ReferenceCase(name)
        func trace(_ threads: Int, _ set: InstructionSet, _ change: (inout TrainerSettings) -> Void) throws -> Trace {
            try Trace(reference.trainer(threads: threads, instructionSet: set, change: change), steps: 3)
        }
        let change: (inout TrainerSettings) -> Void = { settings in
            settings.microBatchTokens = 32
            if name == "sft-full" { settings.optimizer.method = .muon }
            if name == "qlora-q8_0" { settings.forward = .integer }
        }
        let first = try trace(1, .current, change)
        for threads in [2, 3] { #expect(try trace(threads, .current, change).differing(from: first) == 0) }
        for set in InstructionSet.available {
            #expect(try trace(2, set, change).differing(from: first) == 0, "\(set)")
        }
        // Activations computed again are the same activations.
        let again = try trace(2, .current) { settings in
            change(&settings)
            settings.recomputes = true
        }
        #expect(again.differing(from: first) == 0)
    }

    @Test(arguments: ["ddp", "dpo", "kto", "dora"], [32, 4096])
    func processes(name: String, microBatchTokens: Int) throws {
        let one = try Trace(
            ReferenceCase(name).trainer(threads: 1) { $0.microBatchTokens = microBatchTokens }, steps: 3)
        for size in [2, 3, 5] {
            let (results, _) = ThreadGroup.run(size) { group in
                let trainer = try ReferenceCase(name).trainer(threads: 1, communicator: group) {
                    $0.microBatchTokens = microBatchTokens
                }
                return try Trace(trainer, steps: 3)
            }
            #expect(results.count == size)
            for result in results { #expect(try result.get().differing(from: one) == 0, "\(size) processes") }
        }
    }

    /// How the rows are cut changes the order of sums, not the result.
    @Test(arguments: ["accumulation", "dpo", "orpo"])
    func anyCut(name: String) throws {
        let reference = try ReferenceCase(name)
        let whole = try reference.trainer { $0.microBatchTokens = 1 << 16 }, first = try whole.next()
        let wanted = whole.model.arena.gradients.array
        let size = ReferenceTrainingTests.distance(wanted, [Float](repeating: 0, count: wanted.count))
        for tokens in [1, 16, 40, 100] {
            let cut = try reference.trainer { $0.microBatchTokens = tokens }, step = try cut.next()
            #expect(abs(step.loss - first.loss) <= 1e-6 * abs(first.loss))
            #expect(step.tokens == first.tokens)
            let distance = ReferenceTrainingTests.distance(cut.model.arena.gradients.array, wanted)
            #expect(distance <= 1e-5 * size, "\(tokens): \(distance / size)")
        }
    }

    /// A run's noise and order follow from its seed.
    @Test func seeds() throws {
        let reference = try ReferenceCase("sft-full")
        func trace(_ seed: UInt64) throws -> Trace {
            try Trace(
                reference.trainer {
                    $0.seed = seed
                    $0.shuffles = true
                    $0.noise = 5
                }, steps: 3)
        }
        let first = try trace(1)
        #expect(try trace(1).differing(from: first) == 0)
        #expect(try trace(2).differing(from: first) != 0)
    }
}
