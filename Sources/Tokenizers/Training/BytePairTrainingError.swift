/// Why a vocabulary cannot be trained.
public enum BytePairTrainingError: Error, Equatable, Sendable {
    /// The size leaves no room for the special tokens and the 256 bytes, or is larger than any model's.
    case vocabularySize(Int, least: Int, limit: Int)
    /// A special token's text is empty, longer than any model's, given twice, or a single byte's own text.
    case specialToken(text: String, reason: String)
    /// Tokens of this many bytes are refused: no merge could be made, or texts longer than any model's.
    case tokenBytes(Int, least: Int, limit: Int)
    /// A pair must occur at least once to be merged.
    case minimumFrequency(Int)
    /// The bound on memory for words is too small for any text or too large for 32-bit places.
    case wordBytes(Int, least: Int, limit: Int)
    /// No text was given.
    case noText
}

extension BytePairTrainingError: CustomStringConvertible {
    /// What is wrong and what to do.
    public var description: String {
        switch self {
        case .vocabularySize(let size, let least, let limit):
            "A vocabulary of \(size) tokens cannot be trained: give \(least) (special tokens and the 256 bytes) to \(limit)."
        case .specialToken(let text, let reason):
            "The special token \"\(text.prefix(60))\" cannot be used: \(reason). Give another text."
        case .tokenBytes(let bytes, let least, let limit):
            "Tokens of at most \(bytes) bytes cannot be trained: give \(least) to \(limit)."
        case .minimumFrequency(let count):
            "A minimum frequency of \(count) makes no sense: give 1 or more."
        case .wordBytes(let bytes, let least, let limit):
            "A bound of \(bytes) bytes for words cannot be kept: give \(least) to \(limit)."
        case .noText:
            "There is no text to train the tokenizer on: all files are empty. Give files with text."
        }
    }
}
