import ChatTemplates
import Hummingbird
import Inference
import Logging

/// `POST /v1/chat/completions`, whole and streamed, for models; assistants have `AssistantController`.
struct ChatCompletionController {
    let served: ServedModels
    let metrics: ServiceMetrics
    let log: ServiceLog

    func complete(_ request: Request, _ context: ClientContext) async throws -> Response {
        let fields = try await RequestFields(reading: request)
        let parameters = try GenerationParameters(fields)
        let conversation = try Conversation(fields)
        if let assistant = served.assistants[parameters.model] {
            return try await AssistantController(assistant: assistant, metrics: metrics, log: log)
                .complete(request, context, conversation: conversation, parameters: parameters)
        }
        guard let engine = served.engines[parameters.model] else {
            throw served.refusal(
                of: parameters.model, fitting: served.assistants.keys.sorted() + served.engines.keys.sorted())
        }
        let prompt: [Int]
        do {
            prompt = try engine.model.prompt(messages: conversation.messages, tools: nil, now: .present)
        } catch {
            throw OpenAIError(error)
        }
        let logprobs = try LogProbabilityOptions(fields)
        let generation = GenerationRequest(
            prompt: prompt, maxTokens: parameters.maxTokens ?? served.defaultMaxTokens, sampling: parameters.sampling,
            stop: parameters.stop, ignoreEndOfTurn: parameters.ignoreEndOfTurn,
            topLogProbabilities: logprobs.requested ? logprobs.top : nil)
        let answer = ChatAnswer(model: parameters.model)
        if parameters.stream {
            return try await stream(
                request, engine: engine, generation: generation, answer: answer, includeUsage: parameters.includeUsage)
        }
        do {
            let result = try await context.whileClientStays { try await engine.complete(generation) }
            metrics.record(result.usage)
            return try .json(answer.whole(result, tokenizer: engine.model.tokenizer))
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            if OpenAIError(error).status.code >= 500 { log.failure("generation failed", error) }
            throw OpenAIError(error)
        }
    }

    private func stream(
        _ request: Request, engine: Engine, generation: GenerationRequest, answer: ChatAnswer, includeUsage: Bool
    ) async throws -> Response {
        // The first event is awaited before the status is sent: a prompt that is too long or a full queue is a proper
        // error, not one inside a stream.
        let started = try await StartedGeneration(engine.generate(generation))
        let tokenizer = engine.model.tokenizer
        return EventStream.response(for: request, log: log, failure: "stream failed") { stream, write in
            try await write(try stream.event(answer.begin()))
            for try await event in started.events {
                switch event {
                case .prompt: break
                case .token(let id, let text, let logProbabilities):
                    guard !text.isEmpty || logProbabilities != nil else { continue }
                    let detail = logProbabilities.map { answer.logProbabilities(id: id, $0, tokenizer: tokenizer) }
                    try await write(try stream.event(answer.chunk(text, logProbabilities: detail)))
                case .finished(let reason, let text, let usage):
                    metrics.record(usage)
                    if !text.isEmpty { try await write(try stream.event(answer.chunk(text))) }
                    try await write(try stream.event(answer.end(reason.rawValue)))
                    if includeUsage { try await write(try stream.event(answer.usage(ChatTypes.Usage(usage)))) }
                }
            }
        }
    }
}

extension ChatTypes.Usage {
    init(_ usage: GenerationUsage) {
        self.init(prompt: usage.promptTokens, cached: usage.cachedTokens, completion: usage.completionTokens)
    }
}

/// `logprobs` and `top_logprobs` of a chat request.
struct LogProbabilityOptions {
    let requested: Bool
    let top: Int

    init(_ fields: RequestFields) throws(OpenAIError) {
        requested = try fields.bool("logprobs") ?? false
        let count = try fields.integer("top_logprobs", in: 0...20)
        if count != nil, !requested {
            throw .invalid("top_logprobs", "top_logprobs needs logprobs to be true.")
        }
        top = count ?? 0
    }
}

/// A running answer whose first event has come, so that errors before it can still set the status.
struct StartedGeneration: Sendable {
    let events: AsyncThrowingStream<GenerationEvent, any Error>

    /// - Parameter prompt: the field that the prompt came in.
    /// - Throws: `OpenAIError` where the request failed before its first token.
    init(_ source: AsyncThrowingStream<GenerationEvent, any Error>, prompt: String = "messages") async throws {
        let (stream, continuation) = AsyncThrowingStream<GenerationEvent, any Error>.makeStream()
        let (started, signal) = AsyncThrowingStream<Void, any Error>.makeStream()
        let pump = Task {
            do {
                for try await event in source {
                    continuation.yield(event)
                    signal.finish()
                }
                continuation.finish()
                signal.finish()
            } catch {
                continuation.finish(throwing: error)
                signal.finish(throwing: error)
            }
        }
        continuation.onTermination = { reason in if case .cancelled = reason { pump.cancel() } }
        events = stream
        do {
            for try await _ in started {}
        } catch {
            throw OpenAIError(error, prompt: prompt)
        }
    }
}
