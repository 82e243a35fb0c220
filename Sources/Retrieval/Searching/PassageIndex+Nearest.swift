import Storage

extension PassageIndex {
    /// The passages that are nearest to a question by their vectors alone; `search(_:limit:)` looks at words besides.
    /// For measuring what either side finds.
    ///
    /// - Returns: nearest first, with the similarity as the score; empty where the index has no vectors of this
    ///   embedder.
    /// - Throws: `StorageError.notFound` when the index was never built.
    public func nearest(to query: String, limit: Int = 5) async throws -> [PassageHit] {
        let question = Question(query)
        // Only the version is wanted of the words' side.
        let found = try await store.candidates(index: name, terms: [], prefixes: [], limit: 0)
        guard limit > 0, let meaning = try await meaning(of: question, version: found.version) else { return [] }
        let passages = try await store.passages(index: name, ids: meaning.similarities.best(limit))
        let ranking = PassageRanking(question: question, version: found.version, frequencies: [:])
        return ranking.hits(passages, meaning: meaning).map { hit in
            var hit = hit
            hit.score = hit.features.similarity ?? 0
            hit.passage.headingTerms = []
            hit.passage.bodyTerms = []
            return hit
        }.sorted(by: Self.isBefore)
    }
}
