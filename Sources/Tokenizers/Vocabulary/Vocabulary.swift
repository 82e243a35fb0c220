/// The tokens of a definition after all checks: texts, effective types, and the bytes that each token decodes to.
struct Vocabulary: Sendable {
    /// More tokens than this are refused; the largest published vocabularies have about 262 000.
    static let maximumTokens = 1 << 22
    /// Longer token texts are refused; the longest published ones are runs of a few hundred spaces.
    static let maximumTextBytes = 4096
    /// Longer texts of control and user-defined tokens and of SentencePiece pieces are refused: these bound the work
    /// per place of a text and per piece.
    static let maximumPieceBytes = 1024
    /// More bytes of control and user-defined texts in all are refused; published vocabularies have below 100 kB.
    static let maximumSpecialBytes = 4 << 20

    /// Types after the corrections of `KnownControlTexts`.
    let types: [TokenType]
    /// What was odd but could be dealt with.
    private(set) var warnings: [String] = []
    private let texts: BytesIndex
    private let content: [UInt8]
    /// `content[offsets[i]..<offsets[i + 1]]` are the bytes of token i.
    private let offsets: [Int]

    /// The number of tokens.
    var count: Int { types.count }

    /// Checks a definition's tokens. Cost: linear in the size of the vocabulary.
    init(_ definition: TokenizerDefinition) throws(TokenizerError) {
        let count = definition.tokens.count
        if count == 0 { throw .emptyVocabulary }
        if count > Self.maximumTokens { throw .tooManyTokens(count: count, limit: Self.maximumTokens) }
        if !definition.types.isEmpty && definition.types.count < count {
            throw .arrayTooShort(name: "token_type", expected: count, actual: definition.types.count)
        }
        if !definition.scores.isEmpty && definition.scores.count < count {
            throw .arrayTooShort(name: "scores", expected: count, actual: definition.scores.count)
        }
        var texts = BytesIndex(capacity: count)
        var empty = 0
        for (id, token) in definition.tokens.enumerated() {
            if token.utf8.count > Self.maximumTextBytes {
                throw .tokenTooLong(id: id, bytes: token.utf8.count, limit: Self.maximumTextBytes)
            }
            if token.isEmpty {
                empty += 1
            } else if !texts.insert(token, symbol: UInt32(id)) {
                throw .duplicateToken(text: token, first: Int(texts.find(token) ?? 0), second: id)
            }
        }
        let types = Self.effectiveTypes(definition, texts)
        try Self.checkLengths(definition, types)
        var content: [UInt8] = []
        var offsets = [0]
        offsets.reserveCapacity(count + 1)
        for id in 0..<count {
            content.append(contentsOf: try Self.bytes(of: id, definition.tokens[id], types[id], definition.model))
            offsets.append(content.count)
        }
        self.types = types
        self.texts = texts
        self.content = content
        self.offsets = offsets
        warnings = empty > 0 ? ["\(empty) tokens have no text; they are kept without one."] : []
    }

    /// The id of the token with exactly this text.
    func id(of text: String) -> Int? {
        texts.find(text).map { Int($0) }
    }

    /// The bytes that a token decodes to. The id must be in the vocabulary.
    func bytes(of id: Int) -> ArraySlice<UInt8> {
        content[offsets[id]..<offsets[id + 1]]
    }

    /// The file's types with the texts of `KnownControlTexts` made control, and missing types filled in.
    private static func effectiveTypes(_ definition: TokenizerDefinition, _ texts: BytesIndex) -> [TokenType] {
        let count = definition.tokens.count
        var types = Array(definition.types.prefix(count))
        if types.isEmpty {
            types = [TokenType](repeating: .normal, count: count)
            guessTypes(definition, &types)
        }
        for text in KnownControlTexts.all {
            if let id = texts.find(text) { types[Int(id)] = .control }
        }
        return types
    }

