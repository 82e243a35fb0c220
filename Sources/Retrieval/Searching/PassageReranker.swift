import Storage

/// Weighs passages against a question, each read together with it and not as a vector apart. The engine conforms where
/// the program is put together; tests bring their own.
public protocol PassageReranker: Sendable {
    /// One number for each passage: greater answers better. Comparable within one call.
    func scores(question: String, passages: [String]) async throws -> [Double]
}

/// A second reading of the passages that were found first, before some are chosen.
public struct Reranking: Sendable {
    /// What reads them.
    public let reranker: any PassageReranker
    /// How many of the best are read again; the others stay behind them.
    public let candidates: Int

    /// How many are read where nothing else is said: the search's first five are nearly always among them, and each
    /// costs a pass through a model.
    public static let standardCandidates = 20

    /// Makes the value from its parts.
    public init(_ reranker: any PassageReranker, candidates: Int = Self.standardCandidates) {
        self.reranker = reranker
        self.candidates = max(0, candidates)
    }

    /// The hits in their new order; what the reranker finds equally good keeps the order of the search.
    ///
    /// The scores stay on the search's scale, to which evidence and contradiction were fitted: the best gets the greatest
    /// score of those that were read, and so on.
    func reordered(_ hits: [PassageHit], question: Question) async throws -> [PassageHit] {
        let read = hits.prefix(candidates)
        guard read.count > 1 else { return hits }
        let passages = read.map(\.passage)
        let scores = try await reranker.scores(
            question: question.text,
            passages: passages.map { passage in
                EmbeddedTexts.whole(
                    heading: passage.heading, title: passage.document.title, lead: passage.lead, text: passage.text)
            })
        guard scores.count == read.count else { return hits }
        let order = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
        let moved = zip(order, read).map { place, former in
            var hit = read[place]
            hit.score = former.score
            return hit
        }
        return moved + hits.dropFirst(read.count)
    }
}
