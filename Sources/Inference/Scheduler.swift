/// Decides which tokens the next step computes. A value without clock, memory or models: events go in, a plan comes
/// out, the engine carries it out.
///
/// There are no phases: each request has *computed* and *total* tokens (as in vLLM's v1 scheduler), and whatever lies
/// between them is still to be computed. A request that decodes lacks one token, one that starts lacks its prompt.
/// Requests that decode come first, since somebody is reading along; what is left of the step's budget goes to
/// prompts in order of arrival.
public struct Scheduler: Sendable {
    /// Names a request.
    public typealias RequestID = Int

    /// Bounds that the operator sets.
    public struct Limits: Sendable, Equatable {
        /// Most requests that are computed together.
        public var running: Int
        /// Most requests that wait; one more is refused.
        public var waiting: Int
        /// Most tokens of a step.
        public var stepTokens: Int
        /// Most prompt tokens of a step while others are being answered: they wait for the step to end.
        public var sharedPromptTokens: Int

        /// Values below the least sensible ones are raised to them.
        public init(running: Int = 8, waiting: Int = 64, stepTokens: Int = 512, sharedPromptTokens: Int = 64) {
            self.running = max(1, running)
            self.waiting = max(0, waiting)
            self.stepTokens = max(1, stepTokens)
            self.sharedPromptTokens = max(1, sharedPromptTokens)
        }
    }

    /// What a step computes of one request: `count` tokens from `start` on.
    public struct Slice: Sendable, Equatable {
        /// Whose tokens.
        public let request: RequestID
        /// Position of the first token.
        public let start: Int
        /// How many tokens.
        public let count: Int
        /// True where the slice reaches the last known token, so that the next one can be chosen.
        public let completes: Bool

        /// A slice; see the properties.
        public init(request: RequestID, start: Int, count: Int, completes: Bool) {
            self.request = request
            self.start = start
            self.count = count
            self.completes = completes
        }
    }

    private struct Entry {
        let id: RequestID
        var computed: Int
        var total: Int
    }

    /// What the operator set.
    public let limits: Limits
    private var running: [Entry] = []
    private var queue: [(id: RequestID, total: Int)] = []

    /// Nothing runs and nothing waits.
    public init(limits: Limits = Limits()) { self.limits = limits }

    /// Requests that are computed.
    public var runningCount: Int { running.count }
    /// Requests that wait for a place.
    public var waitingCount: Int { queue.count }
    /// True where there is nothing to do.
    public var isIdle: Bool { running.isEmpty && queue.isEmpty }

    /// A request with `total` prompt tokens arrives.
    /// - Returns: false where the queue is full; the request is then unknown to the scheduler.
    public mutating func submit(_ id: RequestID, total: Int) -> Bool {
        // Places that are free count too: arrivals are admitted at the next step only.
        if running.count + queue.count >= limits.running + limits.waiting { return false }
        queue.append((id, total))
        return true
    }

    /// Requests that may start now, in order of arrival; they run from here on. The engine answers with `started`.
    public mutating func admit() -> [RequestID] {
        var admitted: [RequestID] = []
        while running.count < limits.running, !queue.isEmpty {
            let next = queue.removeFirst()
            running.append(Entry(id: next.id, computed: 0, total: next.total))
            admitted.append(next.id)
        }
        return admitted
    }

    /// An admitted request found `cached` of its tokens computed already.
    public mutating func started(_ id: RequestID, cached: Int) {
        guard let index = running.firstIndex(where: { $0.id == id }) else { return }
        running[index].computed = min(cached, running[index].total)
    }

    /// What to compute next; empty when nothing runs.
    public func plan() -> [Slice] {
        var slices: [Slice] = []
        var left = limits.stepTokens
        for entry in running where entry.total - entry.computed == 1 && left > 0 {
            slices.append(Slice(request: entry.id, start: entry.computed, count: 1, completes: true))
            left -= 1
        }
        if !slices.isEmpty { left = min(left, limits.sharedPromptTokens) }
        for entry in running where entry.total - entry.computed > 1 && left > 0 {
            let count = min(left, entry.total - entry.computed)
            let completes = entry.computed + count == entry.total
            slices.append(Slice(request: entry.id, start: entry.computed, count: count, completes: completes))
            left -= count
        }
        return slices
    }

    /// A planned slice was computed; where it completed its request's tokens, one more is known now.
    public mutating func computed(_ slice: Slice, tokenAppended: Bool) {
        guard let index = running.firstIndex(where: { $0.id == slice.request }) else { return }
        running[index].computed += slice.count
        if tokenAppended { running[index].total += 1 }
    }

    /// A request is over, for whatever reason; a waiting one is never started.
    public mutating func remove(_ id: RequestID) {
        running.removeAll { $0.id == id }
        queue.removeAll { $0.id == id }
    }
}
