/// A strict reader of JSON (RFC 8259) for files that strangers wrote.
///
/// Own, because Foundation's reader takes the last of two equal names silently: two programs may then see two
/// different shapes in one safetensors header. Depth is bounded, so nesting cannot exhaust the stack; the work is
/// linear in the size of the text.
struct JSONReader {
    /// Deepest nesting of arrays and objects.
    static let maximumDepth = 64
    /// Longest number in bytes.
    static let longestNumber = 400

    private let bytes: [UInt8]
    private var position = 0

    /// The value that is the whole text (spaces around it are allowed, also a UTF-8 byte order mark in front).
    static func value(of bytes: [UInt8]) throws(JSONError) -> JSONValue {
        var reader = JSONReader(bytes: bytes)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { reader.position = 3 }
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        guard reader.position == bytes.count else { throw .trailingBytes(offset: reader.position) }
        return value
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func expect(_ byte: UInt8, _ what: String) throws(JSONError) {
        guard let actual = next else { throw .unexpectedEnd(offset: position, expected: what) }
        guard actual == byte else { throw .unexpectedByte(offset: position, expected: what, actual: actual) }
        position += 1
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
        skipSpace()
        guard let first = next else { throw .unexpectedEnd(offset: position, expected: "a value") }
        switch first {
        case UInt8(ascii: "{"): return try object(depth: depth + 1)
        case UInt8(ascii: "["): return try array(depth: depth + 1)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        default: throw .unexpectedByte(offset: position, expected: "a value", actual: first)
        }
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        for byte in text.description.utf8 { try expect(byte, text.description) }
        return value
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= Self.maximumDepth else { throw .tooDeep(offset: position, limit: Self.maximumDepth) }
        position += 1
        var members: [String: JSONValue] = [:]
        skipSpace()
        if next == UInt8(ascii: "}") {
            position += 1
            return .object(members)
        }
        while true {
            skipSpace()
            let start = position
            let name = try string()
            skipSpace()
            try expect(UInt8(ascii: ":"), "\":\"")
            let value = try value(depth: depth)
            guard members.updateValue(value, forKey: name) == nil else {
                throw .duplicateName(offset: start, name: name)
            }
            skipSpace()
            if next == UInt8(ascii: ",") {
                position += 1
            } else {
                try expect(UInt8(ascii: "}"), "\",\" or \"}\"")
                return .object(members)
            }
        }
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
        guard depth <= Self.maximumDepth else { throw .tooDeep(offset: position, limit: Self.maximumDepth) }
        position += 1
        var elements: [JSONValue] = []
        skipSpace()
        if next == UInt8(ascii: "]") {
            position += 1
            return .array(elements)
        }
        while true {
            elements.append(try value(depth: depth))
            skipSpace()
            if next == UInt8(ascii: ",") {
                position += 1
            } else {
                try expect(UInt8(ascii: "]"), "\",\" or \"]\"")
                return .array(elements)
            }
        }
    }

    /// `-`? (`0` | digits without leading zero) (`.` digits)? (`e` sign? digits)?
    private mutating func number() throws(JSONError) -> JSONValue {
        let start = position
        var whole = true
        var valid = true
        if next == UInt8(ascii: "-") { position += 1 }
        let leadingZero = next == UInt8(ascii: "0")
        let count = skipDigits()
        valid = count == 1 || (count > 1 && !leadingZero)
        if next == UInt8(ascii: ".") {
            position += 1
            whole = false
            valid = skipDigits() > 0 && valid
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            position += 1
            whole = false
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            valid = skipDigits() > 0 && valid
        }
        // Longer than any number that a program writes: its conversion would only cost time.
        valid = valid && position - start <= Self.longestNumber
        let text = String(decoding: bytes[start..<min(position, start + Self.longestNumber)], as: UTF8.self)
        guard valid else { throw .badNumber(offset: start, text: String(text.prefix(40))) }
        if whole, let value = Int(text) { return .integer(value) }
        guard let value = Double(text), value.isFinite else { throw .badNumber(offset: start, text: text) }
        return .number(value)
    }

    private mutating func skipDigits() -> Int {
        let start = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        return position - start
    }

    private mutating func string() throws(JSONError) -> String {
        let start = position
        try expect(UInt8(ascii: "\""), "a string")
        var plain = true
        var scan = position
        while scan < bytes.count, bytes[scan] != UInt8(ascii: "\"") {
            guard bytes[scan] >= 0x20 else {
                throw .unexpectedByte(offset: scan, expected: "no control character in a string", actual: bytes[scan])
            }
            if bytes[scan] == UInt8(ascii: "\\") {
                plain = false
                scan += 1
            }
            scan += 1
        }
        guard scan < bytes.count else { throw .unexpectedEnd(offset: bytes.count, expected: "the end of a string") }
        let content = bytes[position..<scan]
        position = scan + 1
        guard plain else { return try unescape(content, at: start) }
        guard let text = String(validating: content, as: UTF8.self) else { throw .badString(offset: start) }
        return text
    }

    /// Replaces the escapes; `content` has no byte below 0x20 and every backslash has a byte after it.
    private func unescape(_ content: ArraySlice<UInt8>, at start: Int) throws(JSONError) -> String {
        var units: [UInt8] = []
        units.reserveCapacity(content.count)
        var rest = content
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                units.append(byte)
                continue
            }
            guard let escape = rest.popFirst() else { throw .badString(offset: start) }
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): units.append(escape)
            case UInt8(ascii: "b"): units.append(0x08)
            case UInt8(ascii: "f"): units.append(0x0C)
            case UInt8(ascii: "n"): units.append(0x0A)
            case UInt8(ascii: "r"): units.append(0x0D)
            case UInt8(ascii: "t"): units.append(0x09)
            case UInt8(ascii: "u"):
                let scalar = try unicodeEscape(&rest, at: start)
                units.append(contentsOf: String(Character(scalar)).utf8)
            default:
                throw .unexpectedByte(offset: rest.startIndex - 1, expected: "an escape", actual: escape)
            }
        }
        guard let text = String(validating: units, as: UTF8.self) else { throw .badString(offset: start) }
        return text
    }

    private func unicodeEscape(_ rest: inout ArraySlice<UInt8>, at start: Int) throws(JSONError) -> Unicode.Scalar {
        let first = try fourHexDigits(&rest, at: start)
        if (0xD800..<0xDC00).contains(first) {
            guard rest.popFirst() == UInt8(ascii: "\\"), rest.popFirst() == UInt8(ascii: "u") else {
                throw .badString(offset: start)
            }
            let second = try fourHexDigits(&rest, at: start)
            guard (0xDC00..<0xE000).contains(second),
                let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
            else { throw .badString(offset: start) }
            return scalar
        }
        guard let scalar = Unicode.Scalar(first) else { throw .badString(offset: start) }
        return scalar
    }

    private func fourHexDigits(_ rest: inout ArraySlice<UInt8>, at start: Int) throws(JSONError) -> UInt32 {
        let digits = String(decoding: rest.prefix(4), as: UTF8.self)
        guard rest.count >= 4, digits.utf8.count == 4, digits.allSatisfy(\.isHexDigit),
            let value = UInt32(digits, radix: 16)
        else { throw .badString(offset: start) }
        rest = rest.dropFirst(4)
        return value
    }
}
