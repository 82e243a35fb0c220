/// SentencePiece BPE: code points are merged by the score of the piece that results, best first.
///
/// There are no words; but a text can be cut exactly wherever no piece holds the two neighbouring code points side by
/// side, since no merge can cross such a place. The parts are short, and the same ones come again, so they are
/// remembered like words.
struct SentencePieceModel: Sendable {
    private let tokenCount: UInt32
    /// The symbol for each code point, by pages of 256; `none` where it is in no piece.
    private let scalarPages: [Int32]
    private let scalarSymbols: [UInt32]
    /// Pairs of code points (as symbols) that stand side by side in some piece.
    private let neighbours: PairTable
    /// Value: rank of the score « 32 | piece.
    private let merges: PairTable
    /// The token of each byte; −1 when it has none.
    private let byteTokens: [Int]
    private let unknownID: Int?
    /// UTF-8 of each symbol from `tokenCount` on (code points that stand in pieces but are none).
    private let extra: [[UInt8]]

    private static let none = UInt32.max

    /// Builds the tables. Cost: linear in the number of bytes of all pieces.
    init(
        _ definition: TokenizerDefinition, _ vocabulary: Vocabulary, unknownID: Int?
    ) throws(TokenizerError) {
        let count = vocabulary.count
        var symbols = SymbolTable(tokenCount: count, capacity: count + 1024)
        var byteTokens = [Int](repeating: -1, count: 256)
        var pieces: [Int] = []
        for id in 0..<count {
            switch vocabulary.types[id] {
            case .normal, .userDefined, .unused:
                if definition.tokens[id].isEmpty { continue }
                symbols.index.insert(definition.tokens[id], symbol: UInt32(id))
                pieces.append(id)
            case .byte:
                // Upper-case digits win; the bytes of a token's text were checked by the vocabulary.
                if let byte = vocabulary.bytes(of: id).first, byteTokens[Int(byte)] < 0 { byteTokens[Int(byte)] = id }
            case .control, .unknown: break
            }
        }
        let ranks = try Self.ranks(definition.scores, pieces, count)
        var tables = PieceTables(count: pieces.count)
        for id in pieces { tables.add(Array(definition.tokens[id].utf8), id, ranks[id], &symbols) }
        tokenCount = UInt32(count)
        neighbours = tables.neighbours
        merges = tables.merges
        scalarPages = tables.pages
        scalarSymbols = tables.symbols
        extra = symbols.extra
        self.byteTokens = byteTokens
        self.unknownID = unknownID
    }

    /// All ways to make a piece of two pieces, best score first; those of one score by the ids of their parts.
    ///
    /// Cost: n log n in their number.
    func mergeRules() -> [(left: Int, right: Int)] {
        let rules = merges.entries().filter { $0.left < tokenCount && $0.right < tokenCount }
        return rules.sorted { ($0.value, $0.left, $0.right) < ($1.value, $1.left, $1.right) }
            .map { (Int($0.left), Int($0.right)) }
    }

    /// Dense ranks of the pieces' scores: the highest score has rank 0, equal scores the same rank.
    private static func ranks(
        _ scores: [Float], _ pieces: [Int], _ count: Int
    ) throws(TokenizerError) -> [UInt32] {
        var result = [UInt32](repeating: 0, count: count)
        if scores.isEmpty { return result }
        for id in pieces where scores[id].isNaN { throw .invalidScore(id: id) }
        var rank: UInt32 = 0
        var last: Float?
        for id in pieces.sorted(by: { scores[$0] > scores[$1] }) {
            if let last, scores[id] < last { rank += 1 }
            last = scores[id]
            result[id] = rank
        }
        return result
    }

    /// Appends the ids of `text[start..<end]`, well-formed UTF-8, with a space put before it if asked.
    func encode(
        _ text: [UInt8], _ start: Int, _ end: Int, spacePrefix: Bool, _ scratch: inout EncodingScratch,
        into ids: inout [Int]
    ) {
        var place = start
        var pending = spacePrefix
        while place < end || pending {
            // One part: code points from `place` on as long as neighbours stand side by side in a piece.
            let partStart = place
            let prefixed = pending
            var last = Self.none
            if pending {
                last = spaceSymbol
                pending = false
                if last == Self.none { emitBytes(Self.space, 0, Self.space.count, into: &ids) }
            }
            while place < end {
                let (symbol, length) = scalarSymbol(text, place)
                if place > partStart || prefixed {
                    if last == Self.none || symbol == Self.none { break }
                    if neighbours.value(last, symbol) == PairTable.absent { break }
                }
                last = symbol
                place += length
            }
            encodePart(text, partStart, place, prefixed: prefixed, &scratch, into: &ids)
        }
    }

    private static let space: [UInt8] = [0xE2, 0x96, 0x81]
    private var spaceSymbol: UInt32 { scalarSymbol([0x20], 0).symbol }

    private func encodePart(
        _ text: [UInt8], _ start: Int, _ end: Int, prefixed: Bool, _ scratch: inout EncodingScratch,
        into ids: inout [Int]
    ) {
        // A prefixed part has a space that is not in the text; it comes once per call and is not remembered.
        if prefixed || end - start > WordCache.longestWord || end == start {
            mergePart(text, start, end, prefixed: prefixed, &scratch.merge, into: &ids)
            return
        }
        let key = WordCache.key(text, start, end)
        if scratch.cache.find(key, appendingTo: &ids) { return }
        let before = ids.count
        mergePart(text, start, end, prefixed: false, &scratch.merge, into: &ids)
        scratch.cache.remember(key, ids, from: before)
    }

    private func mergePart(
        _ text: [UInt8], _ start: Int, _ end: Int, prefixed: Bool, _ merge: inout MergeScratch, into ids: inout [Int]
    ) {
        merge.symbols.removeAll(keepingCapacity: true)
        if prefixed {
            let symbol = spaceSymbol
            if symbol != Self.none { merge.symbols.append(symbol) }
        }
        var place = start
        while place < end {
            let (symbol, length) = scalarSymbol(text, place)
            if symbol == Self.none {
                // A code point of no piece is a part of its own.
                if text[place] == 0x20 {
                    emitBytes(Self.space, 0, Self.space.count, into: &ids)
                } else {
                    emitBytes(text, place, place + length, into: &ids)
                }
            } else {
                merge.symbols.append(symbol)
            }
            place += length
        }
        merge.merge(merges)
        for symbol in merge.symbols {
            if symbol < tokenCount {
                ids.append(Int(symbol))
            } else {
                let bytes = extra[Int(symbol - tokenCount)]
                emitBytes(bytes, 0, bytes.count, into: &ids)
            }
        }
    }

    /// Byte tokens; where the vocabulary lacks one, the unknown token if there is one.
    private func emitBytes(_ bytes: [UInt8], _ start: Int, _ end: Int, into ids: inout [Int]) {
        for index in start..<end {
            let token = byteTokens[Int(bytes[index])]
            if token >= 0 { ids.append(token) } else if let unknownID { ids.append(unknownID) }
        }
    }

    /// The symbol of the code point at a place (a space is `▁`) and its length in the text.
    @inline(__always)
    private func scalarSymbol(_ text: [UInt8], _ place: Int) -> (symbol: UInt32, length: Int) {
        let (scalar, length) = UTF8Scalar.decode(text, place)
        let value = scalar == 0x20 ? 0x2581 : scalar
        return (scalarSymbols[Int(scalarPages[Int(value >> 8)]) + Int(value & 0xFF)], length)
    }
}
