import Foundation
import Inference
import Retrieval
import Tokenizers

/// The pieces of one answer, whole or streamed, under one id.
struct ChatAnswer: Sendable {
    let id: String
    let created: Int
    let model: String

    init(model: String) {
        id = "chatcmpl-" + UUID().uuidString.replacing("-", with: "").lowercased()
        created = Int(Date().timeIntervalSince1970)
        self.model = model
    }

    func whole(_ result: GenerationResult, tokenizer: Tokenizer) -> ChatTypes.Completion {
        var logprobs: ChatTypes.ChatLogProbabilities?
        if !result.logProbabilities.isEmpty {
            logprobs = .init(
                content: zip(result.tokens, result.logProbabilities).map { id, detail in
                    logProbability(id: id, detail, tokenizer: tokenizer)
                })
        }
        return completion(
            [
                .init(
                    message: .init(role: "assistant", content: result.text), logprobs: logprobs,
                    finish_reason: result.finishReason.rawValue)
            ], usage: ChatTypes.Usage(result.usage))
    }

    func whole(text: String, usage: ChatTypes.Usage?, citations: [Citation], answered: Bool) -> ChatTypes.Completion {
        var result = completion(
            [.init(message: .init(role: "assistant", content: text), finish_reason: "stop")], usage: usage)
        result.citations = citations
        result.answered = answered
        return result
    }

    func begin() -> ChatTypes.Completion {
        chunk([.init(delta: .init(role: "assistant", content: ""))])
    }

    func chunk(_ text: String, logProbabilities: ChatTypes.ChatLogProbabilities? = nil) -> ChatTypes.Completion {
        chunk([.init(delta: .init(content: text), logprobs: logProbabilities)])
    }

    func end(_ reason: String, citations: [Citation]? = nil, answered: Bool? = nil) -> ChatTypes.Completion {
        var result = chunk([.init(delta: .init(), finish_reason: reason)])
        result.citations = citations
        result.answered = answered
        return result
    }

    func usage(_ usage: ChatTypes.Usage) -> ChatTypes.Completion {
        var result = chunk([])
        result.usage = usage
        return result
    }

    func logProbabilities(
        id: Int, _ detail: LogProbabilities, tokenizer: Tokenizer
    ) -> ChatTypes.ChatLogProbabilities {
        .init(content: [logProbability(id: id, detail, tokenizer: tokenizer)])
    }

    private func logProbability(
        id: Int, _ detail: LogProbabilities, tokenizer: Tokenizer
    ) -> ChatTypes.TokenLogProbability {
        func entry(_ id: Int, _ value: Double) -> ChatTypes.TokenLogProbability {
            let bytes = (try? tokenizer.bytes(of: id)) ?? []
            return .init(token: String(decoding: bytes, as: UTF8.self), logprob: value, bytes: bytes)
        }
        var result = entry(id, detail.chosen)
        result.top_logprobs = detail.top.map { entry($0.id, $0.logProbability) }
        return result
    }

    private func completion(_ choices: [ChatTypes.Choice], usage: ChatTypes.Usage?) -> ChatTypes.Completion {
        .init(id: id, object: "chat.completion", created: created, model: model, choices: choices, usage: usage)
    }

    private func chunk(_ choices: [ChatTypes.Choice]) -> ChatTypes.Completion {
        .init(id: id, object: "chat.completion.chunk", created: created, model: model, choices: choices)
    }
}
