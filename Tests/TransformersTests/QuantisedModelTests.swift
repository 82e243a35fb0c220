import Foundation
import TestSupport
import Testing

/// Models that llama.cpp quantised: our integer path may be no farther from the truth than llama.cpp's own.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct QuantisedModelTests {
    static let files = [
        "llama/f16", "llama/q4_0", "llama/q4_1", "llama/q5_0", "llama/q5_1", "llama/q8_0", "llama/q4_k_s",
        "llama/q4_k_m", "llama/q5_k_m", "llama/q6_k", "qwen2/f16", "qwen2/q4_0", "qwen2/q8_0", "qwen2/q4_k_m",
        "qwen2/q6_k",
    ]

    @Test(arguments: files)
    func noFartherFromTheTruthThanLlamaCPP(_ file: String) throws {
        let parts = file.split(separator: "/").map(String.init)
        let folder = "reference/quantisation/models/\(parts[0])"
        let reference = try SafetensorsReference("\(folder)/reference.safetensors")
        let limits = try JSONSerialization.jsonObject(with: Shared.data("\(folder)/errors.json")) as? [String: Any]
        let entry = try #require(limits?[parts[1]] as? [String: Any])
        let limit = try #require(entry["limit_nmse"] as? Double)
        let tokens = try #require(
            JSONSerialization.jsonObject(with: Shared.data("\(folder)/tokens.json")) as? [[Int]])
        let url = Shared.folder.appendingPathComponent("\(folder)/\(parts[1]).gguf")
        for precision in [Runner.integer, Runner.exact] {
            let runner = try Runner(url, precision: precision)
            var got: [Float] = []
            var want: [Float] = []
            for (ids, name) in zip(tokens, ["a", "b"]) {
                got += try runner.logits(ids)
                want += try reference.file.floats("\(parts[1]).\(name).truth")
            }
            let error = distance(got, want).nmse
            #expect(error <= (precision == Runner.exact ? 1e-9 : 1.1 * limit), "\(file) \(precision)")
        }
    }
}
