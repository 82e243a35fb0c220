/// SentencePiece's precompiled normalisation (`precompiled_charsmap`): which sequences of characters become which
/// others.
///
/// The bytes are the size of a double array (u32, little-endian), the array (u32 units), then replacements, each ended
/// by NUL. The array is a trie over UTF-8 as the library Darts-clone writes it: a unit holds the byte that leads to it
/// (bits 0–7, with bit 31 clear), whether a value belongs to it (bit 8), and the offset to its children (bits 10–30,
/// shifted by 8 more where bit 9 is set). The child for a byte lies at the unit's place xor offset xor byte, the value
/// at place xor offset: bit 31 set, the rest the start of a replacement.
///
/// All units and replacements are checked when a map is made, so that no lookup leaves the arrays and no replacement
/// breaks UTF-8 or grows without bound.
struct CharacterMap: Sendable {
    /// A sequence that is replaced.
    struct Match {
        /// Its length in the text, in bytes.
        var length: Int
        /// Where its replacement lies in `replacements`.
        var start: Int
        var end: Int
    }

    /// More bytes are refused; published maps have below 1 MB.
    static let maximumBytes = 16 << 20
    /// Longer replacements are refused; the longest of Unicode's compatibility forms (U+FDFA) has 33 bytes.
    static let maximumReplacement = 256
    /// No sequence is longer; this bounds the steps at each place of a text, whatever a hostile array holds.
    static let longestSequence = 64

    private let units: [UInt32]
    /// All replacements, each ended by NUL.
    let replacements: [UInt8]
    /// Whether some sequence begins with a byte.
    private let begins: [Bool]

    /// Checks and takes the bytes of a map. Cost: linear in their number.
    init(_ bytes: [UInt8]) throws(TokenizerError) {
        guard bytes.count >= 8, bytes.count <= Self.maximumBytes else {
            throw .malformedCharacterMap(
                offset: 0, reason: "\(bytes.count) bytes, where 8 to \(Self.maximumBytes) are expected")
        }
        let size = Int(Self.word(bytes, 0))
        guard size >= 4, size % 4 == 0, size <= bytes.count - 4 else {
            throw .malformedCharacterMap(
                offset: 0, reason: "an array of \(size) bytes in a map of \(bytes.count); it must be a multiple of 4")
        }
        let units = (0..<size / 4).map { Self.word(bytes, 4 + $0 * 4) }
        let replacements = Array(bytes[(4 + size)...])
        let wholeUpTo = try Self.checkedReplacements(replacements, at: 4 + size)
        for place in units.indices where units[place] >> 31 == 0 {
            let children = place ^ Self.offset(units[place])
            guard children < units.count else {
                throw .malformedCharacterMap(
                    offset: 4 + place * 4, reason: "unit \(place) leads to \(children) of \(units.count)")
            }
            guard Self.hasValue(units[place]) else { continue }
            let value = Int(units[children] & 0x7FFF_FFFF)
            guard units[children] >> 31 == 1, value < wholeUpTo, replacements[value] & 0xC0 != 0x80 else {
                throw .malformedCharacterMap(
                    offset: 4 + children * 4, reason: "the replacement at \(value) is none of \(wholeUpTo) bytes")
            }
        }
        self.units = units
        self.replacements = replacements
        let base = Self.offset(units[0])
        begins = (0..<256).map { byte in
            let child = base ^ byte
            return byte > 0 && child < units.count && units[child] & 0x8000_00FF == UInt32(byte)
        }
    }

    /// The number of bytes up to the last NUL; all before it must be UTF-8 in parts of bounded length.
    private static func checkedReplacements(_ text: [UInt8], at offset: Int) throws(TokenizerError) -> Int {
        guard let last = text.lastIndex(of: 0) else { return 0 }
        guard String(validating: text[...last], as: UTF8.self) != nil else {
            throw .malformedCharacterMap(offset: offset, reason: "replacements that are not valid UTF-8")
        }
        var start = 0
        for place in 0...last where text[place] == 0 {
            if place - start > maximumReplacement {
                throw .malformedCharacterMap(
                    offset: offset + start,
                    reason: "a replacement of \(place - start) bytes, more than \(maximumReplacement)")
            }
            start = place + 1
        }
        return last + 1
    }

    /// The longest sequence that begins at a place of well-formed UTF-8, nil when none does.
    @inline(__always)
    func longestMatch(_ text: [UInt8], _ start: Int, _ end: Int) -> Match? {
        guard begins[Int(text[start])] else { return nil }
        return walk(text, start, min(end, start + Self.longestSequence), end)
    }

    private func walk(_ text: [UInt8], _ start: Int, _ limit: Int, _ end: Int) -> Match? {
        var node = Self.offset(units[0])
        var found: (value: Int, length: Int)?
        var place = start
        while place < limit {
            let byte = text[place]
            node ^= Int(byte)
            guard byte != 0, node < units.count, units[node] & 0x8000_00FF == UInt32(byte) else { break }
            place += 1
            let unit = units[node]
            node ^= Self.offset(unit)
            // A hostile array may hold parts of characters; they are no sequences.
            if Self.hasValue(unit) && (place == end || text[place] & 0xC0 != 0x80) {
                found = (Int(units[node] & 0x7FFF_FFFF), place - start)
            }
        }
        guard let found else { return nil }
        var stop = found.value
        while replacements[stop] != 0 { stop += 1 }
        return Match(length: found.length, start: found.value, end: stop)
    }

    private static func offset(_ unit: UInt32) -> Int {
        Int((unit >> 10) << ((unit & 0x200) >> 6))
    }

    private static func hasValue(_ unit: UInt32) -> Bool {
        unit >> 8 & 1 == 1
    }

    private static func word(_ bytes: [UInt8], _ place: Int) -> UInt32 {
        UInt32(bytes[place]) | UInt32(bytes[place + 1]) << 8 | UInt32(bytes[place + 2]) << 16
            | UInt32(bytes[place + 3]) << 24
    }
}
