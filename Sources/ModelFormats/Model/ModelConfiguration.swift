/// Which two dimensions of a head (r rotated ones) form pair i.
public enum RopePairing: String, Codable, Sendable {
    /// 2i and 2i + 1.
    case adjacent
    /// i and i + r/2.
    case halves
}

/// How a model's states of the tokens become one vector of the text.
public enum Pooling: String, Codable, Sendable {
    /// The mean over all tokens, special ones included.
    case mean
    /// The state of the first token.
    case cls
    /// The state of the last token.
    case last
}

/// How the rotary frequencies are changed for contexts longer than the trained one.
public enum RopeScaling: Equatable, Sendable {
    case none
    /// Every frequency is divided by `factor`.
    case linear(factor: Double)
    /// Llama 3.1: by wavelength λ against the original context C. λ < C/high: as it is; λ > C/low: divided by
    /// `factor`; between: interpolated.
    case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContextLength: Int)
    case yarn(YarnScaling)
    case longRope(LongRopeScaling)
}

/// The parameters of LongRoPE (Ding et al., 2024): divisors of the frequencies, one a pair, one set for sequences of up
/// to the trained length and one for longer ones.
public struct LongRopeScaling: Equatable, Sendable {
    /// For sequences of at most `originalContextLength` positions.
    public var shortFactors: [Float]
    /// For longer ones.
    public var longFactors: [Float]
    /// The context length of the training, in tokens.
    public var originalContextLength: Int
    /// What cosine and sine are multiplied by, whatever the length.
    public var attentionFactor: Float

    /// LongRoPE; see the properties.
    public init(shortFactors: [Float], longFactors: [Float], originalContextLength: Int, attentionFactor: Float) {
        self.shortFactors = shortFactors
        self.longFactors = longFactors
        self.originalContextLength = originalContextLength
        self.attentionFactor = attentionFactor
    }
}

/// A mixture of experts in place of one feed-forward part (Shazeer et al., 2017).
public struct ExpertConfiguration: Equatable, Sendable {
    /// Experts of a block.
    public var count: Int
    /// How many of them compute for a token.
    public var used: Int
    /// Inner width of an expert.
    public var feedForwardLength: Int
    /// Whether the weights of the chosen ones are divided by their sum.
    public var normalisesWeights: Bool
}

/// The parameters of YaRN (facts: README-models §5.3).
public struct YarnScaling: Equatable, Sendable {
    /// How many times longer the context becomes.
    public var factor: Double
    /// The context length of the training, in tokens.
    public var originalContextLength: Int
    /// Rotations per original context above which a frequency stays as it is.
    public var betaFast: Double = 32
    /// Rotations per original context below which a frequency is divided by `factor`.
    public var betaSlow: Double = 1
    /// What cosine and sine are multiplied by, resolved from whatever form the file states it in.
    public var attentionFactor: Double
    /// Whether the two bounds are rounded to whole pairs.
    public var truncate = true
    /// Share of the extrapolated frequencies; 1 in every known model.
    public var extrapolationFactor: Double = 1

    /// YaRN with the usual values for what is not given.
    public init(
        factor: Double, originalContextLength: Int, betaFast: Double = 32, betaSlow: Double = 1,
        attentionFactor: Double, truncate: Bool = true
    ) {
        self.factor = factor
        self.originalContextLength = originalContextLength
        self.betaFast = betaFast
        self.betaSlow = betaSlow
        self.attentionFactor = attentionFactor
        self.truncate = truncate
    }
}

