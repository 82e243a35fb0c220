internal import FoundationEssentials

/// The content of a SentencePiece `tokenizer.model`, a protocol buffer.
///
/// Message ModelProto: 1 pieces (repeated: 1 text, 2 score f32, 3 type), 2 trainer (3 model type: 1 unigram, 2 BPE;
/// 40, 41, 42, 43 ids of unknown, BOS, EOS, padding), 3 normaliser (1 name, 2 character map, 3 dummy prefix, 4 remove
/// extra white space). Every length is checked against what is left before anything is taken; unknown fields are
/// skipped. Wire format: <https://protobuf.dev/programming-guides/encoding/>.
struct SentencePieceFile: Sendable {
    /// A token with its score and type.
    struct Piece: Sendable {
        var text: String
        var score: Float
        var type: TokenType
    }

    private(set) var pieces: [Piece] = []
    /// 1 unigram, 2 BPE, 3 word, 4 character.
    private(set) var modelType = 1
    private(set) var unknownID = 0
    private(set) var bosID = 1
    private(set) var eosID = 2
    private(set) var paddingID = -1
    private(set) var normalizerName = ""
    private(set) var hasCharacterMap = false
    private(set) var addsDummyPrefix = true
    private(set) var removesExtraWhitespaces = true

    /// Reads a file.
    init(_ data: Data) throws(TokenizerError) {
        var message = ProtocolBufferReader([UInt8](data))
        while let field = try message.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let start, let end)):
                if pieces.count >= Vocabulary.maximumTokens {
                    throw .tooManyTokens(count: pieces.count + 1, limit: Vocabulary.maximumTokens)
                }
                pieces.append(try Self.piece(message.part(start, end)))
            case (2, .bytes(let start, let end)): try readTrainer(message.part(start, end))
            case (3, .bytes(let start, let end)): try readNormalizer(message.part(start, end))
            default: break
            }
        }
    }

    private static func piece(_ reader: ProtocolBufferReader) throws(TokenizerError) -> Piece {
        var reader = reader
        var piece = Piece(text: "", score: 0, type: .normal)
        while let field = try reader.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let start, let end)): piece.text = try reader.text(start, end)
            case (2, .fixed32(let bits)): piece.score = Float(bitPattern: bits)
            case (3, .varint(let value)): piece.type = TokenType(fileValue: Int32(truncatingIfNeeded: value))
            default: break
            }
        }
        return piece
    }

    private mutating func readTrainer(_ reader: ProtocolBufferReader) throws(TokenizerError) {
        var reader = reader
        while let field = try reader.next() {
            guard case .varint(let raw) = field.value else { continue }
            let value = Int(Int32(truncatingIfNeeded: raw))
            switch field.number {
            case 3: modelType = value
            case 40: unknownID = value
            case 41: bosID = value
            case 42: eosID = value
            case 43: paddingID = value
            default: break
            }
        }
    }

    private mutating func readNormalizer(_ reader: ProtocolBufferReader) throws(TokenizerError) {
        var reader = reader
        while let field = try reader.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let start, let end)): normalizerName = try reader.text(start, end)
            case (2, .bytes(let start, let end)): hasCharacterMap = end > start
            case (3, .varint(let value)): addsDummyPrefix = value != 0
            case (4, .varint(let value)): removesExtraWhitespaces = value != 0
            default: break
            }
        }
    }
}

/// Reads the fields of a protocol buffer message one after the other.
struct ProtocolBufferReader {
    enum Value {
        case varint(UInt64)
        case fixed32(UInt32)
        case fixed64
        /// Start and end of the content in the file.
        case bytes(Int, Int)
    }

    private let bytes: [UInt8]
    private var place: Int
    private let end: Int

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        place = 0
        end = bytes.count
    }

    private init(_ bytes: [UInt8], _ start: Int, _ end: Int) {
        self.bytes = bytes
        place = start
        self.end = end
    }

    /// A reader of a message within this one.
    func part(_ start: Int, _ end: Int) -> ProtocolBufferReader {
        ProtocolBufferReader(bytes, start, end)
    }

    /// A text within this message.
    func text(_ start: Int, _ end: Int) throws(TokenizerError) -> String {
        guard let text = String(validating: bytes[start..<end], as: UTF8.self) else {
            throw .malformedSentencePiece(offset: start, reason: "a text that is not valid UTF-8")
        }
        return text
    }

    /// The next field, nil at the end.
    mutating func next() throws(TokenizerError) -> (number: Int, value: Value)? {
        if place >= end { return nil }
        let start = place
        let tag = try varint()
        guard tag >> 3 > 0, tag >> 3 < 1 << 29 else {
            throw .malformedSentencePiece(offset: start, reason: "field number \(tag >> 3)")
        }
        let number = Int(tag >> 3)
        switch tag & 7 {
        case 0: return (number, .varint(try varint()))
        case 1:
            try skip(8)
            return (number, .fixed64)
        case 2:
            let length = try varint()
            guard length <= UInt64(end - place) else {
                throw .malformedSentencePiece(
                    offset: place, reason: "a field of \(length) bytes where \(end - place) are left")
            }
            let from = place
            place += Int(length)
            return (number, .bytes(from, place))
        case 5:
            let from = place
            try skip(4)
            var bits: UInt32 = 0
            for index in 0..<4 { bits |= UInt32(bytes[from + index]) << UInt32(index * 8) }
            return (number, .fixed32(bits))
        default:
            throw .malformedSentencePiece(offset: start, reason: "wire type \(tag & 7)")
        }
    }

    private mutating func skip(_ count: Int) throws(TokenizerError) {
        guard count <= end - place else {
            throw .malformedSentencePiece(offset: place, reason: "the file ends within a field")
        }
        place += count
    }

    private mutating func varint() throws(TokenizerError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 64 {
            guard place < end else {
                throw .malformedSentencePiece(offset: place, reason: "the file ends within a number")
            }
            let byte = bytes[place]
            place += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw .malformedSentencePiece(offset: place, reason: "a number of more than ten bytes")
    }
}
