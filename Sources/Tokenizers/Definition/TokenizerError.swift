/// Why a tokenizer cannot be made or used. Every case names the place, what was expected and what was found.
public enum TokenizerError: Error, Equatable, Sendable {
    /// The vocabulary has no tokens.
    case emptyVocabulary
    /// The vocabulary has more tokens than any model has.
    case tooManyTokens(count: Int, limit: Int)
    /// Scores or types do not cover the tokens.
    case arrayTooShort(name: String, expected: Int, actual: Int)
    /// Two tokens have the same text.
    case duplicateToken(text: String, first: Int, second: Int)
    /// A token's text is longer than any model's.
    case tokenTooLong(id: Int, bytes: Int, limit: Int)
    /// The texts of control and user-defined tokens are longer in all than any model's.
    case specialTextsTooLong(bytes: Int, limit: Int)
    /// A byte token is not written `<0xHH>`.
    case malformedByteToken(id: Int, text: String)
    /// A score is not a number.
    case invalidScore(id: Int)
    /// The compiled table of replacements (`precompiled_charsmap`) is damaged, at a byte offset.
    case malformedCharacterMap(offset: Int, reason: String)
    /// A split rule (`pre`) that is not known here.
    case unknownPreTokenizer(name: String, known: [String])
    /// An id that is not in the vocabulary.
    case idOutsideVocabulary(id: Int, count: Int)
    /// None of the files that define a tokenizer is there.
    case missingFile(expected: [String], found: [String])
    /// A file is not JSON, at a byte offset.
    case malformedJSON(file: String, offset: Int, reason: String)
    /// `tokenizer.model` is not a SentencePiece model, at a byte offset.
    case malformedSentencePiece(offset: Int, reason: String)
    /// A value in a file has another form than expected.
    case invalidField(file: String, field: String, expected: String, actual: String)
    /// A file asks for something that is not built here.
    case unsupported(file: String, feature: String, value: String, known: [String])
}

extension TokenizerError: CustomStringConvertible {
    /// One or two English sentences: what is wrong, where, what to do.
    public var description: String {
        switch self {
        case .emptyVocabulary:
            "The vocabulary has no tokens. The model file is incomplete; fetch it again."
        case .tooManyTokens(let count, let limit):
            "The vocabulary has \(count) tokens, more than the \(limit) that are accepted."
        case .arrayTooShort(let name, let expected, let actual):
            "The vocabulary has \(expected) tokens, but \(name) has only \(actual) entries. "
                + "The model file is damaged; fetch or convert it again."
        case .duplicateToken(let text, let first, let second):
            "Tokens \(first) and \(second) have the same text \(Self.quote(text)). A text must have one id."
        case .tokenTooLong(let id, let bytes, let limit):
            "The text of token \(id) has \(bytes) bytes, more than the \(limit) that are accepted."
        case .specialTextsTooLong(let bytes, let limit):
            "The texts of control and user-defined tokens have \(bytes) bytes in all, more than the \(limit) that "
                + "are accepted."
        case .malformedByteToken(let id, let text):
            "Token \(id) is a byte token, but its text is \(Self.quote(text)) and not <0xHH> with two hex digits."
        case .invalidScore(let id):
            "The score of token \(id) is not a number."
        case .malformedCharacterMap(let offset, let reason):
            "The table of replacements (precompiled_charsmap) is damaged at byte \(offset): \(reason). "
                + "Fetch or convert the model again."
        case .unknownPreTokenizer(let name, let known):
            "The split rule \(Self.quote(name)) (tokenizer.ggml.pre) is not known. "
                + "Known rules: \(known.joined(separator: ", "))."
        case .idOutsideVocabulary(let id, let count):
            "Token id \(id) is outside the vocabulary of \(count) tokens (0 to \(count - 1))."
        case .missingFile(let expected, let found):
            "No tokenizer: expected \(expected.joined(separator: " or ")), found "
                + (found.isEmpty ? "no files." : found.joined(separator: ", ") + ".")
        case .malformedJSON(let file, let offset, let reason):
            "\(file) is not valid JSON at byte \(offset): \(reason)."
        case .malformedSentencePiece(let offset, let reason):
            "tokenizer.model is not a SentencePiece model; at byte \(offset): \(reason)."
        case .invalidField(let file, let field, let expected, let actual):
            "\(file), \(field): expected \(expected), found \(Self.quote(actual))."
        case .unsupported(let file, let feature, let value, let known):
            "\(file): the \(feature) \(Self.quote(value)) is not supported. "
                + "Known: \(known.joined(separator: ", "))."
        }
    }

    /// The text in quotation marks, shortened, so that a hostile file cannot flood a log.
    private static func quote(_ text: String) -> String {
        let head = String(String.UnicodeScalarView(text.unicodeScalars.prefix(200)))
        return "\"" + head + (head.utf8.count < text.utf8.count ? "…" : "") + "\""
    }
}
