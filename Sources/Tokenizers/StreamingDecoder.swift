/// Turns token ids into text one by one and never gives half a character.
///
/// Bytes that can still become a character are kept (at most 3) until the next token; bytes that cannot become U+FFFD
/// at once. The joined texts equal `Tokenizer.decode` of all ids.
///
///     var decoder = StreamingDecoder(tokenizer)
///     for id in ids { send(try decoder.append(id)) }
///     send(decoder.finish())
///
/// A stop text must be searched in the joined text: it may be spread over several pieces.
public struct StreamingDecoder: Sendable {
    private let tokenizer: Tokenizer
    private let skipControl: Bool
    private var pending: [UInt8] = []
    private var atStart: Bool

    /// A decoder at the beginning of a text.
    ///
    /// - Parameters:
    ///   - tokenizer: Gives the tokens' bytes.
    ///   - skipControl: Leaves out control and unknown tokens.
    public init(_ tokenizer: Tokenizer, skipControl: Bool = false) {
        self.tokenizer = tokenizer
        self.skipControl = skipControl
        atStart = tokenizer.addsSpacePrefix
    }

    /// The text that a token completes; often empty, or more than the token's own.
    ///
    /// - Throws: `TokenizerError.idOutsideVocabulary`; the decoder is unchanged then.
    public mutating func append(_ id: Int) throws(TokenizerError) -> String {
        pending.append(contentsOf: try tokenizer.shownBytes(of: id, skipControl: skipControl))
        let whole = pending.count - Self.incompleteSuffix(pending)
        let text = take(whole)
        return text
    }

    /// The rest: U+FFFD when the stream ended within a character. The decoder is at the beginning again.
    public mutating func finish() -> String {
        let text = take(pending.count)
        atStart = tokenizer.addsSpacePrefix
        return text
    }

    private mutating func take(_ count: Int) -> String {
        if count == 0 { return "" }
        var whole = pending[..<count]
        if atStart && whole.first == 0x20 { whole = whole.dropFirst() }
        atStart = false
        let text = String(decoding: whole, as: UTF8.self)
        pending.removeFirst(count)
        return text
    }

    /// How many of the last bytes (0 to 3) begin a character that further bytes could complete.
    static func incompleteSuffix(_ bytes: [UInt8]) -> Int {
        var length = 1
        while length <= 3 && length <= bytes.count {
            let lead = bytes[bytes.count - length]
            if lead & 0xC0 != 0x80 {
                let needed: Int
                switch lead {
                case 0xC2...0xDF: needed = 2
                case 0xE0...0xEF: needed = 3
                case 0xF0...0xF4: needed = 4
                default: return 0
                }
                if length >= needed { return 0 }
                return length == 1 || allows(lead, second: bytes[bytes.count - length + 1]) ? length : 0
            }
            length += 1
        }
        return 0
    }

    /// Whether a continuation byte may follow a lead byte: the ranges that exclude over-long forms and values above
    /// U+10FFFF. A surrogate (ED, then A0 or above) is kept until its third byte, as Python's incremental decoder
    /// does, so that its three U+FFFD come in one piece.
    private static func allows(_ lead: UInt8, second: UInt8) -> Bool {
        switch lead {
        case 0xE0: second >= 0xA0
        case 0xF0: second >= 0x90
        case 0xF4: second < 0x90
        default: true
        }
    }
}