/// What defines a model's computation besides its weights, equal for GGUF files and Hugging Face folders.
///
/// All numbers are within sane bounds: products of two of them fit `Int`, none that divides is zero.
public struct ModelConfiguration: Equatable, Sendable {
    /// Decides names, defaults and the order of operations.
    public var architecture: Architecture
    /// The model's own name, or the file's or folder's where it states none.
    public var name: String
    /// Longest sequence the model was made for, in tokens.
    public var contextLength: Int
    /// Width of the residual stream.
    public var embeddingLength: Int
    /// Number of transformer blocks.
    public var blockCount: Int
    /// Inner width of the feed-forward network.
    public var feedForwardLength: Int
    /// Query heads.
    public var headCount: Int
    /// Key and value heads; divides `headCount`.
    public var kvHeadCount: Int
    /// Dimensions of a query or key head.
    public var keyLength: Int
    /// Dimensions of a value head.
    public var valueLength: Int
    /// ε of RMSNorm, or of bert's LayerNorm.
    public var normEpsilon: Float
    /// θ of the rotary embedding; it and what follows of it mean nothing for bert, whose positions are a table.
    public var ropeBase: Double
    /// Rotated dimensions of each head: even, at most `keyLength`.
    public var ropeDimensions: Int
    /// How the rotary frequencies are changed.
    public var ropeScaling: RopeScaling
    /// GGUF only: divisors of the rotary frequencies, one a pair (tensor `rope_freqs.weight`). A folder says the same
    /// as `RopeScaling.llama3`; never both.
    public var ropeFrequencyFactors: [Float]?
    /// Keys a position sees, itself included, in the layers of `windowedLayers`; nil means all.
    public var slidingWindow: Int?
    /// Per block whether the window holds there; empty without a window.
    public var windowedLayers: [Bool]
    /// Rows of the embedding matrix; may exceed the tokenizer's vocabulary.
    public var vocabularySize: Int
    /// Whether the output matrix is the embedding matrix.
    public var tiedOutput: Bool
    /// Rows of the table of token types (bert); 0 for decoders.
    public var tokenTypeCount = 0
    /// What the file says about pooling; nil where it says nothing.
    public var pooling: Pooling?
    /// Whether a head on the first token scores a pair of texts (rerankers of the bert family).
    public var scoresPairs = false
    /// What scores are multiplied with; nil: 1 / √keyLength.
    public var attentionScale: Float?
    /// c of x → c · tanh(x / c) on the scaled scores and on the logits; nil where they are not bounded.
    public var attentionSoftCap: Float?, logitSoftCap: Float?
    /// θ of the layers with a window, which no scaling changes; nil where all layers turn alike.
    public var localRopeBase: Double?
    /// nil where each block has one feed-forward part for all tokens.
    public var experts: ExpertConfiguration?
}

extension ModelConfiguration {
    /// Largest number of blocks: llama.cpp's bound, where larger values once wrote out of bounds.
    public static let maximumBlocks = 512

    /// Refuses numbers with which the computation would divide by zero, overflow or allocate absurdly.
    func validate() throws(ModelConfigurationError) {
        try Self.check("context length", contextLength, 1...(1 << 27))
        try Self.check("embedding length", embeddingLength, 1...(1 << 20))
        try Self.check("block count", blockCount, 1...Self.maximumBlocks)
        try Self.check("feed-forward length", feedForwardLength, 1...(1 << 22))
        try Self.check("head count", headCount, 1...(1 << 14))
        try Self.check("KV head count", kvHeadCount, 1...(1 << 14))
        try Self.check("key length", keyLength, 1...(1 << 14))
        try Self.check("value length", valueLength, 1...(1 << 14))
        try Self.check("vocabulary size", vocabularySize, 1...(1 << 24))
        guard headCount % kvHeadCount == 0 else {
            throw .headsDoNotDivide(heads: headCount, kvHeads: kvHeadCount)
        }
        guard normEpsilon.isFinite, normEpsilon >= 0, normEpsilon < 1 else {
            throw .outOfRange(key: "norm epsilon", actual: "\(normEpsilon)", allowed: "0..<1")
        }
        if architecture.isEncoder {
            try Self.check("token type count", tokenTypeCount, 1...(1 << 16))
            guard kvHeadCount == headCount, keyLength == valueLength else {
                throw .unsupported(feature: "an encoder whose keys and values have other heads than its queries")
            }
        } else {
            try validateRope()
            try validateScores()
            try validateExperts()
        }
    }

