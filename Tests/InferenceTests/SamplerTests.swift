import Inference
import Testing

struct SamplerTests {
    @Test func drawsFollowTheDistribution() throws {
        // p = 0.5, 0.25, 0.125, 0.125
        let logits: [Float] = [8, 4, 2, 2].map { Float(log2Like($0)) }
        let sampler = try Sampler(SamplingParameters(seed: 42))
        var counts = [0, 0, 0, 0]
        let draws = 20_000
        for draw in 0..<draws { counts[try sampler.sample(logits: logits, history: [], draw: draw)] += 1 }
        for (count, p) in zip(counts, [0.5, 0.25, 0.125, 0.125]) {
            // Five standard deviations: fails by chance once in two million runs, and the seed is fixed.
            #expect(abs(Double(count) / Double(draws) - p) < 5 * (p * (1 - p) / Double(draws)).squareRoot())
        }
    }

    @Test func aDrawIsAFunctionOfSeedAndNumber() throws {
        let logits = (0..<1000).map { Float($0 % 7) }
        let one = try Sampler(SamplingParameters(topP: 0.9, seed: 7))
        let other = try Sampler(SamplingParameters(topP: 0.9, seed: 8))
        let first = try (0..<50).map { try one.sample(logits: logits, history: [], draw: $0) }
        let again = try (0..<50).reversed().map { try one.sample(logits: logits, history: [], draw: $0) }
        #expect(first == again.reversed())
        #expect(first != (try (0..<50).map { try other.sample(logits: logits, history: [], draw: $0) }))
    }

    /// The sorted head of a large vocabulary gives what sorting all of it gives.
    @Test func largeVocabulariesAreCutAsSmallOnes() throws {
        var state: UInt64 = 1
        let logits = (0..<150_000).map { _ -> Float in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(Int(state >> 40) % 2000) / 100
        }
        for p in [0.01, 0.3, 0.9, 0.999] {
            let steps = try Sampler(SamplingParameters(topP: p)).trace(logits: logits, history: [])
            let kept = try #require(steps.last).ids
            let all = try #require(steps.first)
            let order = all.ids.indices.sorted {
                all.probabilities[$0] != all.probabilities[$1]
                    ? all.probabilities[$0] > all.probabilities[$1] : all.ids[$0] < all.ids[$1]
            }
            var sum = 0.0
            var want: [Int] = []
            for index in order {
                want.append(all.ids[index])
                sum += all.probabilities[index]
                if sum >= p { break }
            }
            #expect(kept == want, "top_p \(p)")
        }
    }

    private func log2Like(_ value: Double) -> Double {
        var result = 0.0
        var rest = value
        while rest > 1 {
            rest /= 2
            result += 0.6931471805599453
        }
        return result
    }
}
