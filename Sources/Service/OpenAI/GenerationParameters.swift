import ChatTemplates
import Inference

/// The fields that chat and plain completions share.
struct GenerationParameters {
    let model: String
    let stream: Bool
    let includeUsage: Bool
    /// Most tokens of the answer; nil where the client does not say.
    let maxTokens: Int?
    let stop: [String]
    let sampling: SamplingParameters
    /// True where the client asked for any way of choosing tokens; an assistant then does not choose itself.
    let ignoreEndOfTurn: Bool

    init(_ fields: RequestFields) throws(OpenAIError) {
        guard let model = try fields.string("model"), !model.isEmpty else {
            throw .invalid("model", "model is missing: name one of those that GET /v1/models lists.")
        }
        self.model = model
        stream = try fields.bool("stream") ?? false
        if let options = fields.value("stream_options") {
            guard case .dict = options else { throw .invalid("stream_options", "stream_options must be an object.") }
            if case .bool(true)? = options["include_usage"] { includeUsage = true } else { includeUsage = false }
        } else {
            includeUsage = false
        }
        let limit = 1...1_000_000
        let newer = try fields.integer("max_completion_tokens", in: limit)
        let older = try fields.integer("max_tokens", in: limit)
        maxTokens = newer ?? older
        stop = try fields.strings("stop", limit: 16) ?? []
        if let count = try fields.integer("n", in: 1...128), count != 1 {
            throw .invalid("n", "n is \(count), but one answer per request is given; ask several times.")
        }
        sampling = SamplingParameters(
            temperature: try fields.number("temperature", in: 0...2) ?? 1,
            topK: try fields.integer("top_k", in: 0...1_000_000) ?? 0,
            topP: try fields.number("top_p", in: 0...1) ?? 1,
            minP: try fields.number("min_p", in: 0...1) ?? 0,
            repetitionPenalty: try fields.number("repetition_penalty", in: 0.01...100) ?? 1,
            frequencyPenalty: try fields.number("frequency_penalty", in: -2...2) ?? 0,
            presencePenalty: try fields.number("presence_penalty", in: -2...2) ?? 0,
            logitBias: try fields.logitBias(),
            seed: try fields.integer("seed", in: Int.min...Int.max).map { UInt64(bitPattern: Int64($0)) }
                ?? UInt64.random(in: 0...UInt64.max))
        ignoreEndOfTurn = try fields.bool("ignore_eos") ?? false
        if let format = fields.value("response_format") {
            guard case .string("text")? = format["type"] else {
                throw .invalid(
                    "response_format", "Only the response format 'text' is supported.", code: "unsupported_value")
            }
        }
        for name in ["tools", "functions"] where fields.value(name) != nil {
            throw .invalid(name, "\(name): calling tools is not supported.", code: "unsupported_value")
        }
    }
}
