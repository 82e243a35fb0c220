/// Gathers what SentencePiece merging looks up: symbols of code points, neighbours, merges.
struct PieceTables {
    private(set) var neighbours: PairTable
    private(set) var merges: PairTable
    /// Start in `symbols` of each page of 256 code points; page 0 of `symbols` is the empty page.
    private(set) var pages = [Int32](repeating: 0, count: 0x1100)
    private(set) var symbols = [UInt32](repeating: .max, count: 256)

    init(count: Int) {
        neighbours = PairTable(capacity: count)
        merges = PairTable(capacity: count * 3)
    }

    /// Adds a piece: its code points, and each way to cut it into two symbols.
    ///
    /// `table` must hold all pieces already. A part of a piece is a symbol when it is a piece or one code point.
    mutating func add(_ piece: [UInt8], _ id: Int, _ rank: UInt32, _ table: inout SymbolTable) {
        // Prefix hashes and powers of the base: the hash of each suffix follows without reading it again.
        let base = table.index.base
        var prefix: [UInt64] = [0]
        for byte in piece { prefix.append(BytesIndex.hash(prefix[prefix.count - 1], appending: byte, base)) }
        var cuts: [Int] = []
        var last: UInt32?
        var place = 0
        while place < piece.count {
            let (scalar, length) = UTF8Scalar.decode(piece, place)
            let symbol = symbol(for: scalar, piece, place, place + length, &table)
            if let last { neighbours.insertIfAbsent(last, symbol, 0) }
            last = symbol
            if place > 0 { cuts.append(place) }
            place += length
        }
        var power: UInt64 = 1
        var suffixStart = piece.count
        for cut in cuts.reversed() {
            while suffixStart > cut {
                power = power &* base
                suffixStart -= 1
            }
            guard let left = table.index.find(piece, 0, cut, hash: prefix[cut]) else { continue }
            let suffix = prefix[piece.count] &- prefix[cut] &* power
            guard let right = table.index.find(piece, cut, piece.count, hash: suffix) else { continue }
            merges.insertIfAbsent(left, right, UInt64(rank) << 32 | UInt64(id))
        }
    }

    private mutating func symbol(
        for scalar: UInt32, _ bytes: [UInt8], _ start: Int, _ end: Int, _ table: inout SymbolTable
    ) -> UInt32 {
        let page = Int(scalar >> 8)
        if pages[page] == 0 {
            pages[page] = Int32(symbols.count)
            symbols.append(contentsOf: [UInt32](repeating: .max, count: 256))
        }
        let slot = Int(pages[page]) + Int(scalar & 0xFF)
        if symbols[slot] == .max { symbols[slot] = table.symbol(for: bytes, start, end) }
        return symbols[slot]
    }
}

/// Decoding of one scalar of well-formed UTF-8.
enum UTF8Scalar {
    /// Value and length in bytes of the scalar that begins at a place.
    @inline(__always)
    static func decode(_ text: [UInt8], _ place: Int) -> (value: UInt32, length: Int) {
        let first = UInt32(text[place])
        if first < 0x80 { return (first, 1) }
        let second = UInt32(text[place + 1] & 0x3F)
        if first < 0xE0 { return ((first & 0x1F) << 6 | second, 2) }
        let third = UInt32(text[place + 2] & 0x3F)
        if first < 0xF0 { return ((first & 0x0F) << 12 | second << 6 | third, 3) }
        return ((first & 7) << 18 | second << 12 | third << 6 | UInt32(text[place + 3] & 0x3F), 4)
    }
}
