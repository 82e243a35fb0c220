public import Storage
import Text

/// An index of passages by name: building it is in `PassageIndex+Build.swift`, searching here.
public struct PassageIndex: Sendable {
    /// The store that holds it.
    public let store: any PassageStore
    /// Its name.
    public let name: String
    /// How passages are cut when it is built.
    public var cutter: PassageCutter

    /// Makes the value from its parts.
    public init(store: any PassageStore, name: String, cutter: PassageCutter = PassageCutter()) {
        self.store = store
        self.name = name
        self.cutter = cutter
    }

    /// The index of a home's database.
    public init(database: PalletDatabase, name: String) {
        self.init(store: database.passages, name: name)
    }

    /// How many candidates by BM25 are looked at again.
    static let candidates = 80

    /// The passages that fit a question best.
    /// - Parameters:
    ///   - query: what people typed; no syntax in it means anything.
    ///   - limit: how many at most.
    /// - Returns: best first, with features and highlights. Empty when nothing of it stands anywhere.
    /// - Throws: `StorageError.notFound` when the index was never built.
    public func search(_ query: String, limit: Int = 5) async throws -> [PassageHit] {
        try await find(Question(query), limit: limit).hits
    }

    /// As `search(_:limit:)`, with what the evidence for an answer is judged by.
    public func find(_ question: Question, limit: Int = 5) async throws -> FoundPassages {
        let found = try await store.candidates(
            index: name, terms: Array(question.terms.prefix(40)) + question.synonyms.prefix(80),
            prefixes: Array(question.prefixes.prefix(8)), limit: max(Self.candidates, limit))
        let ranking = PassageRanking(question: question, version: found.version, frequencies: found.frequencies)
        var hits = ranking.hits(found.passages.map(\.passage))
        hits = Contradiction(ranking: ranking).newerFirst(Array(hits.prefix(max(limit, 20))))
        let shown: [PassageHit] = hits.prefix(max(0, limit)).map { hit in
            var hit = hit
            hit.highlights = Highlights.ranges(of: question, in: hit.passage.text)
            // Only ranking needs them; they are longer than the text.
            hit.passage.headingTerms = []
            hit.passage.bodyTerms = []
            return hit
        }
        return FoundPassages(question: question, hits: shown, ranking: ranking)
    }

    /// Greater score first; ties by path and place, so that the order never depends on row numbers.
    static func isBefore(_ a: PassageHit, _ b: PassageHit) -> Bool {
        if a.score != b.score { return a.score > b.score }
        let (x, y) = (a.passage, b.passage)
        return (x.document.path, x.document.part, x.ordinal) < (y.document.path, y.document.part, y.ordinal)
    }
}

/// What was found for a question.
public struct FoundPassages: Sendable {
    /// The question as retrieval reads it.
    public var question: Question
    /// Best first.
    public var hits: [PassageHit]
    /// What weighs the question's words.
    let ranking: PassageRanking
}
