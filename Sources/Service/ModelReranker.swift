public import Inference
public import Retrieval

/// A reranker as retrieval uses one.
public struct ModelReranker: PassageReranker {
    /// What computes.
    public let reranker: Reranker

    /// A reranker for passages of an index.
    public init(_ reranker: Reranker) { self.reranker = reranker }

    /// The logits: unlike their sigmoids they still differ where all passages are good or all are bad. None for a
    /// question that leaves no room for a passage: the order of the search stays then.
    public func scores(question: String, passages: [String]) async throws -> [Double] {
        do {
            return try await reranker.scores(query: question, passages: passages).map(\.logit)
        } catch RerankingError.queryTooLong {
            return []
        }
    }
}
