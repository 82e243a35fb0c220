extension Lexer {
    /// One token inside a tag.
    mutating func readToken(_ current: UInt8, open: inout [UInt8]) throws(TemplateError) {
        if (0x30...0x39).contains(current) {
            try readNumber()
        } else if current == UInt8(ascii: "'") || current == UInt8(ascii: "\"") {
            try readString(quote: current)
        } else if isNameByte(current) {
            try readName()
        } else {
            try readSymbol(current, open: &open)
        }
    }

    private func isNameByte(_ byte: UInt8) -> Bool {
        byte >= 0x80 || byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
            || (0x61...0x7A).contains(byte)
    }

    private mutating func readName() throws(TemplateError) {
        let start = place
        var end = place
        let run = bytes[place...].prefix(1024).prefix(while: isNameByte)
        var scalars = String(decoding: run, as: UTF8.self).unicodeScalars.makeIterator()
        var isFirst = true
        while let scalar = scalars.next() {
            let continues = scalar.properties.isXIDContinue
            let isWord = continues || scalar == "_" || scalar.properties.numericType != nil
            guard isWord else { break }
            guard scalar == "_" || (isFirst ? scalar.properties.isXIDStart : continues) else {
                throw failure("Invalid character in identifier")
            }
            isFirst = false
            end += UTF8.width(scalar)
        }
        guard end > start else { throw unexpectedCharacter() }
        guard end - start < 1024 else { throw failure("a name of more than 1023 bytes") }
        tokens.append(Token(kind: .name(PythonString(utf8: bytes[start..<end])), line: line))
        place = end
    }

    private func unexpectedCharacter() -> TemplateError {
        let scalar = String(decoding: bytes[place...].prefix(4), as: UTF8.self).unicodeScalars.first
        return failure("unexpected char '\(scalar.map(String.init) ?? "")'")
    }

    private mutating func readSymbol(_ current: UInt8, open: inout [UInt8]) throws(TemplateError) {
        guard let symbol = Self.symbol(current, byte(place + 1)) else { throw unexpectedCharacter() }
        switch symbol {
        case .leftBrace: open.append(UInt8(ascii: "}"))
        case .leftParenthesis: open.append(UInt8(ascii: ")"))
        case .leftBracket: open.append(UInt8(ascii: "]"))
        case .rightBrace, .rightParenthesis, .rightBracket:
            guard let expected = open.popLast() else { throw failure("unexpected '\(symbol.rawValue)'") }
            guard expected == current else {
                throw failure("unexpected '\(symbol.rawValue)', expected '\(Unicode.Scalar(expected))'")
            }
        default: break
        }
        tokens.append(Token(kind: .symbol(symbol), line: line))
        place += symbol.rawValue.utf8.count
    }

    private static func symbol(_ first: UInt8, _ second: UInt8?) -> Token.Symbol? {
        if let second, second < 0x80 {
            switch (first, second) {
            case (UInt8(ascii: "/"), UInt8(ascii: "/")): return .floorDivide
            case (UInt8(ascii: "*"), UInt8(ascii: "*")): return .power
            case (UInt8(ascii: "="), UInt8(ascii: "=")): return .equal
            case (UInt8(ascii: "!"), UInt8(ascii: "=")): return .notEqual
            case (UInt8(ascii: ">"), UInt8(ascii: "=")): return .greaterOrEqual
            case (UInt8(ascii: "<"), UInt8(ascii: "=")): return .lessOrEqual
            default: break
            }
        }
        return Token.Symbol(rawValue: String(Unicode.Scalar(first)))
    }

    // MARK: Numbers

    private func digits(from start: Int, _ isDigit: (UInt8) -> Bool) -> Int {
        var offset = start
        while let current = byte(offset) {
            if isDigit(current) {
                offset += 1
            } else if current == UInt8(ascii: "_"), offset > start, let next = byte(offset + 1), isDigit(next) {
                offset += 2
            } else {
                break
            }
        }
        return offset
    }

    private static func isDecimal(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// End of a float at the current place, or nil: digits with a fraction, an exponent or both.
    private func floatEnd() -> Int? {
        if place > 0, bytes[place - 1] == UInt8(ascii: ".") { return nil }
        var end = digits(from: place, Self.isDecimal)
        var isFloat = false
        if byte(end) == UInt8(ascii: "."), let next = byte(end + 1), Self.isDecimal(next) {
            end = digits(from: end + 1, Self.isDecimal)
            isFloat = true
        }
        if let letter = byte(end), letter | 0x20 == UInt8(ascii: "e") {
            var exponent = end + 1
            if byte(exponent) == UInt8(ascii: "+") || byte(exponent) == UInt8(ascii: "-") { exponent += 1 }
            if let digit = byte(exponent), Self.isDecimal(digit) {
                end = digits(from: exponent, Self.isDecimal)
                isFloat = true
            }
        }
        return isFloat ? end : nil
    }

    private func text(to end: Int) -> String {
        String(decoding: bytes[place..<end].filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
    }

    private mutating func readNumber() throws(TemplateError) {
        if let end = floatEnd() {
            guard let value = Double(text(to: end)) else { throw failure("not a number") }
            tokens.append(Token(kind: .float(value), line: line))
            place = end
            return
        }
        if let (radix, end) = prefixedInteger() {
            guard let value = Int(text(to: end).dropFirst(2), radix: radix) else {
                throw failure("a number beyond 64 bits")
            }
            tokens.append(Token(kind: .integer(value), line: line))
            place = end
            return
        }
        let end = bytes[place] == 0x30 ? digits(from: place) { $0 == 0x30 } : digits(from: place, Self.isDecimal)
        let digits = text(to: end)
        if let value = Int(digits) {
            tokens.append(Token(kind: .integer(value), line: line))
        } else {
            guard digits.utf8.count <= 4300 else { throw failure("a number of more than 4300 digits") }
            tokens.append(Token(kind: .largeInteger(PythonString(digits)), line: line))
        }
        place = end
    }

    private func prefixedInteger() -> (radix: Int, end: Int)? {
        guard byte(place) == 0x30, let letter = byte(place + 1) else { return nil }
        let radix: Int
        switch letter | 0x20 {
        case UInt8(ascii: "x"): radix = 16
        case UInt8(ascii: "o"): radix = 8
        case UInt8(ascii: "b"): radix = 2
        default: return nil
        }
        let start = byte(place + 2) == UInt8(ascii: "_") ? place + 3 : place + 2
        let end = digits(from: start) { byte in
            Character(Unicode.Scalar(byte)).hexDigitValue.map { $0 < radix } ?? false
        }
        return end > start ? (radix, end) : nil
    }

    // MARK: Strings

    private mutating func readString(quote: UInt8) throws(TemplateError) {
        var text: [UInt8] = []
        let startLine = line
        var offset = place + 1
        while let current = byte(offset) {
            if current == quote {
                tokens.append(Token(kind: .string(PythonString(utf8: text)), line: startLine))
                place = offset + 1
                return
            }
            if current == UInt8(ascii: "\\") {
                try readEscape(&offset, into: &text)
                continue
            }
            if current == 0x0A { line += 1 }
            text.append(current)
            offset += 1
        }
        throw failure("unexpected char '\(Unicode.Scalar(quote))': a string does not end")
    }

    /// An escape of Python's `unicode-escape`; an unknown one stays as it is written.
    private mutating func readEscape(_ offset: inout Int, into text: inout [UInt8]) throws(TemplateError) {
        guard let letter = byte(offset + 1) else { throw failure("a string does not end") }
        offset += 2
        switch letter {
        case 0x0A: line += 1
        case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): text.append(letter)
        case UInt8(ascii: "a"): text.append(0x07)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "v"): text.append(0x0B)
        case UInt8(ascii: "x"): text.append(try scalar(hexadecimalDigits: 2, at: &offset))
        case UInt8(ascii: "u"): text.append(try scalar(hexadecimalDigits: 4, at: &offset))
        case UInt8(ascii: "U"): text.append(try scalar(hexadecimalDigits: 8, at: &offset))
        case UInt8(ascii: "N"): text.append(try namedScalar(at: &offset))
        case 0x30...0x37:
            var code = UInt32(letter - 0x30)
            var digits = 1
            while digits < 3, let next = byte(offset), (0x30...0x37).contains(next) {
                code = code * 8 + UInt32(next - 0x30)
                offset += 1
                digits += 1
            }
            text.append(Unicode.Scalar(code) ?? "\u{FFFD}")
        default:
            text.append(UInt8(ascii: "\\"))
            // What follows the backslash is read again: it may be the first byte of a longer character.
            offset -= 1
        }
    }

    private func scalar(hexadecimalDigits count: Int, at offset: inout Int) throws(TemplateError) -> Unicode.Scalar {
        var code: UInt32 = 0
        for _ in 0..<count {
            guard let current = byte(offset), let digit = Character(Unicode.Scalar(current)).hexDigitValue,
                code < 1 << 24
            else { throw failure("a truncated or too large escape of \(count) hexadecimal digits") }
            code = code << 4 | UInt32(digit)
            offset += 1
        }
        guard let scalar = Unicode.Scalar(code) else {
            throw failure("U+\(String(code, radix: 16)) is no Unicode character")
        }
        return scalar
    }

    /// `\N{NAME}`. The names are searched, so a template may have only a few.
    private mutating func namedScalar(at offset: inout Int) throws(TemplateError) -> Unicode.Scalar {
        guard byte(offset) == UInt8(ascii: "{"),
            let close = bytes[offset...].prefix(100).firstIndex(of: UInt8(ascii: "}"))
        else { throw failure("malformed \\N character escape") }
        namedCharacters += 1
        guard namedCharacters <= 4 else {
            throw TemplateError(.unsupported, "more than 4 characters by name", line: line)
        }
        let name = String(decoding: bytes[(offset + 1)..<close], as: UTF8.self).uppercased()
        for code in UInt32(0)...0x1FFFF {
            guard let scalar = Unicode.Scalar(code) else { continue }
            if scalar.properties.name == name || scalar.properties.nameAlias == name {
                offset = close + 1
                return scalar
            }
        }
        throw failure("unknown Unicode character name '\(name)'")
    }
}
