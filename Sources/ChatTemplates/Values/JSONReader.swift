/// Reads JSON into a ``TemplateValue``: strict RFC 8259, keys in their order, `1` and `1.0` kept apart.
///
/// Bounds: nesting of ``TemplateLimits/valueDepth``; memory is proportional to the text. A `\u` escape that is half a
/// pair is refused, since the text of a template is Unicode.
struct JSONReader {
    private let bytes: [UInt8]
    private let firstLine: Int
    private var place = 0

    init(_ bytes: [UInt8], firstLine: Int = 1) {
        self.bytes = bytes
        self.firstLine = firstLine
    }

    /// The one value that the text holds.
    mutating func read() throws(TemplateError) -> TemplateValue {
        skipSpace()
        let value = try value(depth: 0)
        skipSpace()
        guard place == bytes.count else { throw failure("text after the value") }
        return value
    }

    private func failure(_ what: String) -> TemplateError {
        let before = bytes[..<min(place, bytes.count)]
        let line = before.split(separator: 0x0A, omittingEmptySubsequences: false)
        // Bytes that go on with a character are no columns.
        let column = (line.last ?? []).count { $0 & 0xC0 != 0x80 } + 1
        return TemplateError(.json, what, line: firstLine + line.count - 1, column: column)
    }

    private var current: UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { place += 1 }
    }

    private mutating func value(depth: Int) throws(TemplateError) -> TemplateValue {
        guard depth < TemplateLimits.valueDepth else {
            throw failure("nested deeper than \(TemplateLimits.valueDepth)")
        }
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .none)
        case nil: throw failure("the text ends where a value is expected")
        default: return try number()
        }
    }

    private mutating func word(_ word: StaticString, _ value: TemplateValue) throws(TemplateError) -> TemplateValue {
        let expected = Array(word.description.utf8)
        guard bytes.count - place >= expected.count,
            bytes[place..<(place + expected.count)].elementsEqual(expected)
        else { throw failure("an unknown word") }
        place += expected.count
        return value
    }

    private mutating func object(depth: Int) throws(TemplateError) -> TemplateValue {
        place += 1
        var entries = TemplateDictionary()
        skipSpace()
        if current == UInt8(ascii: "}") {
            place += 1
            return .dict(entries)
        }
        while true {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw failure("a key must be a string") }
            let key = try string()
            skipSpace()
            guard current == UInt8(ascii: ":") else { throw failure("no ':' after a key") }
            place += 1
            skipSpace()
            entries[key] = try value(depth: depth + 1)
            skipSpace()
            switch current {
            case UInt8(ascii: ","): place += 1
            case UInt8(ascii: "}"):
                place += 1
                return .dict(entries)
            default: throw failure("no ',' or '}' after a value")
            }
        }
    }

    private mutating func array(depth: Int) throws(TemplateError) -> TemplateValue {
        place += 1
        var items: [TemplateValue] = []
        skipSpace()
        if current == UInt8(ascii: "]") {
            place += 1
            return .list(items)
        }
        while true {
            skipSpace()
            items.append(try value(depth: depth + 1))
            skipSpace()
            switch current {
            case UInt8(ascii: ","): place += 1
            case UInt8(ascii: "]"):
                place += 1
                return .list(items)
            default: throw failure("no ',' or ']' after a value")
            }
        }
    }

    private mutating func string() throws(TemplateError) -> String {
        place += 1
        var text: [UInt8] = []
        while true {
            guard let byte = current else { throw failure("a string does not end") }
            place += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: text, as: UTF8.self) else { throw failure("not UTF-8") }
                return text
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<0x20: throw failure("a control character in a string")
            default: text.append(byte)
            }
        }
    }

    private mutating func escape(into text: inout [UInt8]) throws(TemplateError) {
        guard let byte = current else { throw failure("a string does not end") }
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "u"):
            var code = try hexadecimal()
            if (0xD800..<0xDC00).contains(code), current == UInt8(ascii: "\\"), place + 1 < bytes.count,
                bytes[place + 1] == UInt8(ascii: "u")
            {
                place += 2
                let low = try hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else { throw failure("half a surrogate pair") }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw failure("half a surrogate pair") }
            text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        default: throw failure("an unknown escape")
        }
    }

    private mutating func hexadecimal() throws(TemplateError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw failure("\\u needs four hexadecimal digits")
            }
            code = code << 4 | UInt32(digit)
            place += 1
        }
        return code
    }

    private mutating func digits() -> Int {
        let start = place
        while let byte = current, (0x30...0x39).contains(byte) { place += 1 }
        return place - start
    }

    private mutating func number() throws(TemplateError) -> TemplateValue {
        let start = place
        var whole = true
        if current == UInt8(ascii: "-") { place += 1 }
        let first = current
        let count = digits()
        guard count > 0 else { throw failure("not a value") }
        if first == UInt8(ascii: "0"), count > 1 { throw failure("a number with a leading zero") }
        if current == UInt8(ascii: ".") {
            place += 1
            whole = false
            guard digits() > 0 else { throw failure("no digit after '.'") }
        }
        if current == UInt8(ascii: "e") || current == UInt8(ascii: "E") {
            place += 1
            whole = false
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { place += 1 }
            guard digits() > 0 else { throw failure("no digit in an exponent") }
        }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        if whole {
            if let value = Int(text) { return .int(value) }
            guard count <= 4300 else { throw failure("a whole number of more than 4300 digits") }
            return .largeInteger(text)
        }
        guard let value = Double(text) else { throw failure("not a number") }
        return .float(value)
    }
}

extension TemplateValue {
    /// Reads the UTF-8 bytes of one JSON value. Throws ``TemplateError`` of rule `json`, with line and column, for
    /// whatever is not strict JSON or is nested deeper than 160.
    ///
    /// - Parameter firstLine: the line that errors name for the first of these bytes, where they are a part of a file.
    public init(json: some Sequence<UInt8>, firstLine: Int = 1) throws(TemplateError) {
        var reader = JSONReader(Array(json), firstLine: firstLine)
        self = try reader.read()
    }
}