    private func validateScores() throws(ModelConfigurationError) {
        let values = [
            ("attention scale", attentionScale), ("bound of the scores", attentionSoftCap),
            ("bound of the logits", logitSoftCap),
        ]
        for (key, value) in values {
            guard let value, !(value.isFinite && value > 0 && value <= 1e6) else { continue }
            throw .outOfRange(key: key, actual: "\(value)", allowed: "above 0, at most 1e6")
        }
    }

    private func validateExperts() throws(ModelConfigurationError) {
        guard let experts else {
            guard architecture.experts != .required else { throw .missing(key: "the number of experts") }
            return
        }
        guard architecture.experts != .none else {
            throw .unsupported(feature: "a mixture of \(experts.count) experts in a \(architecture.rawValue) model")
        }
        try Self.check("number of experts", experts.count, 1...4096)
        try Self.check("number of chosen experts", experts.used, 1...experts.count)
        try Self.check("feed-forward length of an expert", experts.feedForwardLength, 1...(1 << 22))
    }

    private func validateRope() throws(ModelConfigurationError) {
        try Self.check("rotated dimensions", ropeDimensions, 2...max(2, keyLength))
        guard ropeDimensions % 2 == 0, ropeDimensions <= keyLength else {
            throw .outOfRange(key: "rotated dimensions", actual: "\(ropeDimensions)", allowed: "even, 2...\(keyLength)")
        }
        for base in [ropeBase, localRopeBase ?? ropeBase] {
            guard base.isFinite, base >= 1, base <= 1e15 else {
                throw .outOfRange(key: "rope base", actual: "\(base)", allowed: "1...1e15")
            }
        }
        if let slidingWindow { try Self.check("sliding window", slidingWindow, 1...(1 << 40)) }
        try validateScaling()
    }

    private func validateScaling() throws(ModelConfigurationError) {
        switch ropeScaling {
        case .none: break
        case .linear(let factor): try Self.checkFactor("factor", factor)
        case .llama3(let factor, let low, let high, let original):
            try Self.checkFactor("factor", factor)
            try Self.checkFactor("low_freq_factor", low)
            try Self.checkFactor("high_freq_factor", high)
            guard low < high else {
                throw .outOfRange(
                    key: "rope low_freq_factor", actual: "\(low)", allowed: "below high_freq_factor \(high)")
            }
            try Self.check("original context length", original, 1...(1 << 27))
        case .yarn(let yarn):
            try Self.checkFactor("factor", yarn.factor)
            try Self.checkFactor("beta_fast", yarn.betaFast)
            try Self.checkFactor("beta_slow", yarn.betaSlow)
            try Self.checkFactor("attention factor", yarn.attentionFactor)
            try Self.check("original context length", yarn.originalContextLength, 1...(1 << 27))
        case .longRope(let rope):
            try checkDivisors("short_factor", rope.shortFactors)
            try checkDivisors("long_factor", rope.longFactors)
            try Self.checkFactor("attention factor", Double(rope.attentionFactor))
            try Self.check("original context length", rope.originalContextLength, 1...(1 << 27))
        }
        if let factors = ropeFrequencyFactors { try checkDivisors("rope_freqs.weight", factors) }
    }

    /// Divisors of the frequencies, one a pair.
    private func checkDivisors(_ key: String, _ factors: [Float]) throws(ModelConfigurationError) {
        guard factors.count == ropeDimensions / 2 else {
            throw .outOfRange(key: key, actual: "\(factors.count) values", allowed: "\(ropeDimensions / 2) values")
        }
        guard factors.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw .outOfRange(key: key, actual: "a value that is not", allowed: "positive and finite")
        }
    }

    private static func check(_ key: String, _ value: Int, _ range: ClosedRange<Int>) throws(ModelConfigurationError) {
        guard range.contains(value) else {
            throw .outOfRange(key: key, actual: "\(value)", allowed: "\(range.lowerBound)...\(range.upperBound)")
        }
    }

    private static func checkFactor(_ key: String, _ value: Double) throws(ModelConfigurationError) {
        guard value.isFinite, value > 0, value <= 1e6 else {
            throw .outOfRange(key: "rope \(key)", actual: "\(value)", allowed: "above 0, at most 1e6")
        }
    }
}
