import ModelFormats
public import Tensors
import Tokenizers
import Transformers

/// Answers several requests at once with one model.
///
/// An actor on a thread of its own: a step of the model blocks that thread, not the threads that serve HTTP. Between
/// two steps arrivals and cancellations are taken in. What a request gets depends on its prompt, parameters and seed
/// alone, not on who is answered beside it (promise 1 of the design).
public actor Engine {
    /// What the operator sets.
    public struct Settings: Sendable {
        /// Threads that compute.
        public var threads: Int
        /// Longest prompt and answer together; at most the model's own context.
        public var contextLength: Int
        /// Bounds of a step and of the queue.
        public var limits: Scheduler.Limits
        /// Most finished sequences whose keys and values are kept, and most bytes they may take.
        public var cachedSequences: Int, cachedBytes: Int
        /// Where beginnings are kept on disk, for this very model; nil for nowhere.
        public var savedPrefixes: SavedPrefixes?

        /// Settings for a machine; the defaults suit one company on one server.
        public init(
            threads: Int, contextLength: Int = 8192, limits: Scheduler.Limits = .init(), cachedSequences: Int = 16,
            cachedBytes: Int = 1 << 30, savedPrefixes: SavedPrefixes? = nil
        ) {
            self.threads = threads
            self.contextLength = contextLength
            self.limits = limits
            self.cachedSequences = cachedSequences
            self.cachedBytes = cachedBytes
            self.savedPrefixes = savedPrefixes
        }
    }

    /// What the engine did since it started; for metrics.
    public struct Statistics: Sendable {
        /// Requests, and tokens of their prompts (all, and from the cache) and answers.
        public var requests = 0, promptTokens = 0, cachedTokens = 0, completionTokens = 0
        /// Tokens of prompts whose keys and values came from the disk; they count as cached too.
        public var restoredTokens = 0
        /// Requests that run and that wait.
        public var running = 0, waiting = 0
        /// Seconds spent in steps.
        public var stepSeconds = 0.0
        /// Seconds from arrival to the first token of the answer that ended last.
        public var lastFirstTokenSeconds: Double?
    }

    /// What it answers with.
    public nonisolated let model: LanguageModel
    /// Longest prompt and answer together.
    public nonisolated let contextLength: Int

    private let executor = ComputeThread(label: "pallet.engine")
    /// The thread that computes.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        // The actor keeps the executor alive for as long as it lives itself.
        unsafe executor.asUnownedSerialExecutor()
    }

    private let pool: WorkerPool
    private let workspace: Workspace
    private var scheduler: Scheduler
    private var prefixes: PrefixKeeping
    private var sequences: [Int: RunningSequence] = [:]
    private var nextID = 0
    private var looping = false
    private var closed = false
    private var counters = Statistics()

    /// Takes scratch memory for the largest step.
    ///
    /// - Parameter pool: threads that several engines share; their steps then take turns instead of competing for the
    ///   cores. By default an engine has `settings.threads` of its own.
    public init(model: LanguageModel, settings: Settings, pool: WorkerPool? = nil) throws {
        let model = model.limited(to: settings.contextLength)
        self.model = model
        contextLength = min(settings.contextLength, model.transformer.configuration.contextLength)
        self.pool = try pool ?? WorkerPool(threads: settings.threads)
        workspace = try Workspace(model: model.transformer, rows: settings.limits.stepTokens)
        scheduler = Scheduler(limits: settings.limits)
        // LongRoPE turns keys otherwise beyond the trained length.
        let saved = settings.savedPrefixes
        prefixes = PrefixKeeping(
            memory: PrefixCache(capacity: settings.cachedSequences, byteLimit: settings.cachedBytes),
            saved: model.transformer.usesLongFactors ? try saved?.distinguished(by: "long factors") : saved)
    }

    /// Starts an answer; its events come as they are computed. Whoever stops listening cancels it.
    ///
    /// The stream throws `GenerationError`, `SamplingError` or `TransformerError`.
    public nonisolated func generate(_ request: GenerationRequest) -> AsyncThrowingStream<GenerationEvent, any Error> {
        let arrival = ContinuousClock.now
        return AsyncThrowingStream { continuation in
            let task = Task { await self.submit(request, arrival: arrival, continuation: continuation) }
            continuation.onTermination = { reason in
                guard case .cancelled = reason else { return }
                Task {
                    if let id = await task.value { await self.cancel(id) }
                }
            }
        }
    }

    /// A whole answer.
    public nonisolated func complete(_ request: GenerationRequest) async throws -> GenerationResult {
        var result = GenerationResult()
        for try await event in generate(request) {
            switch event {
            case .prompt(let logProbabilities): result.promptLogProbabilities = logProbabilities
            case .token(let id, let text, let logProbabilities):
                result.tokens.append(id)
                result.text += text
                if let logProbabilities { result.logProbabilities.append(logProbabilities) }
            case .finished(let reason, let text, let usage):
                result.text += text
                result.finishReason = reason
                result.usage = usage
            }
        }
        // A stream that was cancelled ends without its last event; half an answer is not a result.
        try Task.checkCancellation()
        return result
    }

    /// What the engine did since it started, and what it does now.
    public var statistics: Statistics {
        var now = counters
        now.running = scheduler.runningCount
        now.waiting = scheduler.waitingCount
        return now
    }

    /// Refuses new requests and returns when the running ones are finished and what is to be saved is written.
    public func drain() async {
        closed = true
        while !scheduler.isIdle { try? await Task.sleep(for: .milliseconds(20)) }
        await prefixes.takeWriting()?.value
    }

    private func submit(
        _ request: GenerationRequest, arrival: ContinuousClock.Instant,
        continuation: AsyncThrowingStream<GenerationEvent, any Error>.Continuation
    ) -> Int? {
        do {
            try check(request)
            let id = nextID
            nextID += 1
            let sequence = try RunningSequence(
                request: request, tokenizer: model.tokenizer, arrival: arrival, continuation: continuation)
            guard scheduler.submit(id, total: request.prompt.count) else {
                throw GenerationError.busy(waiting: scheduler.waitingCount)
            }
            sequences[id] = sequence
            counters.requests += 1
            if !looping {
                looping = true
                Task { await self.loop() }
            }
            return id
        } catch {
            continuation.finish(throwing: error)
            return nil
        }
    }

    private func check(_ request: GenerationRequest) throws(GenerationError) {
        if closed { throw .shuttingDown }
        if request.prompt.isEmpty { throw .emptyPrompt }
        if request.maxTokens < 1 { throw .maxTokens(request.maxTokens) }
        if let range = request.scoredPrompt, range.lowerBound < 1 || range.upperBound > request.prompt.count {
            throw .scoredPrompt(range: range, tokens: request.prompt.count)
        }
        if request.prompt.count >= contextLength {
            throw .promptTooLong(tokens: request.prompt.count, limit: contextLength)
        }
    }

    private func cancel(_ id: Int) {
        guard let sequence = sequences.removeValue(forKey: id) else { return }
        scheduler.remove(id)
        keep(sequence)
    }

    private func keep(_ sequence: RunningSequence) {
        guard let cache = sequence.cache else { return }
        prefixes.put(cache, tokens: Array(sequence.tokens.prefix(cache.count)))
    }

    private func loop() async {
        while !scheduler.isIdle {
            step()
            await Task.yield()  // Arrivals and cancellations are taken in here.
        }
        looping = false
    }

    /// Plan, compute, choose, tell: no suspension between them.
    private func step() {
        let start = ContinuousClock.now
        for id in scheduler.admit() { begin(id, now: start) }
        let slices = scheduler.plan()
        let steps: [SequenceStep] = slices.compactMap { slice in
            guard let sequence = sequences[slice.request], let cache = sequence.cache else { return nil }
            let tokens = Array(sequence.tokens[slice.start..<slice.start + slice.count])
            return SequenceStep(cache: cache, tokens: tokens, logits: sequence.wantedLogits(of: slice))
        }
        guard steps.count == slices.count, !steps.isEmpty else { return }
        do {
            let logits = try model.transformer.forward(steps, workspace: workspace, pool: pool)
            let now = ContinuousClock.now
            counters.stepSeconds += (now - start).seconds
            for (slice, rows) in zip(slices, logits) { advance(slice, logits: rows, now: now) }
        } catch {
            // Nothing in a step belongs to one request alone: damaged weights or no memory for caches. All of them
            // are told; the engine goes on with what comes next.
            for slice in slices { finish(slice.request, throwing: error) }
        }
    }

    /// A request leaves the queue with the longest beginning of its prompt that is in the cache.
    private func begin(_ id: Int, now: ContinuousClock.Instant) {
        guard let sequence = sequences[id] else { return }
        let transformer = model.transformer
        do {
            let found = prefixes.take(for: sequence.reusable) { try transformer.makeCache() }
            let cache = try found.cache ?? transformer.makeCache()
            sequence.begin(cache: cache, saving: found.savedLength, now: now)
            scheduler.started(id, cached: cache.count)
            counters.promptTokens += sequence.tokens.count
            counters.cachedTokens += cache.count
            counters.restoredTokens += found.restored
        } catch {
            finish(id, throwing: error)
        }
    }

    private func advance(_ slice: Scheduler.Slice, logits rows: [[Float]], now: ContinuousClock.Instant) {
        guard let sequence = sequences[slice.request] else { return }
        do {
            try sequence.score(rows, before: slice.start + slice.count)
            guard slice.completes, let logits = rows.last else {
                scheduler.computed(slice, tokenAppended: false)
                return
            }
            let ended = try sequence.choose(logits: logits, now: now, contextLength: contextLength)
            save(sequence)
            counters.completionTokens += 1
            scheduler.computed(slice, tokenAppended: !ended)
            if ended { finish(slice.request, throwing: nil) }
        } catch {
            finish(slice.request, throwing: error)
        }
    }

    /// Once the prompt is computed: its beginning goes to the disk where that is wanted. Writing happens elsewhere.
    private func save(_ sequence: RunningSequence) {
        guard let length = sequence.takeSavedLength(), let cache = sequence.cache else { return }
        let transformer = model.transformer
        prefixes.save(sequence.tokens.prefix(length), of: cache) { try transformer.makeCache() }
    }

    private func finish(_ id: Int, throwing error: (any Error)?) {
        guard let sequence = sequences.removeValue(forKey: id) else { return }
        scheduler.remove(id)
        if error == nil {
            keep(sequence)
            counters.lastFirstTokenSeconds = sequence.firstTokenSeconds
        }
        sequence.end(throwing: error)
    }
}

extension Duration {
    /// The duration as a number of seconds.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
