/// How the next token is chosen from the logits.
///
/// The defaults are those of OpenAI's API: everything off, temperature 1. A parameter that is off costs nothing.
public struct SamplingParameters: Sendable, Equatable {
    /// In which order penalties, filters and temperature act.
    public enum Order: String, Sendable, CaseIterable {
        /// Bias, penalties, temperature, top-k, typical-p, top-p, min-p: filters see the tempered distribution, and
        /// temperature 0 ends the chain. What the HTTP routes use.
        case openAI = "openai"
        /// Bias, penalties, top-k, typical-p, top-p, min-p, temperature: llama.cpp's default chain.
        case llamaCPP = "llamacpp"
        /// Bias, penalties, temperature, min-p, top-k, top-p: vLLM's v1 sampler.
        case vLLM = "vllm"
    }

    /// Divides the logits; 0 takes the best token (lowest id on ties). Not negative.
    public var temperature: Double
    /// Keeps the k largest logits; 0 keeps all.
    public var topK: Int
    /// Keeps the shortest prefix of the sorted tokens whose probabilities reach this sum, 0…1; 1 is off.
    public var topP: Double
    /// Keeps tokens of at least this share of the best token's probability, 0…1; 0 is off.
    public var minP: Double
    /// Keeps the most typical tokens until their probabilities reach this sum, 0…1; 1 is off.
    public var typicalP: Double
    /// Divides positive and multiplies negative logits of tokens in the window, above 0; 1 is off.
    public var repetitionPenalty: Double
    /// Is subtracted from a token's logit once for each time it stands in the window.
    public var frequencyPenalty: Double
    /// Is subtracted from a token's logit if it stands in the window.
    public var presencePenalty: Double
    /// How many of the last tokens the penalties look at; -1 all, 0 none.
    public var penaltyWindow: Int
    /// Token id → number added to its logit; minus infinity bans the token.
    public var logitBias: [Int: Double]
    /// Seed of the draws: the n-th draw depends on the seed and n alone, so that an answer can be replayed.
    public var seed: UInt64
    /// Order of the steps.
    public var order: Order

    /// Everything off but what is given.
    public init(
        temperature: Double = 1, topK: Int = 0, topP: Double = 1, minP: Double = 0, typicalP: Double = 1,
        repetitionPenalty: Double = 1, frequencyPenalty: Double = 0, presencePenalty: Double = 0,
        penaltyWindow: Int = -1, logitBias: [Int: Double] = [:], seed: UInt64 = 0, order: Order = .openAI
    ) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.minP = minP
        self.typicalP = typicalP
        self.repetitionPenalty = repetitionPenalty
        self.frequencyPenalty = frequencyPenalty
        self.presencePenalty = presencePenalty
        self.penaltyWindow = penaltyWindow
        self.logitBias = logitBias
        self.seed = seed
        self.order = order
    }

    /// The best token each time.
    public static let greedy = SamplingParameters(temperature: 0)

    /// True where no step looks at anything but the largest logit.
    var isPlainGreedy: Bool {
        temperature == 0 && logitBias.isEmpty && !penalises && (order != .llamaCPP || typicalP >= 1)
    }

    /// True where some penalty is on.
    var penalises: Bool {
        penaltyWindow != 0 && (repetitionPenalty != 1 || frequencyPenalty != 0 || presencePenalty != 0)
    }
}

/// Why no token could be chosen.
public enum SamplingError: Error, Equatable, CustomStringConvertible {
    /// A logit is not a number; `token` is the first such id.
    case logitNotANumber(token: Int)
    /// A logit is plus infinity; `token` is the first such id.
    case logitPositiveInfinity(token: Int)
    /// A parameter lies outside its range.
    case outOfRange(parameter: String, value: Double, expected: String)
    /// A token id in `logit_bias` or in the history lies outside the vocabulary.
    case unknownToken(source: String, id: Int, vocabulary: Int)
    /// Every logit is minus infinity.
    case noCandidate

    /// What is wrong, with the value and what was expected.
    public var description: String {
        switch self {
        case .logitNotANumber(let token): "the logit of token \(token) is not a number: the weights are damaged"
        case .logitPositiveInfinity(let token):
            "the logit of token \(token) is infinite: the weights are damaged"
        case .outOfRange(let parameter, let value, let expected): "\(parameter) is \(value), expected \(expected)"
        case .unknownToken(let source, let id, let vocabulary):
            "\(source) names token \(id), but the vocabulary has \(vocabulary) tokens"
        case .noCandidate: "no token is left to choose from: every logit is minus infinity"
        }
    }
}
