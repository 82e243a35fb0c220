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
    static let checks = PublishedModel.all.flatMap { model in
        [PublishedModel.Check(model: model, exact: true), .init(model: model, exact: false)]
    }.filter { $0.model.present && (Shared.long || !$0.isLong) }

    @Test(.enabled(if: !checks.isEmpty, PublishedModel.hint), arguments: checks)
    func agreesWithTheReference(_ check: PublishedModel.Check) throws {
        let model = check.model
        let runner = try model.runner(exact: check.exact)
        let reference = try SafetensorsReference("reference/real/\(model.name).safetensors").file
        for prompt in try model.prompts() {
            let ids = try reference.integers("\(prompt.name).input_ids")
            let distance = try distance(runner.logits(ids), to: reference, prompt.name, positions: ids.count)
            print("\(check) \(prompt.name): \(distance), llama.cpp's mean KL \(prompt.limitKL)")
            if check.exact {
                #expect(distance.largest < 5e-3, "\(prompt.name)")
                let want = try reference.integers("\(prompt.name).greedy")
                // Greedy ids are equal up to the first near tie.
                let count = min(prompt.firstClosePlace ?? want.count, want.count)
                #expect(try runner.greedy(ids, count: count) == Array(want.prefix(count)), "\(prompt.name)")
            } else {
                #expect(distance.meanKL <= 1.25 * prompt.limitKL + 1e-4, "\(prompt.name)")
            }
        }
    }

    /// How far logits are from the truth.
    struct Distance {
        /// Largest difference of a listed log-probability.
        var largest = 0.0
        /// Mean over the positions of the KL divergence. The file holds whole rows for the last position only, so the
        /// 32 listed tokens of each, and the rest as one, stand for the row.
        var meanKL = 0.0
    }

    private func distance(
        _ logits: [Float], to reference: SafetensorsFile, _ prompt: String, positions: Int
    ) throws -> Distance {
        let topIDs = try reference.integers("\(prompt).top_ids")
        let top = try reference.floats("\(prompt).top_logits")
        let sums = try reference.doubles("\(prompt).logsumexp")
        let size = logits.count / max(positions, 1)
        var distance = Distance()
        for position in 0..<positions {
            let row = logits[position * size..<(position + 1) * size]
            let sum = logSumExp(row)
            var kl = 0.0
            var restWant = 1.0
            var restGot = 1.0
            for rank in 0..<32 {
                let want = Double(top[position * 32 + rank]) - sums[position]
                let got = Double(row[row.startIndex + topIDs[position * 32 + rank]]) - sum
                distance.largest = max(distance.largest, abs(got - want))
                kl += exp(want) * (want - got)
                restWant -= exp(want)
                restGot -= exp(got)
            }
            if restWant > 1e-12, restGot > 1e-12 { kl += restWant * log(restWant / restGot) }
            distance.meanKL += kl / Double(positions)
        }
        return distance
    }

    private func logSumExp(_ row: ArraySlice<Float>) -> Double {
        let top = Double(row.max() ?? 0)
        return top + log(row.reduce(0.0) { $0 + exp(Double($1) - top) })
    }
}

struct PublishedModel: Sendable {
    static let hint: Comment = "needs the published models in the cache: pallet model pull, or models/get.py"

    static let all = [
        PublishedModel(name: "smollm2-135m-instruct", file: "SmolLM2-135M-Instruct.Q4_1.gguf"),
        PublishedModel(name: "qwen2.5-coder-0.5b-instruct", file: "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"),
        PublishedModel(name: "qwen2.5-coder-1.5b-instruct", file: "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"),
    ]

    let name: String
    let file: String

    /// In CI absence is a failure; the largest is fetched for long tests only.
    var present: Bool { Shared.inCI || Shared.model(file) != nil }

    /// One model on one path.
    struct Check: Sendable, CustomTestStringConvertible {
        let model: PublishedModel
        let exact: Bool

        /// What takes minutes or many gigabytes: the 0.5B's exact path, and all of the 1.5B.
        var isLong: Bool {
            model.name.contains("1.5b") || exact && model.name.contains("0.5b")
        }

        var testDescription: String { "\(model.name), \(exact ? "exact" : "default")" }
    }

    struct Prompt {
        let name: String
        let firstClosePlace: Int?
        let limitKL: Double
    }

    func prompts() throws -> [Prompt] {
        let json = try JSONSerialization.jsonObject(with: Shared.data("reference/real/\(name).json"))
        let all = try #require((json as? [String: Any])?["prompts"] as? [String: [String: Any]])
        return all.sorted { $0.key < $1.key }.map { key, value in
            Prompt(
                name: key, firstClosePlace: value["first_gap_below_0.05"] as? Int,
                limitKL: value["llamacpp_mean_kl"] as? Double ?? 0)
        }
    }

    func runner(exact: Bool) throws -> Runner {
        try Runner(try #require(Shared.model(file)), precision: exact ? Runner.exact : Runner.integer)
    }
}

extension SafetensorsFile {
    /// An f64 tensor's values.
    func doubles(_ name: String) throws -> [Double] {
        try integers(name).map { Double(bitPattern: UInt64(bitPattern: Int64($0))) }
    }
}
