import Foundation
import ModelFormats
import TestSupport
import Testing
import Training

/// What is computed but has no backward pass is refused by name, never trained as something else.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct RefusedArchitectureTests {
    private func refusal(_ name: String) throws -> TrainingModelError? {
        let file = try ModelFile.open(Shared.folder.appendingPathComponent("reference/models/\(name)"))
        return #expect(throws: TrainingModelError.self) { try TrainingModel(file: file, part: .everything, seed: 1) }
    }

    @Test(arguments: ["qwen3moe", "gemma2", "gemma3", "phi3"])
    func byName(_ name: String) throws {
        #expect(
            try refusal(name) == .unsupportedArchitecture(found: name, known: ["llama", "qwen2", "qwen3"]))
    }

    /// Stored as llama.
    @Test func mixtral() throws { #expect(try refusal("mixtral") == .unsupported(what: "a mixture of experts")) }
}
