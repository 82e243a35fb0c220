import ArgumentParser
import Retrieval
import Storage
import Synchronization

/// What passages are found by.
enum SearchSide: String, ExpressibleByArgument, CaseIterable {
    case words, vectors, both
}

/// A hit as `pallet search` prints it.
struct SearchHit: Encodable {
    let document: String
    let title: String
    let heading: String
    let date: String?
    let offset: Int
    let length: Int
    let text: String
    let score: Double
    let highlights: [[Int]]

    init(_ hit: PassageHit) {
        document = hit.passage.document.path
        title = hit.passage.document.title
        heading = hit.passage.heading
        date = hit.passage.document.date
        offset = hit.passage.start
        length = hit.passage.length
        text = hit.passage.text
        score = hit.score
        highlights = hit.highlights.map { [$0.lowerBound, $0.upperBound] }
    }
}

/// Searches by one side or both, and says how long it took.
struct TimedSearch {
    /// One query of a list with what was found.
    struct Found: Encodable {
        let query: String
        /// All of it, and what of it the query's vector took.
        let milliseconds: Double
        let embeddingMilliseconds: Double
        let hits: [SearchHit]
    }

    /// Remembers how long vectors took.
    private final class Stopwatch: Embedder {
        let embedder: any Embedder
        private let spent = Mutex(Duration.zero)

        init(_ embedder: any Embedder) { self.embedder = embedder }

        var name: String { embedder.name }

        /// The time since this was last asked for.
        func lap() -> Duration {
            spent.withLock { spent in
                defer { spent = .zero }
                return spent
            }
        }

        func embed(_ texts: [String], as role: EmbeddedRole) async throws -> [[Float]] {
            let start = ContinuousClock.now
            let vectors = try await embedder.embed(texts, as: role)
            let taken = ContinuousClock.now - start
            spent.withLock { $0 += taken }
            return vectors
        }
    }

    private let index: PassageIndex
    private let side: SearchSide?
    private let stopwatch: Stopwatch?

    /// - Throws: `Failure` when vectors are asked for and the index has none that can be compared.
    init(index: PassageIndex, by side: SearchSide?) throws {
        if side == .vectors || side == .both, index.embedder == nil {
            throw Failure(
                .noInput, "索引 \(index.name) 没有可用的句向量", "the index \(index.name) has no vectors that can be used")
        }
        self.side = side
        stopwatch = side == .words ? nil : index.embedder.map(Stopwatch.init)
        var timed = PassageIndex(
            store: index.store, name: index.name, cutter: index.cutter, embedder: stopwatch)
        timed.reranking = index.reranking
        self.index = timed
    }

    func hits(_ query: String, limit: Int) async throws -> [PassageHit] {
        if side == .vectors { return try await index.nearest(to: query, limit: limit) }
        return try await index.search(query, limit: limit)
    }

    func found(_ query: String, limit: Int) async throws -> Found {
        let start = ContinuousClock.now
        let hits = try await hits(query, limit: limit)
        let taken = ContinuousClock.now - start
        return Found(
            query: query, milliseconds: taken / .milliseconds(1),
            embeddingMilliseconds: (stopwatch?.lap() ?? .zero) / .milliseconds(1), hits: hits.map(SearchHit.init))
    }
}
