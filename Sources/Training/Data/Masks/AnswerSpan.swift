/// Where an answer stands in a rendered conversation.
public struct AnswerSpan: Sendable, Equatable {
    /// The message, from 0.
    public let message: Int
    /// UTF-8 bytes of the text: from where generation starts up to and with the token that ends the turn.
    public let bytes: Range<Int>
    /// The bytes of that last token's text.
    public let stop: Range<Int>
    /// Whether a prompt of the conversation up to here is what stands before the answer. False where the template
    /// writes earlier turns differently once others follow (Qwen3 drops their reasoning).
    public let isContinuation: Bool
}

/// A conversation as the template writes it, and what of it is trained.
public struct RenderedConversation: Sendable {
    /// The text in pieces; what a message quotes of control tokens is apart.
    public let pieces: [(text: String, isQuoted: Bool)]
    /// The answers that are trained, in order.
    public let spans: [AnswerSpan]

    /// The whole text.
    public var text: String { pieces.map(\.text).joined() }
}
