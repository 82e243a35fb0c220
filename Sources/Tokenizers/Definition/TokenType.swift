/// What a token is for; raw values are those of GGUF's `tokenizer.ggml.token_type` and of SentencePiece.
public enum TokenType: Int32, Sendable, CaseIterable {
    /// Ordinary text.
    case normal = 1
    /// Stands for text that the vocabulary cannot write.
    case unknown = 2
    /// Steers the model (turns, end of text); never produced from a user's text.
    case control = 3
    /// Text that is always one token wherever it occurs.
    case userDefined = 4
    /// A place in the vocabulary without use.
    case unused = 5
    /// One byte, written `<0xHH>`.
    case byte = 6

    /// The type for a value in a file; what is not known counts as ordinary text, as in llama.cpp.
    public init(fileValue: Int32) {
        self = TokenType(rawValue: fileValue) ?? .normal
    }
}
