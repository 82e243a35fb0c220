import ChatTemplates
import Foundation
public import Inference
public import Retrieval
import Tokenizers

/// The engine as the assistant's writer.
public struct EngineGenerator: Generator {
    /// Writes the answers.
    public let engine: Engine
    /// Told what each answer cost.
    private let record: @Sendable (GenerationUsage) -> Void
    /// Told why the model wrote nothing.
    private let unwritten: (@Sendable (any Error) -> Void)?

    /// - Parameter unwritten: nil throws where the model has no template, or too little context for the passages.
    ///   Otherwise the model then writes nothing, so that the assistant quotes its documents, and this is told why.
    public init(
        engine: Engine, record: @escaping @Sendable (GenerationUsage) -> Void = { _ in },
        unwritten: (@Sendable (any Error) -> Void)? = nil
    ) {
        self.engine = engine
        self.record = record
        self.unwritten = unwritten
    }

    /// The next turn, piece by piece. Contents are quoted: no control token that stands in them is one.
    public func generate(
        _ turns: [ChatTurn], options: GenerationOptions
    ) async throws -> AsyncThrowingStream<String, any Error> {
        guard let prompt = try prompt(turns) else { return AsyncThrowingStream { $0.finish() } }
        let avoided = options.avoidedBeginning.flatMap {
            engine.model.tokenizer.encode($0, addSpecial: false, parseSpecial: false).first
        }
        let request = GenerationRequest(
            prompt: prompt, maxTokens: options.maximumTokens,
            sampling: SamplingParameters(temperature: options.temperature, seed: options.seed ?? 0),
            bannedFirst: avoided.map { [$0] } ?? [])
        let events = engine.generate(request)
        let record = record
        return AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    for try await event in events {
                        switch event {
                        case .prompt: break
                        case .token(_, let text, _): if !text.isEmpty { continuation.yield(text) }
                        case .finished(_, let text, let usage):
                            if !text.isEmpty { continuation.yield(text) }
                            record(usage)
                        }
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}

extension EngineGenerator {
    /// The turns stay in the engine's cache from one text to the next, and for the answer that follows: each text
    /// costs one pass over its own tokens.
    public func logProbabilities(of texts: [String], after turns: [ChatTurn]) async throws -> [Double]? {
        guard let prompt = try prompt(turns) else { return nil }
        var result: [Double] = []
        for text in texts {
            let tokens = engine.model.tokenizer.encode(text, addSpecial: false, parseSpecial: false)
            let whole = prompt + tokens
            guard !tokens.isEmpty, whole.count < engine.contextLength else { return nil }
            let told = try await engine.complete(
                GenerationRequest(
                    prompt: whole, maxTokens: 1, sampling: .greedy, scoredPrompt: prompt.count..<whole.count))
            // The turns are told once; behind them only what was computed.
            var usage = told.usage
            if !result.isEmpty {
                usage.promptTokens -= usage.cachedTokens
                usage.cachedTokens = 0
            }
            record(usage)
            result.append(told.promptLogProbabilities.reduce(0, +))
        }
        return result
    }

    /// The ids of a dialogue; nil where nothing can be written and that was told.
    private func prompt(_ turns: [ChatTurn]) throws -> [Int]? {
        let messages = turns.map { ChatMessage(role: $0.role.rawValue, content: $0.text) }
        do {
            let prompt = try engine.model.prompt(messages, now: TemplateDate.present)
            if prompt.count >= engine.contextLength {
                throw GenerationError.promptTooLong(tokens: prompt.count, limit: engine.contextLength)
            }
            return prompt
        } catch {
            guard let unwritten else { throw error }
            unwritten(error)
            return nil
        }
    }
}

extension TemplateDate {
    /// The present as templates read it, in local time.
    static var present: TemplateDate {
        let date = Date()
        return TemplateDate(
            secondsSince1970: Int(date.timeIntervalSince1970), offset: TimeZone.current.secondsFromGMT(for: date))
    }
}
