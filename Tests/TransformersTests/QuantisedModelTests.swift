import Foundation
import Tensors
import TestSupport
import Testing

/// Models that llama.cpp quantised: our integer path may be no farther from the truth than llama.cpp's own.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct QuantisedModelTests {
    static let files = [
        "llama/f16", "llama/q4_0", "llama/q4_1", "llama/q5_0", "llama/q5_1", "llama/q8_0", "llama/q2_k",
        "llama/q3_k_m", "llama/q4_k_s", "llama/q4_k_m", "llama/q5_k_m", "llama/q6_k", "llama/iq4_nl", "llama/iq4_xs",
        "qwen2/f16", "qwen2/q4_0", "qwen2/q8_0", "qwen2/q4_k_m", "qwen2/q6_k", "qwen2/iq4_xs",
    ]

    @Test(arguments: files)
    func noFartherFromTheTruthThanLlamaCPP(_ file: String) throws {
        let (error, limit) = try error(of: file, precision: Runner.integer)
        #expect(error <= 1.1 * limit, "\(file): \(error / limit)")
        let (exact, _) = try self.error(of: file, precision: Runner.exact)
        #expect(exact <= 1e-9, "\(file)")
    }

    /// One rounding that falls the other way moves a file by a tenth; over a model's files that evens out.
    @Test(arguments: ["llama", "qwen2"])
    func noFartherOnTheMeanOfAModelsFiles(_ model: String) throws {
        // f16 needs no integer path: its error is thousands of times smaller and would hide the others.
        let files = Self.files.filter { $0.hasPrefix(model + "/") && !$0.hasSuffix("f16") }
        let logarithms = try files.map { file in
            let (error, limit) = try error(of: file, precision: Runner.integer)
            if Shared.long { print("\(file): \(error / limit)") }
            return log(error / limit)
        }
        let mean = exp(logarithms.reduce(0, +) / Double(files.count))
        if Shared.long { print("\(model): \(mean) times llama.cpp's distance over \(files.count) files") }
        #expect(mean <= 1.05, "\(model): \(mean)")
    }

    /// Our normalised mean squared error on a file, and llama.cpp's bound.
    private func error(of file: String, precision: Precision) throws -> (error: Double, limit: Double) {
        let parts = file.split(separator: "/").map(String.init)
        let folder = "reference/quantisation/models/\(parts[0])"
        let reference = try SafetensorsReference("\(folder)/reference.safetensors")
        let limits = try JSONSerialization.jsonObject(with: Shared.data("\(folder)/errors.json")) as? [String: Any]
        let entry = try #require(limits?[parts[1]] as? [String: Any])
        let limit = try #require(entry["limit_nmse"] as? Double)
        let tokens = try #require(
            JSONSerialization.jsonObject(with: Shared.data("\(folder)/tokens.json")) as? [[Int]])
        let url = Shared.folder.appendingPathComponent("\(folder)/\(parts[1]).gguf")
        let runner = try Runner(url, precision: precision)
        var got: [Float] = []
        var want: [Float] = []
        for (ids, name) in zip(tokens, ["a", "b"]) {
            got += try runner.logits(ids)
            want += try reference.file.floats("\(parts[1]).\(name).truth")
        }
        return (distance(got, want).nmse, limit)
    }
}
