public import Inference

/// What the service answers with: engines and assistants by the names that clients use.
public struct ServedModels: Sendable {
    /// Model name → engine. Several names may share one.
    public let engines: [String: Engine]
    /// Assistant name → assistant.
    public let assistants: [String: ServedAssistant]
    /// When the service started, seconds since 1970.
    public let startedAt: Int
    /// Tokens of an answer where the client sets no limit.
    public let defaultMaxTokens: Int

    /// Engines and assistants by name.
    public init(
        engines: [String: Engine], assistants: [String: ServedAssistant], startedAt: Int, defaultMaxTokens: Int = 2048
    ) {
        self.engines = engines
        self.assistants = assistants
        self.startedAt = startedAt
        self.defaultMaxTokens = defaultMaxTokens
    }

    /// All names, assistants first.
    public var names: [String] { assistants.keys.sorted() + engines.keys.sorted() }
}
