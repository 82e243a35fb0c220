import ChatTemplates
import Foundation
public import Inference
public import Retrieval

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
        let messages = turns.map { ChatMessage(role: $0.role.rawValue, content: $0.text) }
        let prompt: [Int]
        do {
            prompt = try engine.model.prompt(messages, now: TemplateDate.present)
            if prompt.count >= engine.contextLength {
                throw GenerationError.promptTooLong(tokens: prompt.count, limit: engine.contextLength)
            }
        } catch {
            guard let unwritten else { throw error }
            unwritten(error)
            return AsyncThrowingStream { $0.finish() }
        }
        let request = GenerationRequest(
            prompt: prompt, maxTokens: options.maximumTokens,
            sampling: SamplingParameters(temperature: options.temperature, seed: options.seed ?? 0))
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

extension TemplateDate {
    /// The present as templates read it, in local time.
    static var present: TemplateDate {
        let date = Date()
        return TemplateDate(
            secondsSince1970: Int(date.timeIntervalSince1970), offset: TimeZone.current.secondsFromGMT(for: date))
    }
}
