import Tensors
import Tokenizers
import Transformers

/// A request that is being answered: its tokens so far and what has been told of them. Only the engine touches it.
final class RunningSequence {
    /// Prompt and answer.
    private(set) var tokens: [Int]
    private(set) var cache: KeyValueCache?
    /// How many tokens of the beginning are to be saved once they are computed; nil for none.
    private(set) var savedLength: Int?

    private let request: GenerationRequest
    private let tokenizer: Tokenizer
    private let sampler: Sampler
    private var decoder: StreamingDecoder
    private var stops: StopMatcher
    private let arrival: ContinuousClock.Instant
    private var firstToken: ContinuousClock.Instant?
    private var usage = GenerationUsage()
    private var promptScores: [Double] = []
    private let continuation: AsyncThrowingStream<GenerationEvent, any Error>.Continuation

    init(
        request: GenerationRequest, tokenizer: Tokenizer, arrival: ContinuousClock.Instant,
        continuation: AsyncThrowingStream<GenerationEvent, any Error>.Continuation
    ) throws(SamplingError) {
        self.request = request
        self.tokenizer = tokenizer
        self.arrival = arrival
        self.continuation = continuation
        tokens = request.prompt
        sampler = try Sampler(request.sampling)
        decoder = StreamingDecoder(tokenizer)
        stops = StopMatcher(request.stop)
        usage.promptTokens = request.prompt.count
    }

    /// Seconds from arrival to the first token.
    var firstTokenSeconds: Double { usage.firstTokenSeconds }

    /// Leaves the queue.
    func begin(cache: KeyValueCache, saving length: Int?, now: ContinuousClock.Instant) {
        self.cache = cache
        savedLength = length
        usage.cachedTokens = cache.count
        usage.queueSeconds = (now - arrival).seconds
    }

    /// The beginning that is to be saved, told once.
    func takeSavedLength() -> Int? {
        defer { savedLength = nil }
        return savedLength
    }

    /// What a cache may bring: everything but the tokens whose guesses are wanted.
    var reusable: [Int] {
        guard let scored = request.scoredPrompt, !scored.isEmpty else { return tokens }
        return Array(tokens.prefix(scored.lowerBound))
    }

    /// Which logits of a slice are needed: for the next token, and for places of the prompt that are scored.
    func wantedLogits(of slice: Scheduler.Slice) -> SequenceStep.Logits {
        // The logits at a place guess the token behind it.
        if let scored = request.scoredPrompt, !scored.isEmpty, slice.start < scored.upperBound - 1,
            slice.start + slice.count > scored.lowerBound - 1
        {
            return .from(scored.lowerBound - 1)
        }
        return slice.completes ? .last : .none
    }

    /// Takes the guesses of prompt tokens out of the logits of the places up to `end`.
    func score(_ rows: [[Float]], before end: Int) throws(SamplingError) {
        guard let scored = request.scoredPrompt, promptScores.count < scored.count else { return }
        for (offset, row) in rows.enumerated() {
            let place = end - rows.count + offset + 1
            guard scored.contains(place) else { continue }
            promptScores.append(try LogProbabilities(logits: row, chosen: tokens[place], top: 0).chosen)
        }
        if promptScores.count == scored.count { continuation.yield(.prompt(logProbabilities: promptScores)) }
    }

    /// Chooses and tells the next token.
    /// - Returns: true where it was the last one; the last event has been sent then.
    func choose(logits: [Float], now: ContinuousClock.Instant, contextLength: Int) throws -> Bool {
        var allowed = logits
        if usage.completionTokens == 0 {
            for token in request.bannedFirst where allowed.indices.contains(token) { allowed[token] = -.infinity }
        }
        let id = try sampler.sample(logits: allowed, history: tokens, draw: usage.completionTokens)
        var logProbabilities: LogProbabilities?
        if let top = request.topLogProbabilities {
            logProbabilities = try LogProbabilities(logits: logits, chosen: id, top: top)
        }
        if firstToken == nil {
            firstToken = now
            usage.firstTokenSeconds = (now - arrival).seconds
        }
        usage.completionTokens += 1
        usage.decodeSeconds = (now - (firstToken ?? now)).seconds
        tokens.append(id)

        let endOfTurn = tokenizer.endOfGenerationTokens.contains(id) && !request.ignoreEndOfTurn
        let text = endOfTurn ? "" : stops.feed(try characters(id))
        continuation.yield(.token(id: id, text: text, logProbabilities: logProbabilities))
        if endOfTurn || stops.stopped {
            finish(.stop)
            return true
        }
        if usage.completionTokens >= request.maxTokens || tokens.count >= contextLength {
            finish(.length)
            return true
        }
        return false
    }

    /// Whole characters that this token completes. Rows of the output matrix without a token write nothing.
    private func characters(_ id: Int) throws -> String {
        id < tokenizer.vocabularySize ? try decoder.append(id) : ""
    }

    private func finish(_ reason: FinishReason) {
        // An answer that was cut at its limit may end within a character; half a character is not shown.
        let held = reason == .length ? "" : decoder.finish()
        let rest = stops.stopped ? "" : stops.feed(held) + stops.flush()
        continuation.yield(.finished(reason: reason, text: rest, usage: usage))
    }

    /// Closes the stream.
    func end(throwing error: (any Error)?) {
        if let error { continuation.finish(throwing: error) } else { continuation.finish() }
    }
}
