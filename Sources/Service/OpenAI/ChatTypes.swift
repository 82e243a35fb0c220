import ChatTemplates
import Retrieval

/// Responses of `/v1/chat/completions` and `/v1/completions` as OpenAI writes them, and Pallet's `citations` beside.
enum ChatTypes {
    struct Usage: Encodable {
        struct Details: Encodable { let cached_tokens: Int }
        let prompt_tokens: Int
        let completion_tokens: Int
        let total_tokens: Int
        let prompt_tokens_details: Details

        init(prompt: Int, cached: Int, completion: Int) {
            prompt_tokens = prompt
            completion_tokens = completion
            total_tokens = prompt + completion
            prompt_tokens_details = Details(cached_tokens: cached)
        }
    }

    struct Message: Encodable {
        var role: String?
        var content: String?
    }

    struct TokenLogProbability: Encodable {
        let token: String
        let logprob: Double
        let bytes: [UInt8]
        var top_logprobs: [TokenLogProbability]?
    }

    struct ChatLogProbabilities: Encodable { let content: [TokenLogProbability] }

    struct Choice: Encodable {
        var index = 0
        var message: Message?
        var delta: Message?
        var logprobs: ChatLogProbabilities?
        var finish_reason: String?

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(index, forKey: .index)
            try container.encodeIfPresent(message, forKey: .message)
            try container.encodeIfPresent(delta, forKey: .delta)
            try container.encode(logprobs, forKey: .logprobs)
            try container.encode(finish_reason, forKey: .finish_reason)
        }

        enum CodingKeys: String, CodingKey { case index, message, delta, logprobs, finish_reason }
    }

    struct Completion: Encodable {
        let id: String
        let object: String
        let created: Int
        let model: String
        let choices: [Choice]
        var usage: Usage?
        /// Where the answer stands, for an assistant's answers.
        var citations: [Citation]?
        /// False where an assistant found nothing.
        var answered: Bool?
    }

    struct TextLogProbabilities: Encodable {
        var tokens: [String] = []
        var token_logprobs: [Double] = []
        var top_logprobs: [[String: Double]] = []
        var text_offset: [Int] = []
    }

    struct TextChoice: Encodable {
        var index = 0
        let text: String
        var logprobs: TextLogProbabilities?
        var finish_reason: String?

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(index, forKey: .index)
            try container.encode(text, forKey: .text)
            try container.encode(logprobs, forKey: .logprobs)
            try container.encode(finish_reason, forKey: .finish_reason)
        }

        enum CodingKeys: String, CodingKey { case index, text, logprobs, finish_reason }
    }

    struct TextCompletion: Encodable {
        let id: String
        var object = "text_completion"
        let created: Int
        let model: String
        let choices: [TextChoice]
        var usage: Usage?
    }

    struct Model: Encodable {
        let id: String
        var object = "model"
        let created: Int
        let owned_by: String
    }

    struct ModelList: Encodable {
        var object = "list"
        let data: [Model]
    }
}
