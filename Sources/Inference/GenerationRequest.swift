/// What to generate.
public struct GenerationRequest: Sendable {
    /// Ids of the whole prompt, at least one.
    public var prompt: [Int]
    /// Most tokens of the answer; what the context cannot hold is cut off with `finish_reason` "length".
    public var maxTokens: Int
    /// How tokens are chosen.
    public var sampling: SamplingParameters
    /// The text ends before the first of these.
    public var stop: [String]
    /// Goes on behind the end-of-turn token; for measurements.
    public var ignoreEndOfTurn: Bool
    /// How many of the most probable tokens to report with each token; nil for none and no log-probabilities.
    public var topLogProbabilities: Int?
    /// The places of the prompt, the first one excepted, whose tokens' log-probabilities are wanted: how well the model
    /// would have guessed them from what stands before. Costs the output matrix once per place, and what lies behind
    /// the first of them is computed even where the cache holds it.
    public var scoredPrompt: Range<Int>?
    /// Tokens with which the answer must not begin; later they are free.
    public var bannedFirst: Set<Int>

    /// A request; see the properties.
    public init(
        prompt: [Int], maxTokens: Int, sampling: SamplingParameters = .greedy, stop: [String] = [],
        ignoreEndOfTurn: Bool = false, topLogProbabilities: Int? = nil, scoredPrompt: Range<Int>? = nil,
        bannedFirst: Set<Int> = []
    ) {
        self.bannedFirst = bannedFirst
        self.scoredPrompt = scoredPrompt
        self.prompt = prompt
        self.maxTokens = maxTokens
        self.sampling = sampling
        self.stop = stop
        self.ignoreEndOfTurn = ignoreEndOfTurn
        self.topLogProbabilities = topLogProbabilities
    }
}

/// Why an answer ended; the names are OpenAI's.
public enum FinishReason: String, Sendable {
    /// End of turn or a stop string.
    case stop
    /// The limit of tokens or the end of the context.
    case length
}

/// What an answer cost and how fast it came.
public struct GenerationUsage: Sendable, Equatable {
    /// Tokens of the prompt, and how many of them were in the cache.
    public var promptTokens = 0, cachedTokens = 0
    /// Tokens of the answer; the end-of-turn token counts.
    public var completionTokens = 0
    /// Seconds in the queue, until the first token, and from the first to the last token.
    public var queueSeconds = 0.0, firstTokenSeconds = 0.0, decodeSeconds = 0.0

    /// Nothing used.
    public init() {}

    /// Prompt tokens that were computed, per second.
    public var promptTokensPerSecond: Double {
        let seconds = firstTokenSeconds - queueSeconds
        return seconds > 0 ? Double(promptTokens - cachedTokens) / seconds : 0
    }

    /// Answer tokens after the first, per second.
    public var decodeTokensPerSecond: Double {
        decodeSeconds > 0 ? Double(max(0, completionTokens - 1)) / decodeSeconds : 0
    }
}

/// What a running answer tells, in this order: the prompt's log-probabilities where they were asked for, any number of
/// tokens, then its end.
public enum GenerationEvent: Sendable {
    /// Natural logarithms of the probabilities of the prompt's tokens at `scoredPrompt`.
    case prompt(logProbabilities: [Double])
    /// A token was chosen; `text` are the whole characters that can be shown now, maybe none.
    case token(id: Int, text: String, logProbabilities: LogProbabilities?)
    /// Nothing more comes; `text` is what was held back till now.
    case finished(reason: FinishReason, text: String, usage: GenerationUsage)
}

/// A whole answer.
public struct GenerationResult: Sendable {
    /// Ids that were chosen, the end-of-turn token included.
    public var tokens: [Int] = []
    /// What they say.
    public var text = ""
    /// One for each token, where they were asked for.
    public var logProbabilities: [LogProbabilities] = []
    /// Of the prompt's tokens at `scoredPrompt`.
    public var promptLogProbabilities: [Double] = []
    /// Why the answer ended.
    public var finishReason = FinishReason.stop
    /// What it cost.
    public var usage = GenerationUsage()
}

/// Why a request was not answered.
public enum GenerationError: Error, Equatable, CustomStringConvertible {
    /// The prompt is empty.
    case emptyPrompt
    /// The prompt does not fit: nothing is cut silently.
    case promptTooLong(tokens: Int, limit: Int)
    /// Too many requests wait.
    case busy(waiting: Int)
    /// The limit of tokens is below 1.
    case maxTokens(Int)
    /// Places to score that the prompt does not have.
    case scoredPrompt(range: Range<Int>, tokens: Int)
    /// The engine is shutting down.
    case shuttingDown

    /// What is wrong, with numbers.
    public var description: String {
        switch self {
        case .emptyPrompt: "the prompt is empty"
        case .promptTooLong(let tokens, let limit):
            "the prompt has \(tokens) tokens, but the context holds \(limit) and an answer needs at least one of them"
        case .busy(let waiting): "\(waiting) requests are waiting already; try again later"
        case .maxTokens(let value): "the limit of tokens is \(value), expected at least 1"
        case .scoredPrompt(let range, let tokens):
            "the places \(range.lowerBound) to \(range.upperBound) cannot be scored: the prompt has \(tokens) tokens, "
                + "and its first has nothing before it"
        case .shuttingDown: "the server is shutting down"
        }
    }
}
