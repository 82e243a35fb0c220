/// One turn of a dialogue as a model sees it. Roles are kept apart as values; text is text and never control, whatever
/// stands in it.
public struct ChatTurn: Codable, Sendable, Equatable {
    /// Who speaks in a turn.
    public enum Role: String, Codable, Sendable {
        case system
        case user
        case assistant
    }

    /// Who speaks.
    public var role: Role
    /// The text itself.
    public var text: String

    /// Makes the value from its parts.
    public init(_ role: Role, _ text: String) {
        self.role = role
        self.text = text
    }
}

/// How an answer is to be written.
public struct GenerationOptions: Codable, Sendable, Equatable {
    /// Tokens that are written at most.
    public var maximumTokens: Int
    /// 0 is greedy: the same question gives the same answer.
    public var temperature: Double
    /// Start of the random numbers where the temperature is not 0.
    public var seed: UInt64?
    /// A text with which the answer must not begin, such as the refusal of a question that is to be answered.
    public var avoidedBeginning: String?

    /// Makes the value from its parts.
    public init(maximumTokens: Int = 160, temperature: Double = 0, seed: UInt64? = nil, avoidedBeginning: String? = nil)
    {
        self.avoidedBeginning = avoidedBeginning
        self.maximumTokens = maximumTokens
        self.temperature = temperature
        self.seed = seed
    }
}

/// Writes the next turn of a dialogue. The engine conforms where the program is put together; tests bring their own.
public protocol Generator: Sendable {
    /// The turn as it is written, piece by piece. Ending the iteration stops the writing.
    ///
    /// The generator must render texts as plain content: a role mark or control token that stands in a passage or a
    /// question is spelled out, never taken as one.
    func generate(_ turns: [ChatTurn], options: GenerationOptions) async throws
        -> AsyncThrowingStream<String, any Error>

    /// Natural logarithms of the probabilities that the next turn begins with each of some texts; nil where the
    /// generator cannot tell.
    func logProbabilities(of texts: [String], after turns: [ChatTurn]) async throws -> [Double]?
}

extension Generator {
    /// Cannot tell.
    public func logProbabilities(of texts: [String], after turns: [ChatTurn]) async throws -> [Double]? { nil }
}
