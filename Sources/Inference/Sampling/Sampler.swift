/// Chooses tokens from logits: bias, penalties, temperature and filters in a stated order, then one draw.
///
/// A value without state of its own: the n-th draw of a seed is a function of both, so that an answer can be replayed
/// and a request may be interrupted and continued without changing what comes.
public struct Sampler: Sendable {
    /// What the caller asked for.
    public let parameters: SamplingParameters

    /// One step of the chain as a test or a curious user sees it.
    public struct Step: Sendable, Equatable {
        /// `start`, `logit_bias`, `penalties`, `temperature`, `top_k`, `typical_p`, `top_p` or `min_p`.
        public let name: String
        /// Survivors in the sampler's order.
        public let ids: [Int]
        /// Their probabilities.
        public let probabilities: [Double]
    }

    /// A sampler with checked parameters.
    /// - Throws: `SamplingError.outOfRange` with the parameter's name, value and range.
    public init(_ parameters: SamplingParameters) throws(SamplingError) {
        self.parameters = parameters
        try check()
    }

    private func check() throws(SamplingError) {
        func require(_ holds: Bool, _ name: String, _ value: Double, _ expected: String) throws(SamplingError) {
            if !holds { throw .outOfRange(parameter: name, value: value, expected: expected) }
        }
        let p = parameters
        try require(
            p.temperature >= 0 && p.temperature.isFinite, "temperature", p.temperature, "a number of at least 0")
        try require((0...1).contains(p.topP), "top_p", p.topP, "0 to 1")
        try require((0...1).contains(p.minP), "min_p", p.minP, "0 to 1")
        try require((0...1).contains(p.typicalP), "typical_p", p.typicalP, "0 to 1")
        let repetition = p.repetitionPenalty
        try require(repetition > 0 && repetition.isFinite, "repetition_penalty", repetition, "a number above 0")
        try require(p.topK >= 0, "top_k", Double(p.topK), "0 or more")
        try require(p.frequencyPenalty.isFinite, "frequency_penalty", p.frequencyPenalty, "a finite number")
        try require(p.presencePenalty.isFinite, "presence_penalty", p.presencePenalty, "a finite number")
    }

    /// The next token.
    /// - Parameters:
    ///   - logits: one f32 per token of the vocabulary.
    ///   - history: ids that penalties look at, oldest first.
    ///   - draw: number of the draw under this seed, from 0.
    /// - Throws: `SamplingError` for logits that are no numbers, unknown ids, or when nothing is left.
    public func sample(logits: [Float], history: [Int], draw: Int) throws(SamplingError) -> Int {
        if parameters.isPlainGreedy { return try Self.best(of: logits) }
        let survivors = try run(logits: logits, history: history, observe: nil)
        if survivors.count == 1, let only = survivors.ids.first { return only }
        guard let token = survivors.draw(Self.uniform(seed: parameters.seed, draw: draw)) else { throw .noCandidate }
        return token
    }

    /// Every step of the chain with its survivors and probabilities; a step that is off is left out.
    public func trace(logits: [Float], history: [Int]) throws(SamplingError) -> [Step] {
        var steps: [Step] = []
        _ = try run(logits: logits, history: history) { name, candidates in
            steps.append(Step(name: name, ids: candidates.ids, probabilities: candidates.probabilities()))
        }
        return steps
    }

    /// The token with the largest logit, lowest id on ties.
    public static func best(of logits: [Float]) throws(SamplingError) -> Int {
        var best = -1
        var top = -Float.infinity
        for (id, logit) in logits.enumerated() {
            if logit.isNaN { throw .logitNotANumber(token: id) }
            if logit > top {
                top = logit
                best = id
            }
        }
        if top == .infinity { throw .logitPositiveInfinity(token: best) }
        if best < 0 { throw .noCandidate }
        return best
    }

    private func run(
        logits: [Float], history: [Int], observe: ((String, Candidates) -> Void)?
    ) throws(SamplingError) -> Candidates {
        var candidates = try Candidates(logits: logits)
        for id in parameters.logitBias.keys.sorted() where !logits.indices.contains(id) {
            throw .unknownToken(source: "logit_bias", id: id, vocabulary: logits.count)
        }
        for id in history where !logits.indices.contains(id) {
            throw .unknownToken(source: "history", id: id, vocabulary: logits.count)
        }
        if candidates.count == 0 { throw .noCandidate }
        observe?("start", candidates)
        for step in chain {
            step.apply(&candidates, history)
            if candidates.count == 0 { throw .noCandidate }
            observe?(step.name, candidates)
            if step.name == "temperature", parameters.temperature == 0, parameters.order != .llamaCPP { break }
        }
        return candidates
    }

    private struct ChainStep {
        let name: String
        let apply: (inout Candidates, [Int]) -> Void
    }

    /// The steps that are on, in the order that was asked for.
    private var chain: [ChainStep] {
        let p = parameters
        var head: [ChainStep] = []
        if !p.logitBias.isEmpty {
            head.append(ChainStep(name: "logit_bias") { candidates, _ in candidates.add(bias: p.logitBias) })
        }
        if p.penalises {
            head.append(
                ChainStep(name: "penalties") { candidates, history in
                    let window = p.penaltyWindow < 0 ? history[...] : history.suffix(p.penaltyWindow)
                    candidates.penalise(
                        window: window, repetition: p.repetitionPenalty, frequency: p.frequencyPenalty,
                        presence: p.presencePenalty)
                })
        }
        let temperature = p.temperature == 1 ? nil : ChainStep(name: "temperature") { c, _ in c.temper(p.temperature) }
        let topK = p.topK == 0 ? nil : ChainStep(name: "top_k") { c, _ in c.keepTop(k: p.topK) }
        let typicalP = p.typicalP >= 1 ? nil : ChainStep(name: "typical_p") { c, _ in c.keepTypical(p: p.typicalP) }
        let topP = p.topP >= 1 ? nil : ChainStep(name: "top_p") { c, _ in c.keepTop(p: p.topP) }
        let minP = p.minP <= 0 ? nil : ChainStep(name: "min_p") { c, _ in c.keepMinimum(share: p.minP) }
        let tail: [ChainStep?] =
            switch p.order {
            case .openAI: [temperature, topK, typicalP, topP, minP]
            case .llamaCPP: [topK, typicalP, topP, minP, temperature]
            case .vLLM: [temperature, minP, topK, typicalP, topP]
            }
        return head + tail.compactMap(\.self)
    }

    /// A number in 0..<1 from the seed and the number of the draw (SplitMix64, Steele et al. 2014, as a counter).
    static func uniform(seed: UInt64, draw: Int) -> Double {
        var z = seed &+ UInt64(truncatingIfNeeded: draw &+ 1) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        z ^= z >> 31
        return Double(z >> 11) * 0x1p-53
    }
}