    /// Types for a file without any: byte tokens by their text, roles by the ids that the file or the defaults name.
    private static func guessTypes(_ definition: TokenizerDefinition, _ types: inout [TokenType]) {
        var roles = [definition.bosID, definition.eosID, definition.eotID, definition.eomID].compactMap { $0 }
        let defaults = SpecialIDs.Defaults(definition.model, count: definition.tokens.count)
        if definition.model != .bytePairEncoding {
            let hasBytes = definition.model.hasScores
            for (id, text) in definition.tokens.enumerated() where hasBytes && byteToken(text) != nil {
                types[id] = .byte
            }
            if definition.bosID == nil, let bos = defaults.bos { roles.append(bos) }
            if definition.eosID == nil, let eos = defaults.eos { roles.append(eos) }
            if let unknown = definition.unknownID ?? defaults.unknown, types.indices.contains(unknown),
                types[unknown] == .normal
            {
                types[unknown] = .unknown
            }
        }
        for id in roles where types.indices.contains(id) && types[id] == .normal { types[id] = .control }
    }

    /// Refuses texts so long that searching or merging them would take too long or too much memory.
    private static func checkLengths(_ definition: TokenizerDefinition, _ types: [TokenType]) throws(TokenizerError) {
        var specialBytes = 0
        for (id, type) in types.enumerated() {
            let length = definition.tokens[id].utf8.count
            let isSpecial = type == .control || type == .unknown || type == .userDefined
            if length > maximumPieceBytes && (isSpecial || definition.model != .bytePairEncoding) {
                throw .tokenTooLong(id: id, bytes: length, limit: maximumPieceBytes)
            }
            if isSpecial { specialBytes += length }
        }
        if specialBytes > maximumSpecialBytes {
            throw .specialTextsTooLong(bytes: specialBytes, limit: maximumSpecialBytes)
        }
    }

    /// What a token decodes to.
    private static func bytes(
        of id: Int, _ text: String, _ type: TokenType, _ model: TokenizerDefinition.Model
    ) throws(TokenizerError) -> [UInt8] {
        switch (type, model) {
        case (.byte, _):
            guard let byte = byteToken(text) else { throw .malformedByteToken(id: id, text: text) }
            return [byte]
        case (.unused, .bytePairEncoding): return []
        case (.normal, .bytePairEncoding):
            let written = Array(text.utf8)
            var bytes: [UInt8] = []
            return ByteAlphabet.shared.decode(written, 0, written.count, into: &bytes) ? bytes : written
        case (.normal, .sentencePiece), (.normal, .unigram): return spaced(text)
        case (.normal, .wordPiece), (.unused, .wordPiece):
            let begins = text.utf8.starts(with: "▁".utf8)
            if begins { return [0x20] + Array(text.utf8.dropFirst(3)) }
            return (WordPieceJSON.isBracketed(text) ? [0x20] : []) + Array(text.utf8)
        case (_, .wordPiece): return [0x20] + Array(text.utf8)
        default: return Array(text.utf8)
        }
    }

    /// The text's bytes with each `▁` (U+2581, E2 96 81) made a space.
    private static func spaced(_ text: String) -> [UInt8] {
        var result: [UInt8] = []
        for byte in text.utf8 {
            result.append(byte)
            if byte == 0x81 && result.suffix(3).elementsEqual([0xE2, 0x96, 0x81]) {
                result.removeLast(3)
                result.append(0x20)
            }
        }
        return result
    }

    /// The byte of a text `<0xHH>` with exactly two hex digits.
    static func byteToken(_ text: String) -> UInt8? {
        let bytes = Array(text.utf8)
        guard bytes.count == 6, bytes.starts(with: Array("<0x".utf8)), bytes[5] == UInt8(ascii: ">"),
            let high = hexDigit(bytes[3]), let low = hexDigit(bytes[4])
        else { return nil }
        return high << 4 | low
    }

    private static func hexDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
