import Inference
import Synchronization

/// Counters of the service in Prometheus' text form.
public final class ServiceMetrics: Sendable {
    /// Upper bounds of the time histograms in seconds.
    private static let bounds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

    private struct Histogram {
        var buckets = [Int](repeating: 0, count: ServiceMetrics.bounds.count)
        var count = 0
        var sum = 0.0

        mutating func observe(_ value: Double) {
            for (index, bound) in ServiceMetrics.bounds.enumerated() where value <= bound { buckets[index] += 1 }
            count += 1
            sum += value
        }

        func lines(_ name: String) -> String {
            var text = "# TYPE \(name) histogram\n"
            for (index, bound) in ServiceMetrics.bounds.enumerated() {
                text += "\(name)_bucket{le=\"\(bound)\"} \(buckets[index])\n"
            }
            return text + "\(name)_bucket{le=\"+Inf\"} \(count)\n\(name)_sum \(sum)\n\(name)_count \(count)\n"
        }
    }

    private struct State {
        var requests: [String: Int] = [:]
        var promptTokens = 0
        var cachedTokens = 0
        var completionTokens = 0
        var embeddedTokens = 0
        var rerankedTokens = 0
        var firstToken = Histogram()
        var duration = Histogram()
        var refusals = 0
        var answers = 0
    }

    private let state = Mutex(State())

    /// Counters at zero.
    public init() {}

    /// A request was answered: its route as registered (never its path, which may hold anything), method and status.
    func record(route: String, method: String, status: Int, seconds: Double) {
        state.withLock {
            $0.requests["method=\"\(method)\",route=\"\(route)\",status=\"\(status)\"", default: 0] += 1
            $0.duration.observe(seconds)
        }
    }

    /// An answer was generated.
    func record(_ usage: GenerationUsage) {
        state.withLock {
            $0.promptTokens += usage.promptTokens
            $0.cachedTokens += usage.cachedTokens
            $0.completionTokens += usage.completionTokens
            $0.firstToken.observe(usage.firstTokenSeconds)
        }
    }

    /// Texts became vectors.
    func recordEmbedding(tokens: Int) { state.withLock { $0.embeddedTokens += tokens } }

    /// Passages were weighed.
    func recordReranking(tokens: Int) { state.withLock { $0.rerankedTokens += tokens } }

    /// An assistant answered or refused.
    func record(answered: Bool) {
        state.withLock { if answered { $0.answers += 1 } else { $0.refusals += 1 } }
    }

    /// Prometheus text, version 0.0.4.
    func text(running: Int, waiting: Int) -> String {
        state.withLock { state in
            var text = "# TYPE pallet_http_requests_total counter\n"
            for (labels, count) in state.requests.sorted(by: { $0.key < $1.key }) {
                text += "pallet_http_requests_total{\(labels)} \(count)\n"
            }
            let counters = [
                ("pallet_prompt_tokens_total", state.promptTokens),
                ("pallet_prompt_tokens_cached_total", state.cachedTokens),
                ("pallet_completion_tokens_total", state.completionTokens),
                ("pallet_embedding_tokens_total", state.embeddedTokens),
                ("pallet_rerank_tokens_total", state.rerankedTokens),
                ("pallet_assistant_answers_total", state.answers),
                ("pallet_assistant_refusals_total", state.refusals),
            ]
            for (name, value) in counters { text += "# TYPE \(name) counter\n\(name) \(value)\n" }
            for (name, value) in [("pallet_requests_running", running), ("pallet_requests_waiting", waiting)] {
                text += "# TYPE \(name) gauge\n\(name) \(value)\n"
            }
            return text + state.firstToken.lines("pallet_time_to_first_token_seconds")
                + state.duration.lines("pallet_http_request_duration_seconds")
        }
    }
}
