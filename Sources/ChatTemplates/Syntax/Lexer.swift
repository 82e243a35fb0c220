/// Splits a template into tokens. Whitespace control is decided here: `trim_blocks` and `lstrip_blocks` are on, one
/// line feed at the end of the template is dropped, every line break becomes a line feed.
struct Lexer {
    let bytes: [UInt8]
    var place = 0
    var line = 1
    var tokens: [Token] = []
    var namedCharacters = 0
    /// Whether the last match ended with a line feed: then blanks before the next tag begin a line.
    private var lineStarts = true

    init(_ source: String) throws(TemplateError) {
        let raw = Array(source.utf8)
        guard raw.count <= TemplateLimits.sourceBytes else {
            throw TemplateError(.limit, "\(raw.count) bytes of template, at most \(TemplateLimits.sourceBytes)")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(raw.count)
        for (offset, byte) in raw.enumerated() {
            if byte == 0x0D {
                bytes.append(0x0A)
            } else if byte != 0x0A || offset == 0 || raw[offset - 1] != 0x0D {
                bytes.append(byte)
            }
        }
        if bytes.last == 0x0A { bytes.removeLast() }
        self.bytes = bytes
    }

    /// All tokens, `end` at last.
    mutating func tokenize() throws(TemplateError) -> [Token] {
        while place < bytes.count {
            guard let tag = nextTag(from: place) else {
                addText(place..<bytes.count)
                place = bytes.count
                break
            }
            try readTag(at: tag)
        }
        tokens.append(Token(kind: .end, line: line))
        return tokens
    }

    func failure(_ message: String) -> TemplateError { TemplateError(.syntax, message, line: line) }

    func byte(_ offset: Int) -> UInt8? { offset < bytes.count ? bytes[offset] : nil }

    func matches(_ text: StaticString, at offset: Int) -> Bool {
        var offset = offset
        for byte in text.description.utf8 {
            guard offset < bytes.count, bytes[offset] == byte else { return false }
            offset += 1
        }
        return true
    }

    /// The next `{%`, `{{` or `{#`.
    private func nextTag(from start: Int) -> Int? {
        var offset = start
        while let brace = bytes[offset...].firstIndex(of: UInt8(ascii: "{")) {
            switch byte(brace + 1) {
            case UInt8(ascii: "%"), UInt8(ascii: "{"), UInt8(ascii: "#"): return brace
            default: offset = brace + 1
            }
        }
        return nil
    }

    private mutating func addText(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        tokens.append(Token(kind: .text(PythonString(utf8: bytes[range])), line: line))
    }

    private mutating func countLines(to end: Int) {
        for byte in bytes[place..<end] where byte == 0x0A { line += 1 }
        place = end
    }

    private func sign(at offset: Int) -> UInt8? {
        guard let byte = byte(offset), byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") else { return nil }
        return byte
    }

    /// Text before a tag, without what the tag's sign and `lstrip_blocks` take from it.
    private mutating func addText(before tag: Int, sign: UInt8?, isVariable: Bool) {
        var end = tag
        if sign == UInt8(ascii: "-") {
            end = Whitespace.trimmedEnd(of: bytes, from: place, to: tag)
        } else if sign == nil, !isVariable {
            let newline = bytes[place..<tag].lastIndex(of: 0x0A)
            if newline != nil || lineStarts {
                let lineStart = newline.map { $0 + 1 } ?? place
                if Whitespace.trimmedEnd(of: bytes, from: lineStart, to: tag) == lineStart { end = lineStart }
            }
        }
        addText(place..<end)
        countLines(to: tag)
    }

    private mutating func readTag(at tag: Int) throws(TemplateError) {
        let kind = byte(tag + 1)
        let sign = sign(at: tag + 2)
        let inside = tag + (sign == nil ? 2 : 3)
        addText(before: tag, sign: sign, isVariable: kind == UInt8(ascii: "{"))
        if kind == UInt8(ascii: "%"), let body = rawBegin(inside) {
            countLines(to: body)
            lineStarts = bytes[body - 1] == 0x0A
            try readRaw()
            return
        }
        place = inside
        if kind == UInt8(ascii: "#") {
            try skipComment()
        } else if kind == UInt8(ascii: "{") {
            tokens.append(Token(kind: .variableBegin, line: line))
            try readExpression(isBlock: false)
        } else {
            tokens.append(Token(kind: .blockBegin, line: line))
            try readExpression(isBlock: true)
        }
    }

    private mutating func skipComment() throws(TemplateError) {
        var offset = place
        while let hash = bytes[offset...].firstIndex(of: UInt8(ascii: "#")) {
            if byte(hash + 1) == UInt8(ascii: "}") {
                endTag(sign: hash > place ? self.sign(at: hash - 1) : nil, after: hash + 2, trims: true)
                return
            }
            offset = hash + 1
        }
        // Jinja takes a comment or raw block that begins at the very end for an empty one.
        guard place == bytes.count else { throw failure("Missing end of comment tag") }
    }

    /// Moves behind a tag's end and what it takes from the text: all white space for `-`, one line feed for none.
    private mutating func endTag(sign: UInt8?, after end: Int, trims: Bool) {
        var next = end
        if sign == UInt8(ascii: "-") {
            next = Whitespace.skip(in: bytes, from: end)
        } else if sign == nil, trims, byte(end) == 0x0A {
            next = end + 1
        }
        countLines(to: next)
        lineStarts = next > 0 && bytes[next - 1] == 0x0A
    }

    /// Where the text of a raw block starts, if this is its tag.
    private func rawBegin(_ inside: Int) -> Int? {
        let word = Whitespace.skip(in: bytes, from: inside)
        guard matches("raw", at: word) else { return nil }
        let end = Whitespace.skip(in: bytes, from: word + 3)
        if matches("-%}", at: end) { return Whitespace.skip(in: bytes, from: end + 3) }
        return matches("%}", at: end) ? end + 2 : nil
    }

    private mutating func readRaw() throws(TemplateError) {
        var offset = place
        while let brace = bytes[offset...].firstIndex(of: UInt8(ascii: "{")) {
            offset = brace + 1
            guard byte(brace + 1) == UInt8(ascii: "%") else { continue }
            let sign = sign(at: brace + 2)
            let word = Whitespace.skip(in: bytes, from: brace + (sign == nil ? 2 : 3))
            guard matches("endraw", at: word) else { continue }
            let end = Whitespace.skip(in: bytes, from: word + 6)
            let endSign = self.sign(at: end)
            let close = end + (endSign == nil ? 0 : 1)
            guard matches("%}", at: close) else { continue }
            addText(before: brace, sign: sign, isVariable: false)
            endTag(sign: endSign, after: close + 2, trims: true)
            return
        }
        guard place == bytes.count else { throw failure("Missing end of raw directive") }
    }

    /// Tokens of `{{ }}` or `{% %}` up to its end, which only counts outside of brackets.
    private mutating func readExpression(isBlock: Bool) throws(TemplateError) {
        var open: [UInt8] = []
        let mark = isBlock ? UInt8(ascii: "%") : UInt8(ascii: "}")
        while let current = byte(place) {
            if open.isEmpty {
                let sign = sign(at: place)
                let close = sign == nil ? place : place + 1
                if byte(close) == mark, byte(close + 1) == UInt8(ascii: "}"),
                    isBlock || sign != UInt8(ascii: "+")
                {
                    tokens.append(Token(kind: isBlock ? .blockEnd : .variableEnd, line: line))
                    endTag(sign: sign, after: close + 2, trims: isBlock)
                    return
                }
            }
            let space = Whitespace.skip(in: bytes, from: place)
            if space > place {
                countLines(to: space)
                continue
            }
            try readToken(current, open: &open)
        }
        // The text ends inside a tag: the parser says what is missing.
    }
}
