import Hummingbird
public import Inference
import Logging
public import Retrieval
import Synchronization
import Tokenizers

/// A chat with an assistant: the same request and response as with a model, and `citations` beside.
///
/// Sampling fields are accepted and not used: how an assistant writes is its own matter, and the same question gives
/// the same answer.
struct AssistantController {
    let assistant: ServedAssistant
    let metrics: ServiceMetrics
    let log: ServiceLog

    func complete(
        _ request: Request, _ context: ClientContext, conversation: Conversation, parameters: GenerationParameters
    ) async throws -> Response {
        guard let last = conversation.turns.last, last.role == "user" else {
            throw OpenAIError.invalid("messages", "The last message to an assistant must be the user's.")
        }
        // A system text of the client cannot change what the assistant is: it is left out.
        let earlier = conversation.turns.dropLast().compactMap { turn -> ChatTurn? in
            ChatTurn.Role(rawValue: turn.role).flatMap { $0 == .system ? nil : ChatTurn($0, turn.content) }
        }
        let meter = UsageMeter()
        try assistant.check(last.content)
        let events = assistant.assistant(meter: meter, log: log).stream(last.content, earlier: earlier)
        let answer = ChatAnswer(model: parameters.model)
        if parameters.stream {
            return stream(request, events: events, answer: answer, meter: meter, parameters: parameters)
        }
        do {
            let result = try await context.whileClientStays { try await Self.whole(events) }
            record(result, meter.usage)
            return try .json(
                answer.whole(
                    text: result.text, usage: ChatTypes.Usage(meter.usage), citations: result.citations,
                    answered: result.outcome != .notFound))
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            if OpenAIError(error).status.code >= 500 { log.failure("assistant failed", error) }
            throw OpenAIError(error)
        }
    }

    /// The answer at the end of its events.
    /// - Throws: `CancellationError` where they end before it.
    static func whole(_ events: AsyncThrowingStream<AnswerEvent, any Error>) async throws -> Answer {
        for try await event in events {
            if case .finished(let answer) = event { return answer }
        }
        throw CancellationError()
    }

    private func stream(
        _ request: Request, events: AsyncThrowingStream<AnswerEvent, any Error>, answer: ChatAnswer,
        meter: UsageMeter, parameters: GenerationParameters
    ) -> Response {
        EventStream.response(for: request, log: log, failure: "assistant stream failed") { stream, write in
            try await write(try stream.event(answer.begin()))
            var shown = ""
            for try await event in events {
                switch event {
                case .passages: break
                case .sentence(let sentence, _):
                    shown += sentence.text
                    try await write(try stream.event(answer.chunk(sentence.text)))
                case .finished(let result):
                    record(result, meter.usage)
                    // What was not said sentence by sentence: the words of refusal.
                    if result.text.hasPrefix(shown), result.text != shown {
                        try await write(
                            try stream.event(answer.chunk(String(result.text.dropFirst(shown.count)))))
                    }
                    try await write(
                        try stream.event(
                            answer.end(
                                "stop", citations: result.citations, answered: result.outcome != .notFound)))
                    if parameters.includeUsage {
                        try await write(try stream.event(answer.usage(ChatTypes.Usage(meter.usage))))
                    }
                }
            }
        }
    }

    private func record(_ answer: Answer, _ usage: GenerationUsage) {
        metrics.record(answered: answer.outcome != .notFound)
        if usage.promptTokens > 0 { metrics.record(usage) }
    }
}

/// An assistant as it is served: what it is, and the engine that writes for it.
public struct ServedAssistant: Sendable {
    /// What it answers from.
    public let index: PassageIndex
    /// Writes for it; nil quotes the documents alone.
    public let engine: Engine?
    /// How it answers.
    public let configuration: Assistant.Configuration

    /// An assistant of its parts.
    public init(index: PassageIndex, engine: Engine?, configuration: Assistant.Configuration) {
        self.index = index
        self.engine = engine
        self.configuration = configuration
    }

    /// The assistant.
    /// - Parameters:
    ///   - record: told what an answer cost.
    ///   - unwritten: told why the model could not write one; see `EngineGenerator`.
    public func assistant(
        recording record: @escaping @Sendable (GenerationUsage) -> Void = { _ in },
        unwritten: (@Sendable (any Error) -> Void)? = nil
    ) -> Assistant {
        Assistant(
            index: index,
            generator: engine.map { EngineGenerator(engine: $0, record: record, unwritten: unwritten) },
            configuration: configuration)
    }

    /// The assistant as the service runs it: where its model cannot take the prompt it quotes, and the log says so.
    func assistant(meter: UsageMeter, log: ServiceLog) -> Assistant {
        assistant(
            recording: meter.add,
            unwritten: { log.failure("the model cannot take the assistant's prompt: documents are quoted", $0) })
    }

    /// Refuses a question that is longer than the model's context by itself.
    func check(_ question: String) throws(OpenAIError) {
        // A token has at least one byte: a question with fewer bytes fits, and needs no counting.
        guard let engine, question.utf8.count >= engine.contextLength else { return }
        let tokens = engine.model.tokenizer.encode(question, addSpecial: false, parseSpecial: false).count
        guard tokens < engine.contextLength else {
            throw OpenAIError(GenerationError.promptTooLong(tokens: tokens, limit: engine.contextLength))
        }
    }
}

/// Sums what the engine did for one answer.
final class UsageMeter: Sendable {
    private let state = Mutex(GenerationUsage())

    var usage: GenerationUsage { state.withLock { $0 } }

    func add(_ usage: GenerationUsage) {
        state.withLock {
            $0.promptTokens += usage.promptTokens
            $0.cachedTokens += usage.cachedTokens
            $0.completionTokens += usage.completionTokens
            $0.queueSeconds += usage.queueSeconds
            $0.firstTokenSeconds += usage.firstTokenSeconds
            $0.decodeSeconds += usage.decodeSeconds
        }
    }
}
