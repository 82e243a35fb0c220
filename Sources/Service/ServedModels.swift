public import Inference

/// What the service answers with: engines and assistants by the names that clients use.
public struct ServedModels: Sendable {
    /// Model name → engine. Several names may share one.
    public let engines: [String: Engine]
    /// Assistant name → assistant.
    public let assistants: [String: ServedAssistant]
    /// Models of sentence vectors by name, for `/v1/embeddings`.
    public let embedders: [String: SentenceEmbedder]
    /// Models that weigh passages by name, for `/v1/rerank`.
    public let rerankers: [String: Reranker]
    /// When the service started, seconds since 1970.
    public let startedAt: Int
    /// Tokens of an answer where the client sets no limit.
    public let defaultMaxTokens: Int

    /// Engines and assistants by name.
    public init(
        engines: [String: Engine], assistants: [String: ServedAssistant],
        embedders: [String: SentenceEmbedder] = [:], rerankers: [String: Reranker] = [:], startedAt: Int,
        defaultMaxTokens: Int = 2048
    ) {
        self.engines = engines
        self.assistants = assistants
        self.embedders = embedders
        self.rerankers = rerankers
        self.startedAt = startedAt
        self.defaultMaxTokens = defaultMaxTokens
    }

    /// All names, assistants first, then what writes, makes vectors and reranks.
    public var names: [String] {
        assistants.keys.sorted() + engines.keys.sorted() + embedders.keys.sorted() + rerankers.keys.sorted()
    }
}
