import ChatTemplates
import Foundation
import Hummingbird
import Inference
import Logging
import Tokenizers

/// `POST /v1/completions`: text, or token ids, is continued as it stands; no chat template is applied.
struct CompletionController {
    let served: ServedModels
    let metrics: ServiceMetrics
    let log: ServiceLog

    func complete(_ request: Request, _ context: ClientContext) async throws -> Response {
        let fields = try await RequestFields(reading: request)
        let parameters = try GenerationParameters(fields)
        guard let engine = served.engines[parameters.model] else {
            throw served.refusal(of: parameters.model, fitting: served.engines.keys.sorted())
        }
        let tokenizer = engine.model.tokenizer
        let top = try fields.integer("logprobs", in: 0...5)
        if try fields.bool("echo") == true {
            throw OpenAIError.invalid("echo", "echo is not supported.", code: "unsupported_value")
        }
        let generation = GenerationRequest(
            prompt: try prompt(fields, tokenizer: tokenizer), maxTokens: parameters.maxTokens ?? 16,
            sampling: parameters.sampling, stop: parameters.stop, ignoreEndOfTurn: parameters.ignoreEndOfTurn,
            topLogProbabilities: top)
        let answer = TextAnswer(model: parameters.model)
        if parameters.stream {
            return try await stream(
                request, engine: engine, generation: generation, answer: answer, includeUsage: parameters.includeUsage)
        }
        do {
            let result = try await context.whileClientStays { try await engine.complete(generation) }
            metrics.record(result.usage)
            return try .json(answer.whole(result, tokenizer: tokenizer))
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            if OpenAIError(error).status.code >= 500 { log.failure("generation failed", error) }
            throw OpenAIError(error, prompt: "prompt")
        }
    }

    /// One string or one list of token ids.
    private func prompt(_ fields: RequestFields, tokenizer: Tokenizer) throws(OpenAIError) -> [Int] {
        switch fields.value("prompt") {
        case .string(let text)?: return tokenizer.encode(text, addSpecial: true, parseSpecial: false)
        case .list(let items)? where !items.isEmpty:
            if case .string(let text) = items[0], items.count == 1 {
                return tokenizer.encode(text, addSpecial: true, parseSpecial: false)
            }
            var ids: [Int] = []
            for item in items {
                guard case .int(let id) = item, (0..<tokenizer.vocabularySize).contains(id) else {
                    throw .invalid(
                        "prompt",
                        "prompt must be one string, or a list of token ids from 0 to \(tokenizer.vocabularySize - 1).")
                }
                ids.append(id)
            }
            return ids
        default: throw .invalid("prompt", "prompt must be a string or a list of token ids.")
        }
    }

    private func stream(
        _ request: Request, engine: Engine, generation: GenerationRequest, answer: TextAnswer, includeUsage: Bool
    ) async throws -> Response {
        let started = try await StartedGeneration(engine.generate(generation), prompt: "prompt")
        let tokenizer = engine.model.tokenizer
        return EventStream.response(for: request, log: log, failure: "stream failed") { stream, write in
            for try await event in started.events {
                switch event {
                case .prompt: break
                case .token(let id, let text, let detail):
                    guard !text.isEmpty || detail != nil else { continue }
                    try await write(try stream.event(answer.chunk(text, id: id, detail, tokenizer: tokenizer)))
                case .finished(let reason, let text, let usage):
                    metrics.record(usage)
                    try await write(try stream.event(answer.end(text, reason: reason.rawValue)))
                    if includeUsage { try await write(try stream.event(answer.usage(ChatTypes.Usage(usage)))) }
                }
            }
        }
    }
}

/// The pieces of one plain completion.
private struct TextAnswer: Sendable {
    let id = "cmpl-" + UUID().uuidString.replacing("-", with: "").lowercased()
    let created = Int(Date().timeIntervalSince1970)
    let model: String

    func whole(_ result: GenerationResult, tokenizer: Tokenizer) -> ChatTypes.TextCompletion {
        var logprobs: ChatTypes.TextLogProbabilities?
        if !result.logProbabilities.isEmpty {
            var list = ChatTypes.TextLogProbabilities()
            var offset = 0
            for (id, detail) in zip(result.tokens, result.logProbabilities) {
                append(id, detail, to: &list, offset: &offset, tokenizer: tokenizer)
            }
            logprobs = list
        }
        return completion(
            [.init(text: result.text, logprobs: logprobs, finish_reason: result.finishReason.rawValue)],
            usage: ChatTypes.Usage(result.usage))
    }

    func chunk(
        _ text: String, id: Int, _ detail: LogProbabilities?, tokenizer: Tokenizer
    ) -> ChatTypes.TextCompletion {
        var logprobs: ChatTypes.TextLogProbabilities?
        if let detail {
            var list = ChatTypes.TextLogProbabilities()
            var offset = 0
            append(id, detail, to: &list, offset: &offset, tokenizer: tokenizer)
            logprobs = list
        }
        return completion([.init(text: text, logprobs: logprobs)], usage: nil)
    }

    func end(_ text: String, reason: String) -> ChatTypes.TextCompletion {
        completion([.init(text: text, finish_reason: reason)], usage: nil)
    }

    func usage(_ usage: ChatTypes.Usage) -> ChatTypes.TextCompletion { completion([], usage: usage) }

    private func append(
        _ id: Int, _ detail: LogProbabilities, to list: inout ChatTypes.TextLogProbabilities, offset: inout Int,
        tokenizer: Tokenizer
    ) {
        func text(_ id: Int) -> String { String(decoding: (try? tokenizer.bytes(of: id)) ?? [], as: UTF8.self) }
        list.tokens.append(text(id))
        list.token_logprobs.append(detail.chosen)
        var top = Dictionary(
            detail.top.map { (text($0.id), $0.logProbability) }, uniquingKeysWith: { first, _ in first })
        top[text(id)] = detail.chosen
        list.top_logprobs.append(top)
        list.text_offset.append(offset)
        offset += text(id).unicodeScalars.count
    }

    private func completion(_ choices: [ChatTypes.TextChoice], usage: ChatTypes.Usage?) -> ChatTypes.TextCompletion {
        .init(id: id, created: created, model: model, choices: choices, usage: usage)
    }
}
