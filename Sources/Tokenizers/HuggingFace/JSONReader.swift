internal import FoundationEssentials

/// Reads JSON (RFC 8259) with bounds: at most 64 MiB, 64 levels deep, strings of valid Unicode only.
struct JSONReader {
    /// Larger files are refused; the largest published tokenizer.json has 33 MB.
    static let maximumBytes = 64 << 20
    /// Deeper nesting is refused.
    static let maximumDepth = 64

    private let file: String
    private let bytes: [UInt8]
    private var place = 0

    /// The value of a whole file.
    static func value(of data: Data, file: String) throws(TokenizerError) -> JSONValue {
        if data.count > maximumBytes {
            throw .malformedJSON(
                file: file, offset: maximumBytes, reason: "the file has \(data.count) bytes, at most \(maximumBytes)")
        }
        var reader = JSONReader(file: file, bytes: [UInt8](data))
        reader.skipSpace()
        let value = try reader.value(depth: 0)
        reader.skipSpace()
        if reader.place < reader.bytes.count { throw reader.error("text after the end of the value") }
        return value
    }

    private init(file: String, bytes: [UInt8]) {
        self.file = file
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { place = 3 }
    }

    private func error(_ reason: String) -> TokenizerError {
        .malformedJSON(file: file, offset: place, reason: reason)
    }

    private mutating func skipSpace() {
        while place < bytes.count {
            switch bytes[place] {
            case 0x20, 0x09, 0x0A, 0x0D: place += 1
            default: return
            }
        }
    }

    private mutating func value(depth: Int) throws(TokenizerError) -> JSONValue {
        if depth > Self.maximumDepth { throw error("nested deeper than \(Self.maximumDepth) levels") }
        guard place < bytes.count else { throw error("the text ends where a value was expected") }
        switch bytes[place] {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: return try number()
        }
    }

    private mutating func literal(_ text: String, _ value: JSONValue) throws(TokenizerError) -> JSONValue {
        guard bytes[place...].starts(with: text.utf8) else { throw error("expected \(text)") }
        place += text.utf8.count
        return value
    }

    private mutating func object(depth: Int) throws(TokenizerError) -> JSONValue {
        var members: [JSONMember] = []
        place += 1
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipSpace()
            guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else { throw error("expected a name") }
            let name = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw error("expected a colon") }
            skipSpace()
            members.append(JSONMember(name: name, value: try value(depth: depth + 1)))
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw error("expected a comma or the end of the object") }
        }
    }

    private mutating func array(depth: Int) throws(TokenizerError) -> JSONValue {
        var elements: [JSONValue] = []
        place += 1
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        while true {
            skipSpace()
            elements.append(try value(depth: depth + 1))
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array(elements) }
            guard take(UInt8(ascii: ",")) else { throw error("expected a comma or the end of the array") }
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard place < bytes.count, bytes[place] == byte else { return false }
        place += 1
        return true
    }

    private mutating func number() throws(TokenizerError) -> JSONValue {
        var end = place
        while end < bytes.count, end - place < 64 {
            switch bytes[end] {
            case 0x30...0x39, UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."), UInt8(ascii: "e"),
                UInt8(ascii: "E"):
                end += 1
            default:
                guard let value = Double(String(decoding: bytes[place..<end], as: UTF8.self)) else {
                    throw error("expected a value")
                }
                place = end
                return .number(value)
            }
        }
        guard end == bytes.count, let value = Double(String(decoding: bytes[place..<end], as: UTF8.self)) else {
            throw error("expected a value")
        }
        place = end
        return .number(value)
    }

    /// A string; `place` is at its opening quotation mark.
    private mutating func string() throws(TokenizerError) -> String {
        place += 1
        let start = place
        while place < bytes.count, bytes[place] != UInt8(ascii: "\""), bytes[place] != UInt8(ascii: "\\") {
            if bytes[place] < 0x20 { throw error("a control character in a string") }
            place += 1
        }
        if place < bytes.count, bytes[place] == UInt8(ascii: "\"") {
            let text = String(validating: bytes[start..<place], as: UTF8.self)
            guard let text else { throw error("a string that is not valid UTF-8") }
            place += 1
            return text
        }
        return try escapedString(from: start)
    }

    /// The slow way: a string with escapes, whose part before the first escape begins at `start`.
    private mutating func escapedString(from start: Int) throws(TokenizerError) -> String {
        var content = Array(bytes[start..<place])
        while place < bytes.count {
            let byte = bytes[place]
            if byte == UInt8(ascii: "\"") {
                guard let text = String(validating: content, as: UTF8.self) else {
                    throw error("a string that is not valid UTF-8")
                }
                place += 1
                return text
            }
            if byte < 0x20 { throw error("a control character in a string") }
            place += 1
            if byte == UInt8(ascii: "\\") { content.append(contentsOf: try escape()) } else { content.append(byte) }
        }
        throw error("a string without an end")
    }

    /// The UTF-8 of an escape; `place` is after the backslash.
    private mutating func escape() throws(TokenizerError) -> [UInt8] {
        guard place < bytes.count else { throw error("a string without an end") }
        let byte = bytes[place]
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): break
        default: throw error("an unknown escape")
        }
        var value = try hexNumber()
        if (0xD800..<0xDC00).contains(value) {
            guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw error("half a surrogate pair") }
            let low = try hexNumber()
            guard (0xDC00..<0xE000).contains(low) else { throw error("half a surrogate pair") }
            value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(value) else { throw error("half a surrogate pair") }
        return Array(String(Character(scalar)).utf8)
    }

    private mutating func hexNumber() throws(TokenizerError) -> UInt32 {
        guard place + 4 <= bytes.count else { throw error("an escape that is cut off") }
        var value: UInt32 = 0
        for byte in bytes[place..<(place + 4)] {
            switch byte {
            case 0x30...0x39: value = value << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: value = value << 4 | UInt32(byte - 0x41 + 10)
            case 0x61...0x66: value = value << 4 | UInt32(byte - 0x61 + 10)
            default: throw error("an escape without four hex digits")
            }
        }
        place += 4
        return value
    }
}
