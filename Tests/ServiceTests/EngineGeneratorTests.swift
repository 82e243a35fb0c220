import ChatTemplates
import Foundation
import Inference
import ModelFormats
import Retrieval
import Service
import Synchronization
import TestSupport
import Testing
import Tokenizers

/// The engine as the assistant's writer: what it thinks of a text, and what it must not begin with.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct EngineGeneratorTests {
    private static let refusal = "资料中未找到。"
    private let turns = [ChatTurn(.system, "只根据资料回答。"), ChatTurn(.user, "押金多久退？")]

    private func engine(context: Int = 512) throws -> Engine {
        let url = Shared.folder.appendingPathComponent("reference/models/qwen2/model.gguf")
        let model = try LanguageModel(name: "qwen2", file: try ModelFile.open(url))
        return try Engine(model: model, settings: .init(threads: 1, contextLength: context))
    }

    private func written(_ generator: EngineGenerator, _ options: GenerationOptions) async throws -> String {
        var text = ""
        for try await piece in try await generator.generate(turns, options: options) { text += piece }
        return text
    }

    @Test func theProbabilityOfATextIsThatOfItsTokensInTurn() async throws {
        let engine = try engine()
        let both = try await EngineGenerator(engine: engine).logProbabilities(of: ["押金", Self.refusal], after: turns)
        let told = try #require(both?.last)
        let messages = turns.map { ChatMessage(role: $0.role.rawValue, content: $0.text) }
        let now = try #require(TemplateDate("2026-01-01 00:00:00"))
        var prompt = try engine.model.prompt(messages, now: now)
        var expected = 0.0
        for token in engine.model.tokenizer.encode(Self.refusal, addSpecial: false, parseSpecial: false) {
            let request = GenerationRequest(
                prompt: prompt, maxTokens: 1, topLogProbabilities: engine.model.tokenizer.vocabularySize)
            let guess = try await engine.complete(request).logProbabilities[0]
            expected += try #require(guess.top.first { $0.id == token }).logProbability
            prompt.append(token)
        }
        #expect(both?.count == 2 && told < 0)
        #expect(abs(told - expected) < 1e-9)
    }

    @Test func whatIsAskedBeforeChangesNoAnswerAndCostsAreTold() async throws {
        let options = GenerationOptions(maximumTokens: 12)
        let alone = try await written(EngineGenerator(engine: try engine()), options)
        let costs = Costs()
        let generator = EngineGenerator(engine: try engine(), record: { costs.add($0) })
        _ = try await generator.logProbabilities(of: [Self.refusal], after: turns)
        #expect(try await written(generator, options) == alone)
        let usages = costs.usages
        #expect(usages.count == 2)
        #expect(usages[1].cachedTokens > 0 && usages[1].cachedTokens >= usages[1].promptTokens - 1)
    }

    /// At a high temperature a tiny random model begins with every letter now and then, but not with one avoided.
    @Test func theAnswerDoesNotBeginWithWhatIsAvoided() async throws {
        let generator = EngineGenerator(engine: try engine())
        var began = [nil: 0, "a": 0] as [String?: Int]
        for avoided in [nil, "a"] as [String?] {
            for seed in 0..<1500 {
                let options = GenerationOptions(
                    maximumTokens: 1, temperature: 8, seed: UInt64(seed), avoidedBeginning: avoided)
                if try await written(generator, options) == "a" { began[avoided, default: 0] += 1 }
            }
        }
        #expect(began[nil, default: 0] > 0)
        #expect(began["a", default: 0] == 0)
    }

    @Test func whatDoesNotFitIsNotGuessed() async throws {
        let generator = EngineGenerator(engine: try engine(context: 100))
        let long = String(repeating: "托盘", count: 40)
        #expect(try await generator.logProbabilities(of: [long], after: turns) == nil)
        #expect(try await generator.logProbabilities(of: ["押金", ""], after: turns) == nil)
    }
}

/// Usages that were told, in order.
private final class Costs: Sendable {
    private let told = Mutex<[GenerationUsage]>([])

    func add(_ usage: GenerationUsage) { told.withLock { $0.append(usage) } }

    var usages: [GenerationUsage] { told.withLock { $0 } }
}
