import Foundation
import Inference
import TestSupport
import Testing

/// Survivors and probabilities after every step in three orders, and log-probabilities, against numpy in f64.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct SamplerReferenceTests {
    @Test func everyStepOfEveryChain() throws {
        var checked = 0
        for line in try Shared.jsonLines("reference/sampling/cases.jsonl") {
            let name = try #require(line["name"] as? String)
            let logits = try numbers(line["logits"])
            let history = line["history"] as? [Int] ?? []
            if let reason = line["error"] as? String {
                checked += 1
                #expect(throws: SamplingError.self, "\(name): \(reason)") {
                    _ = try Sampler(try parameters(line, .openAI)).trace(logits: logits, history: history)
                }
                continue
            }
            let chains = try #require(line["chains"] as? [String: [[String: Any]]])
            for (order, steps) in chains {
                let order = try #require(SamplingParameters.Order(rawValue: order))
                let trace = try Sampler(try parameters(line, order)).trace(logits: logits, history: history)
                #expect(trace.map(\.name) == steps.map { $0["step"] as? String ?? "" }, "\(name) \(order)")
                for (got, want) in zip(trace, steps) { try compare(got, want, "\(name) \(order) \(got.name)") }
                checked += 1
            }
            let greedy = try Sampler(try parameters(line, .openAI, temperature: 0))
            #expect(try greedy.sample(logits: logits, history: history, draw: 0) == line["greedy"] as? Int, "\(name)")
        }
        #expect(checked > 300)
    }

    @Test func logProbabilities() throws {
        for line in try Shared.jsonLines("reference/sampling/logprobs.jsonl") {
            let name = try #require(line["name"] as? String)
            let logits = try numbers(line["logits"])
            let sampled = try #require(line["sampled"] as? Int)
            let count = line["top_logprobs_requested"] as? Int ?? 0
            let got = try LogProbabilities(logits: logits, chosen: sampled, top: count)
            #expect(close(got.chosen, try #require(line["logprob"] as? Double)), "\(name)")
            let want = try #require(line["top_logprobs"] as? [[Any]])
            #expect(got.top.map(\.id) == want.map { $0[0] as? Int ?? -1 }, "\(name)")
            for (one, other) in zip(got.top, want) {
                #expect(close(one.logProbability, other[1] as? Double ?? .nan), "\(name)")
            }
        }
    }

    private func close(_ got: Double, _ want: Double) -> Bool {
        want > -50 ? abs(got - want) < 1e-5 : abs(got - want) <= 1e-6 * abs(want)
    }

    private func compare(_ got: Sampler.Step, _ want: [String: Any], _ place: String) throws {
        let order = got.ids.indices.sorted {
            got.probabilities[$0] != got.probabilities[$1]
                ? got.probabilities[$0] > got.probabilities[$1] : got.ids[$0] < got.ids[$1]
        }
        #expect(got.ids.count == want["count"] as? Int, "\(place)")
        let ids = try #require(want["ids"] as? [Int])
        let p = try #require(want["p"] as? [Double])
        // Equal probabilities may stand in either order where rounding decides; ids are compared as sets then.
        #expect(Set(order.prefix(ids.count).map { got.ids[$0] }) == Set(ids) || ids.count == 48, "\(place)")
        let byID = Dictionary(uniqueKeysWithValues: zip(got.ids, got.probabilities))
        for (id, probability) in zip(ids, p) {
            let value = try #require(byID[id], "\(place): token \(id) is missing")
            #expect(abs(value - probability) < 1e-6, "\(place)")
        }
        if let ranges = want["all_ids"] as? String { #expect(Set(got.ids) == expand(ranges), "\(place)") }
    }

    private func expand(_ ranges: String) -> Set<Int> {
        var result: Set<Int> = []
        for part in ranges.split(separator: ",") {
            let ends = part.split(separator: "-").compactMap { Int($0) }
            if let first = ends.first, let last = ends.last { result.formUnion(first...last) }
        }
        return result
    }

    private func numbers(_ value: Any?) throws -> [Float] {
        try #require(value as? [Any]).map { item in
            if let number = item as? Double { return Float(number) }
            switch item as? String {
            case "-inf": return -.infinity
            case "inf": return .infinity
            default: return .nan
            }
        }
    }

    private func parameters(
        _ line: [String: Any], _ order: SamplingParameters.Order, temperature: Double? = nil
    ) throws -> SamplingParameters {
        let given = line["parameters"] as? [String: Any] ?? [:]
        func number(_ key: String, _ other: Double) -> Double {
            if let text = given[key] as? String { return text == "nan" ? .nan : text == "inf" ? .infinity : -.infinity }
            return given[key] as? Double ?? other
        }
        var bias: [Int: Double] = [:]
        for (key, value) in given["logit_bias"] as? [String: Any] ?? [:] {
            bias[Int(key) ?? -1] = value as? Double ?? -.infinity
        }
        return SamplingParameters(
            temperature: temperature ?? number("temperature", 1), topK: given["top_k"] as? Int ?? 0,
            topP: number("top_p", 1), minP: number("min_p", 0), typicalP: number("typical_p", 1),
            repetitionPenalty: number("repetition_penalty", 1), frequencyPenalty: number("frequency_penalty", 0),
            presencePenalty: number("presence_penalty", 0), penaltyWindow: given["window"] as? Int ?? -1,
            logitBias: bias, order: order)
    }
}
