import Foundation
import ModelFormats
import TestSupport
import Testing
import Transformers

/// The published models: exact path against transformers in f32, default path no farther from it than llama.cpp.
///
/// In every run SmolLM2 and the 0.5B's default path; the exact path of both Qwen (2 and 6 GB of f32) with the long
/// tests. A model that is not in the cache is a failure in CI, a skip elsewhere.
@Suite(.enabled(if: Shared.available, Shared.hint), .serialized)
struct PublishedModelTests {
    static let smol = PublishedModel(name: "smollm2-135m-instruct", file: "SmolLM2-135M-Instruct.Q4_1.gguf")
    static let half = PublishedModel(
        name: "qwen2.5-coder-0.5b-instruct", file: "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf")
    static let large = PublishedModel(
        name: "qwen2.5-coder-1.5b-instruct", file: "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf")

    @Test(.enabled(if: smol.present, PublishedModel.hint))
    func smolExact() throws { try Self.smol.checkExact() }

    @Test(.enabled(if: smol.present, PublishedModel.hint))
    func smolDefault() throws { try Self.smol.checkDefault() }

    @Test(.enabled(if: half.present, PublishedModel.hint))
    func halfDefault() throws { try Self.half.checkDefault() }

    @Test(.enabled(if: half.present && Shared.long, "a long test: set PALLET_LONG=1"))
    func halfExact() throws { try Self.half.checkExact() }

    @Test(.enabled(if: large.present && Shared.long, "a long test: set PALLET_LONG=1"))
    func largeDefault() throws { try Self.large.checkDefault() }

    @Test(.enabled(if: large.present && Shared.long, "a long test: set PALLET_LONG=1"))
    func largeExact() throws { try Self.large.checkExact() }
}

struct PublishedModel: Sendable {
    static let hint: Comment = "needs the published models in the cache: pallet model pull, or models/get.py"

    let name: String
    let file: String

    var present: Bool { Shared.inCI || Shared.model(file) != nil }

    private struct Prompt {
        let name: String
        let firstClosePlace: Int?
        let limitKL: Double
    }

    private func prompts() throws -> [Prompt] {
        let json = try JSONSerialization.jsonObject(with: Shared.data("reference/real/\(name).json"))
        let all = try #require((json as? [String: Any])?["prompts"] as? [String: [String: Any]])
        return all.sorted { $0.key < $1.key }.map { key, value in
            Prompt(
                name: key, firstClosePlace: value["first_gap_below_0.05"] as? Int,
                limitKL: value["llamacpp_mean_kl"] as? Double ?? 0)
        }
    }

    private func runner(exact: Bool) throws -> Runner {
        try Runner(try #require(Shared.model(file)), precision: exact ? Runner.exact : Runner.integer)
    }

    /// Every listed log-probability within 5e-3, greedy ids equal up to the first near tie.
    func checkExact() throws {
        let runner = try runner(exact: true)
        let reference = try SafetensorsReference("reference/real/\(name).safetensors").file
        let size = runner.model.vocabularySize
        for prompt in try prompts() {
            let ids = try reference.integers("\(prompt.name).input_ids")
            let logits = try runner.logits(ids)
            let topIDs = try reference.integers("\(prompt.name).top_ids")
            let top = try reference.floats("\(prompt.name).top_logits")
            let sums = try reference.doubles("\(prompt.name).logsumexp")
            var largest = 0.0
            for position in ids.indices {
                let row = logits[position * size..<(position + 1) * size]
                let sum = logSumExp(row)
                for rank in 0..<32 {
                    let want = Double(top[position * 32 + rank]) - sums[position]
                    let got = Double(row[row.startIndex + topIDs[position * 32 + rank]]) - sum
                    largest = max(largest, abs(got - want))
                }
            }
            #expect(largest < 5e-3, "\(name) \(prompt.name)")
            let want = try reference.integers("\(prompt.name).greedy")
            let count = min(prompt.firstClosePlace ?? want.count, want.count)
            #expect(try runner.greedy(ids, count: count) == Array(want.prefix(count)), "\(name) \(prompt.name)")
            print("\(name) exact \(prompt.name): largest log-probability error \(largest)")
        }
    }

    /// Mean KL from the truth at the last position at most 1.25 × llama.cpp's over the prompt + 1e-4: the file holds
    /// whole rows for the last position only, so the listed tokens stand for the rows before.
    func checkDefault() throws {
        let runner = try runner(exact: false)
        let reference = try SafetensorsReference("reference/real/\(name).safetensors").file
        let size = runner.model.vocabularySize
        for prompt in try prompts() {
            let ids = try reference.integers("\(prompt.name).input_ids")
            let logits = try runner.logits(ids)
            let topIDs = try reference.integers("\(prompt.name).top_ids")
            let top = try reference.floats("\(prompt.name).top_logits")
            let sums = try reference.doubles("\(prompt.name).logsumexp")
            var total = 0.0
            for position in ids.indices {
                let row = logits[position * size..<(position + 1) * size]
                let sum = logSumExp(row)
                // KL over the 32 listed tokens and the rest as one.
                var restWant = 1.0
                var restGot = 1.0
                for rank in 0..<32 {
                    let want = Double(top[position * 32 + rank]) - sums[position]
                    let got = Double(row[row.startIndex + topIDs[position * 32 + rank]]) - sum
                    total += exp(want) * (want - got)
                    restWant -= exp(want)
                    restGot -= exp(got)
                }
                if restWant > 1e-12, restGot > 1e-12 { total += restWant * log(restWant / restGot) }
            }
            let mean = total / Double(ids.count)
            #expect(mean <= 1.25 * prompt.limitKL + 1e-4, "\(name) \(prompt.name)")
            print("\(name) default \(prompt.name): mean KL \(mean), llama.cpp \(prompt.limitKL)")
        }
    }

    private func logSumExp(_ row: ArraySlice<Float>) -> Double {
        let top = Double(row.max() ?? 0)
        return top + log(row.reduce(0.0) { $0 + exp(Double($1) - top) })
    }
}

extension SafetensorsFile {
    /// An f64 tensor's values.
    func doubles(_ name: String) throws -> [Double] {
        try integers(name).map { Double(bitPattern: UInt64(bitPattern: Int64($0))) }
    }
}
