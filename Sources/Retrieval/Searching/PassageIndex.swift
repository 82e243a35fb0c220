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
    /// Makes vectors of passages and questions; nil searches by words alone.
    public let embedder: (any Embedder)?
    /// Reads the best passages again before some are chosen; nil leaves the order of the search.
    public var reranking: Reranking?
    private let vectors = VectorCache()

    /// Makes the value from its parts.
    public init(
        store: any PassageStore, name: String, cutter: PassageCutter = PassageCutter(),
        embedder: (any Embedder)? = nil
    ) {
        self.store = store
        self.name = name
        self.cutter = cutter
        self.embedder = embedder
    }

    /// The index of a home's database.
    public init(database: PalletDatabase, name: String, embedder: (any Embedder)? = nil) {
        self.init(store: database.passages, name: name, embedder: embedder)
    }

    /// How many candidates by BM25 are looked at again.
    static let candidates = 80
    /// How many passages that mean alike are looked at besides.
    static let neighbours = 40

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
        var passages = found.passages.map(\.passage)
        let meaning = try await meaning(of: question, version: found.version)
        if let meaning {
            let known = Set(passages.map(\.id))
            let more = meaning.similarities.best(Self.neighbours).filter { !known.contains($0) }
            passages += try await store.passages(index: name, ids: more)
        }
        let sentences = meaning == nil ? [:] : try await store.sentenceVectors(ids: passages.map(\.id))
        var hits = ranking.hits(passages, meaning: meaning, sentences: sentences)
        if let reranking { hits = try await reranking.reordered(hits, question: question) }
        hits = Contradiction(ranking: ranking, meaning: meaning).newerFirst(Array(hits.prefix(max(limit, 20))))
        let shown: [PassageHit] = hits.prefix(max(0, limit)).map { hit in
            var hit = hit
            hit.highlights = Highlights.ranges(of: question, in: hit.passage.text)
            // Only ranking needs them; they are longer than the text.
            hit.passage.headingTerms = []
            hit.passage.bodyTerms = []
            return hit
        }
        return FoundPassages(question: question, hits: shown, ranking: ranking, meaning: meaning)
    }

    /// How alike all passages are to the question; nil where the index has no vectors of this embedder, so that spaces
    /// are never mixed.
    func meaning(of question: Question, version: IndexVersion) async throws -> Meaning? {
        guard let embedder,
            let table = try await vectors.table(of: version, space: embedder.name, in: store),
            let vector = try await embedder.embed([question.text], as: .question).first
        else { return nil }
        let asked = QuantisedVector(vector)
        return table.similarities(to: asked).map { Meaning(question: asked, similarities: $0) }
    }

    /// Greater score first; ties by path and place, so that the order never depends on row numbers.
    static func isBefore(_ a: PassageHit, _ b: PassageHit) -> Bool {
        if a.score != b.score { return a.score > b.score }
        let (x, y) = (a.passage, b.passage)
        return (x.document.path, x.document.part, x.ordinal) < (y.document.path, y.document.part, y.ordinal)
    }
}

/// A question's vector and how alike all passages are to it.
struct Meaning: Sendable {
    let question: QuantisedVector
    let similarities: Similarities
}

/// What was found for a question.
public struct FoundPassages: Sendable {
    /// The question as retrieval reads it.
    public var question: Question
    /// Best first.
    public var hits: [PassageHit]
    /// What weighs the question's words.
    let ranking: PassageRanking
    /// How alike all passages are to the question; nil without vectors.
    var meaning: Meaning?

    /// Whether meanings were compared, not words alone.
    public var hasVectors: Bool { meaning != nil }

    /// How far a similarity stands out, in standard deviations of all passages; 0 without vectors.
    func standing(_ similarity: Double) -> Double { meaning?.similarities.standing(similarity) ?? 0 }
}
