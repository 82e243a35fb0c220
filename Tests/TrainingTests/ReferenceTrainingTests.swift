import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing
import Training

/// Every training case of the references: metrics of each step, gradients of the first, weights after the last.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct ReferenceTrainingTests {
    static let cases: [(String, Int)] = [
        ("sft-full", 0), ("sft-full-tied", 0), ("accumulation", 0), ("packing", 0), ("packing", 1), ("masks", 0),
        ("ddp", 0), ("lora", 0), ("rslora", 0), ("dora", 0), ("lora-fresh", 0), ("qlora-q4_0", 0), ("qlora-q8_0", 0),
        ("dpo", 0), ("dpo-reference", 0), ("ipo", 0), ("kto", 0), ("orpo", 0), ("simpo", 0), ("cpo", 0),
    ]

    @Test(arguments: cases)
    func matchesReference(name: String, run: Int) throws {
        let reference = try ReferenceCase(name, run: run)
        let trainer = try reference.trainer()
        let start = NamedTensors(trainer: trainer)
        var initial: [String: [Float]] = [:]
        let finals = reference.tensors.tensors.map(\.name).filter { $0.hasPrefix("final.") }
        for name in finals { initial[name] = try start.values(String(name.dropFirst(6)), gradient: false) }
        let metrics = try #require(reference.expected["metrics"] as? [[String: Any]])
        var worst = (loss: 0.0, norm: 0.0, gradient: 0.0, update: 0.0, value: 0.0)
        var rates = 0.0
        for wanted in metrics {
            let step = try trainer.next()
            func value(_ key: String) throws -> Double { try #require(wanted[key] as? NSNumber, "\(key)").doubleValue }
            let loss = try value("loss")
            #expect(abs(step.loss - loss) <= (step.step == 0 ? 1e-4 : 1e-3) * abs(loss), "loss of \(step.step)")
            // A fresh adapter's first gradient depends on its own random factors.
            let norm = wanted["grad_norm"] == nil ? step.gradientNorm : try value("grad_norm")
            #expect(abs(step.gradientNorm - norm) <= 1e-3 * norm, "norm of \(step.step)")
            if wanted["learning_rate"] != nil {
                #expect(abs(step.learningRate - (try value("learning_rate"))) <= 1e-6 * step.learningRate)
            }
            #expect(Double(step.tokens) == (try value("tokens")))
            for (key, found) in step.more where wanted[key] != nil {
                let other = try value(key)
                #expect(abs(found - other) <= 1e-3 * max(abs(other), 0.01), "\(key) of \(step.step)")
            }
            worst.loss = max(worst.loss, abs(step.loss - loss) / abs(loss))
            worst.norm = max(worst.norm, abs(step.gradientNorm - norm) / norm)
            rates += step.learningRate
            if step.step == 0 { worst.gradient = try gradients(reference, trainer) }
        }
        for name in finals {
            let want = try reference.tensors.floats(name)
            let got = try start.values(String(name.dropFirst(6)), gradient: false)
            let before = try #require(initial[name])
            let change = Self.distance(want, before)
            let update = change > 0 ? Self.distance(got, want) / change : Self.distance(got, want)
            #expect(update <= 5e-3, "\(name): change")
            let largest = Double(zip(got, want).map { abs($0 - $1) }.max() ?? 0) / rates
            #expect(largest <= 0.05, "\(name): largest")
            worst.update = max(worst.update, update)
            worst.value = max(worst.value, largest)
        }
        print("\(name)-\(run): \(worst), \(finals.count) tensors")
    }

    private func gradients(_ reference: ReferenceCase, _ trainer: Trainer) throws -> Double {
        var worst = 0.0
        for tensor in reference.tensors.tensors where tensor.name.hasPrefix("grad.") {
            let want = try reference.tensors.floats(tensor.name)
            let got = try NamedTensors(trainer: trainer).values(String(tensor.name.dropFirst(5)), gradient: true)
            try #require(got.count == want.count)
            let size = Self.distance(want, [Float](repeating: 0, count: want.count))
            let error = Self.distance(got, want) / max(size, 1e-12)
            #expect(error <= 1e-4, "\(tensor.name): \(error)")
            worst = max(worst, error)
        }
        return worst
    }

    static func distance(_ a: [Float], _ b: [Float]) -> Double {
        zip(a, b).reduce(0) { $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1)) }.squareRoot()
    }
}
