import Foundation
import Inference
import ModelFormats
import Tensors
import TestSupport
import Testing

/// A base and its adapter served together: shared weights and threads, answers and caches of their own.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct AdaptedEngineTests {
    private static let training = Shared.folder.appendingPathComponent("reference/training")

    private func models(_ base: String, _ adapter: String) throws -> (LanguageModel, LanguageModel) {
        let file = try ModelFile.open(Self.training.appendingPathComponent("bases/\(base)"))
        let language = try LanguageModel(name: "base", file: file)
        let found = try LoRAAdapter.read(folder: Self.training.appendingPathComponent("\(adapter)/adapter"))
        return (language, try language.adapted(by: found, name: "tuned"))
    }

    private func request(_ seed: Int) -> GenerationRequest {
        let prompt = (0..<40).map { ($0 * 31 + seed * 7) % 200 }
        return GenerationRequest(prompt: prompt, maxTokens: 12, ignoreEndOfTurn: true)
    }

    @Test(arguments: [("llama-q8_0.gguf", "dora-merge"), ("qwen2", "rslora")])
    func neighboursOfAnotherAdapterChangeNoToken(_ base: String, _ adapter: String) async throws {
        let (plain, tuned) = try models(base, adapter)
        #expect(tuned.name == "tuned" && plain.name == "base")
        var alone: [String: [[Int]]] = [:]
        for model in [plain, tuned] {
            let engine = try Engine(model: model, settings: .init(threads: 2))
            var answers: [[Int]] = []
            for seed in 0..<4 { answers.append(try await engine.complete(request(seed)).tokens) }
            alone[model.name] = answers
        }
        #expect(alone["base"] != alone["tuned"])
        let pool = try WorkerPool(threads: 2)
        let engines = try [plain, tuned].map { try Engine(model: $0, settings: .init(threads: 2), pool: pool) }
        // The second round finds the prompts in the caches: each its own.
        for round in 0..<2 {
            try await withThrowingTaskGroup(of: (String, Int, GenerationResult).self) { group in
                for engine in engines {
                    for seed in 0..<4 {
                        group.addTask { (engine.model.name, seed, try await engine.complete(self.request(seed))) }
                    }
                }
                for try await (name, seed, result) in group {
                    #expect(result.tokens == alone[name]?[seed], "\(name), round \(round)")
                    if round == 1 { #expect(result.usage.cachedTokens > 0) }
                }
            }
        }
    }
}
