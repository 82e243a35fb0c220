import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing
import Training

/// What an estimate counts, against what can be counted by hand.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct TrainingEstimateTests {
    private func estimate(
        _ base: String, _ part: TrainedPart, forward: ForwardPrecision = .exact, recomputes: Bool = false
    ) throws -> TrainingEstimate {
        let url = Shared.folder.appendingPathComponent("reference/training/bases/\(base)")
        return try TrainingEstimate(
            file: try ModelFile.open(url), part: part, rows: 64, microBatches: 1, recomputes: recomputes,
            meanLength: 16, hasReference: false, forward: forward)
    }

    private func adapter(_ pattern: String) -> TrainedPart {
        .lowRank(LoRAConfiguration(rank: 4, alpha: 8, targets: .pattern(pattern)))
    }

    @Test func allWeightsAreCountedWithGradientAndTwoMoments() throws {
        let whole = try estimate("llama", .everything)
        #expect(whole.values == 4 * whole.trainedValues && whole.gradients == whole.values)
        #expect(whole.moments == 2 * whole.values && whole.frozen == 0)
        #expect(whole.operationsPerTarget > 0 && whole.bytes > whole.values + whole.gradients + whole.moments)
    }

    /// Below the lowest trained block nothing goes back; above it recomputation is forward work once more.
    @Test func lowerBlocksThatAreFrozenSaveWork() throws {
        let all = try estimate("llama", adapter(".*q_proj"))
        let last = try estimate("llama", adapter(".*layers\\.1\\..*q_proj"))
        #expect(last.trainedValues < all.trainedValues)
        #expect(last.operationsPerToken < 0.9 * all.operationsPerToken)
        #expect(last.operationsPerToken > 0.5 * all.operationsPerToken)
        let again = try estimate("llama", adapter(".*q_proj"), recomputes: true)
        #expect(again.operationsPerToken > 1.3 * all.operationsPerToken && again.activations < all.activations)
    }

    @Test func integerPassesSaveTimeOnQuantisedBasesOnly() throws {
        let part = adapter(".*q_proj")
        let exact = try estimate("llama-q8_0.gguf", part)
        #expect(try estimate("llama-q8_0.gguf", part, forward: .integer).operationsPerToken < exact.operationsPerToken)
        let plain = try estimate("llama", part)
        #expect(try estimate("llama", part, forward: .integer).operationsPerToken == plain.operationsPerToken)
    }

    @Test func timeGrowsWithWorkAndShrinksWithTheMachine() throws {
        let whole = try estimate("llama", .everything)
        func seconds(_ tokens: Double, _ speed: MachineSpeed) -> Double {
            whole.seconds(tokens: tokens, targets: tokens, microBatches: 1, steps: 1, at: speed)
        }
        let slow = MachineSpeed(operations: 1e9, bytes: 1e9, peak: 2e9)
        let fast = MachineSpeed(operations: 4e9, bytes: 4e9, peak: 8e9)
        #expect(seconds(2000, slow) > seconds(1000, slow))
        #expect(abs(seconds(1000, slow) / seconds(1000, fast) - 4) < 1e-9)
    }

    /// The count is what was asked for on every set, and what a set measures is more than nothing.
    @Test func multiplyAddsAreCountedForAllThreads() throws {
        for set in InstructionSet.available {
            let one = Worker.multiplyAdds(rounds: 100, pool: try WorkerPool(threads: 1, instructionSet: set))
            let three = Worker.multiplyAdds(rounds: 200, pool: try WorkerPool(threads: 3, instructionSet: set))
            #expect(one > 0 && one.isMultiple(of: 100 * 12 * 2))
            #expect(three == 6 * one)
        }
    }
}
