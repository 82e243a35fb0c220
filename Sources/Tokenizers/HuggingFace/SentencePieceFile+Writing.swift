internal import FoundationEssentials

extension SentencePieceFile {
    /// A `tokenizer.model` of a tokenizer's pieces, scores and types; programs that know only such files read it, and
    /// it keeps what `tokenizer.json` has no place for.
    static func data(_ tokenizer: Tokenizer) -> Data {
        let definition = tokenizer.definition
        var file = ProtocolBufferWriter()
        var count = definition.tokens.count
        while count > 0 && definition.isFiller(count - 1) { count -= 1 }
        for id in 0..<count {
            var type = tokenizer.writtenType(of: id)
            let text = definition.tokens[id]
            // SentencePiece wants exactly one unknown piece; some converters mark fillers so.
            if id == tokenizer.unknownID { type = .unknown } else if type == .unknown { type = .control }
            var piece = ProtocolBufferWriter()
            // Ids are places, so a token without text must have one.
            piece.field(1, text.isEmpty ? "[PAD\(id)]" : type == .userDefined ? escaped(text) : text)
            piece.field(2, definition.scores.isEmpty ? 0 : definition.scores[id])
            piece.field(3, Int(text.isEmpty ? TokenType.unused.rawValue : type.rawValue))
            file.field(1, piece)
        }
        var trainer = ProtocolBufferWriter()
        trainer.field(3, 2)
        trainer.field(4, count)
        trainer.field(35, 1)
        let roles = [tokenizer.unknownID, tokenizer.bosID, tokenizer.eosID, tokenizer.paddingID]
        for (index, id) in roles.enumerated() { trainer.field(40 + index, id ?? -1) }
        file.field(2, trainer)
        var normalizer = ProtocolBufferWriter()
        normalizer.field(1, "identity")
        normalizer.field(3, tokenizer.addsSpacePrefix ? 1 : 0)
        normalizer.field(4, definition.removeExtraWhitespaces == true ? 1 : 0)
        file.field(3, normalizer)
        return Data(file.bytes)
    }

    /// SentencePiece searches user-defined texts after spaces became `▁`.
    private static func escaped(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == " " ? "\u{2581}" : $0 }))
    }
}

/// Writes the fields of a protocol buffer message one after the other.
struct ProtocolBufferWriter {
    private(set) var bytes: [UInt8] = []

    /// A number; a negative one takes ten bytes.
    mutating func field(_ number: Int, _ value: Int) {
        varint(UInt64(number << 3))
        varint(UInt64(bitPattern: Int64(value)))
    }

    /// A 32-bit floating-point number.
    mutating func field(_ number: Int, _ value: Float) {
        varint(UInt64(number << 3 | 5))
        for shift: UInt32 in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift)) }
    }

    /// A text.
    mutating func field(_ number: Int, _ text: String) {
        field(number, bytes: Array(text.utf8))
    }

    /// A message within this one.
    mutating func field(_ number: Int, _ message: ProtocolBufferWriter) {
        field(number, bytes: message.bytes)
    }

    private mutating func field(_ number: Int, bytes content: [UInt8]) {
        varint(UInt64(number << 3 | 2))
        varint(UInt64(content.count))
        bytes.append(contentsOf: content)
    }

    private mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}
