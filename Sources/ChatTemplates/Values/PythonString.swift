/// A string as Python has it: indexed and counted by code points, equal when the code points are equal.
///
/// Swift's `String` counts grapheme clusters and compares by canonical equivalence, neither of which a template may
/// see. The text is kept as UTF-8; where it is ASCII, code points are bytes and every index is constant time.
struct PythonString: Hashable, Sendable {
    /// Well-formed UTF-8.
    let utf8: [UInt8]
    /// Twice the number of code points, plus one for text that counts as escaped (`Markup`).
    private let countAndMark: Int

    init(utf8: [UInt8], count: Int, isMarkup: Bool = false) {
        self.utf8 = utf8
        countAndMark = count << 1 | (isMarkup ? 1 : 0)
    }

    /// These bytes, which must be UTF-8; the code points are counted.
    init(utf8: [UInt8], isMarkup: Bool = false) {
        self.init(utf8: utf8, count: Self.codePoints(in: utf8[...]), isMarkup: isMarkup)
    }

    init(utf8 slice: ArraySlice<UInt8>, isMarkup: Bool = false) {
        self.init(utf8: Array(slice), count: Self.codePoints(in: slice), isMarkup: isMarkup)
    }

    init(_ string: String) { self.init(utf8: Array(string.utf8)) }

    init(scalars: some Sequence<Unicode.Scalar>, isMarkup: Bool = false) {
        var bytes: [UInt8] = []
        var count = 0
        for scalar in scalars {
            bytes.append(scalar)
            count += 1
        }
        self.init(utf8: bytes, count: count, isMarkup: isMarkup)
    }

    static let empty = PythonString(utf8: [], count: 0)

    /// Number of code points.
    var count: Int { countAndMark >> 1 }
    var isMarkup: Bool { countAndMark & 1 == 1 }
    var isEmpty: Bool { utf8.isEmpty }
    var isASCII: Bool { utf8.count == count }

    /// The same text, marked or not.
    func marked(_ mark: Bool) -> PythonString {
        mark == isMarkup ? self : PythonString(utf8: utf8, count: count, isMarkup: mark)
    }

    var string: String { String(decoding: utf8, as: UTF8.self) }

    /// The code points, decoded.
    var scalars: String.UnicodeScalarView { string.unicodeScalars }

    static func == (left: PythonString, right: PythonString) -> Bool { left.utf8 == right.utf8 }
    func hash(into hasher: inout Hasher) { hasher.combine(utf8) }

    /// Order by code points, which for UTF-8 is the order by bytes.
    static func < (left: PythonString, right: PythonString) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    static func codePoints(in bytes: ArraySlice<UInt8>) -> Int {
        var count = 0
        for byte in bytes where byte & 0xC0 != 0x80 { count += 1 }
        return count
    }

    /// Byte offset of a code point, for 0...count.
    func byteOffset(of codePoint: Int) -> Int {
        if isASCII { return codePoint }
        var seen = 0
        for (offset, byte) in utf8.enumerated() where byte & 0xC0 != 0x80 {
            if seen == codePoint { return offset }
            seen += 1
        }
        return utf8.count
    }

    /// Code point index of a byte offset.
    func codePoint(ofByte offset: Int) -> Int {
        isASCII ? offset : Self.codePoints(in: utf8[..<offset])
    }

    /// The code points `start..<end`, both within 0...count.
    func slice(_ start: Int, _ end: Int) -> PythonString {
        guard start < end else { return PythonString(utf8: [], count: 0, isMarkup: isMarkup) }
        if start == 0, end == count { return self }
        let from = byteOffset(of: start)
        let to = isASCII ? end : (end == count ? utf8.count : byteOffset(of: end))
        return PythonString(utf8: Array(utf8[from..<to]), count: end - start, isMarkup: isMarkup)
    }

    /// Byte offset of the first place of `needle` at or behind `start`, by Knuth, Morris and Pratt: linear, whatever
    /// a hostile text repeats.
    func firstByte(of needle: PythonString, from start: Int = 0, failure: [Int32]? = nil) -> Int? {
        let pattern = needle.utf8
        guard let first = pattern.first else { return start <= utf8.count ? start : nil }
        guard utf8.count - start >= pattern.count else { return nil }
        if pattern.count == 1 { return utf8[start...].firstIndex(of: first) }
        let failure = failure ?? needle.failureTable()
        var matched = 0
        for offset in start..<utf8.count {
            while matched > 0, utf8[offset] != pattern[matched] { matched = Int(failure[matched - 1]) }
            if utf8[offset] == pattern[matched] { matched += 1 }
            if matched == pattern.count { return offset - matched + 1 }
        }
        return nil
    }

    /// For each prefix the length of its longest proper border.
    func failureTable() -> [Int32] {
        var table = [Int32](repeating: 0, count: utf8.count)
        var length = 0
        for index in utf8.indices.dropFirst() {
            while length > 0, utf8[index] != utf8[length] { length = Int(table[length - 1]) }
            if utf8[index] == utf8[length] { length += 1 }
            table[index] = Int32(length)
        }
        return table
    }

    /// Byte offsets of all places of a needle that is not empty, without overlap, from the left.
    func places(of needle: PythonString, limit: Int = .max) -> [Int] {
        guard !needle.isEmpty else { return [] }
        let failure = needle.utf8.count > 1 ? needle.failureTable() : nil
        var places: [Int] = []
        var from = 0
        while places.count < limit, let place = firstByte(of: needle, from: from, failure: failure) {
            places.append(place)
            from = place + needle.utf8.count
        }
        return places
    }

    func contains(_ needle: PythonString) -> Bool { firstByte(of: needle) != nil }

    func hasPrefix(_ prefix: PythonString) -> Bool { utf8.starts(with: prefix.utf8) }

    func hasSuffix(_ suffix: PythonString) -> Bool {
        utf8.count >= suffix.utf8.count && utf8[(utf8.count - suffix.utf8.count)...].elementsEqual(suffix.utf8)
    }

    static func + (left: PythonString, right: PythonString) -> PythonString {
        PythonString(
            utf8: left.utf8 + right.utf8, count: left.count + right.count,
            isMarkup: left.isMarkup && right.isMarkup)
    }
}

extension PythonString: ExpressibleByStringLiteral {
    init(stringLiteral value: StaticString) { self.init(value.description) }
}

extension [UInt8] {
    /// Adds a code point as UTF-8.
    mutating func append(_ scalar: Unicode.Scalar) {
        if scalar.value < 0x80 {
            append(UInt8(truncatingIfNeeded: scalar.value))
        } else {
            append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }
    }
}
