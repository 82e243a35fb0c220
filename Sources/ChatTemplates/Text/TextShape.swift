/// What filters do with the words and tags of a text.
enum TextShape {
    private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "_" || CharacterClass.isAlphanumeric(scalar)
    }

    /// Runs of letters, digits and underscores.
    static func words(in text: PythonString) -> Int {
        var count = 0
        var inside = false
        for scalar in text.scalars {
            let isPart = isWord(scalar)
            if isPart, !inside { count += 1 }
            inside = isPart
        }
        return count
    }

    /// The filter `title`: upper case behind white space, hyphens and opening brackets, lower case otherwise.
    static func titleByWords(_ text: PythonString) -> PythonString {
        var result: [UInt8] = []
        var word: [Unicode.Scalar] = []
        func isBreak(_ scalar: Unicode.Scalar) -> Bool {
            Whitespace.contains(scalar) || "-({[<".unicodeScalars.contains(scalar)
        }
        func flush() {
            guard let first = word.first else { return }
            result.append(contentsOf: first.properties.uppercaseMapping.utf8)
            result.append(contentsOf: CaseMapping.lower(PythonString(scalars: word.dropFirst())).utf8)
            word = []
        }
        for scalar in text.scalars {
            if let last = word.last, isBreak(last) != isBreak(scalar) { flush() }
            word.append(scalar)
        }
        flush()
        return PythonString(utf8: result)
    }

    /// Text without comments and tags, white space as single blanks, the five entities of HTML as characters.
    static func withoutTags(_ text: PythonString) throws(TemplateError) -> PythonString {
        var value = Array(text.scalars)
        value = removed(from: value, open: Array("<!--".unicodeScalars), close: Array("-->".unicodeScalars))
        value = removed(from: value, open: ["<"], close: [">"])
        let words = value.split(whereSeparator: Whitespace.contains)
        let joined = PythonString(scalars: words.joined(separator: [" "]))
        return try unescaped(joined)
    }

    private static func removed(
        from value: [Unicode.Scalar], open: [Unicode.Scalar], close: [Unicode.Scalar]
    ) -> [Unicode.Scalar] {
        var kept: [Unicode.Scalar] = []
        var place = 0
        while place < value.count {
            if value[place...].starts(with: open) {
                var end = place
                while end < value.count, !value[end...].starts(with: close) { end += 1 }
                guard end < value.count else {
                    kept.append(contentsOf: value[place...])
                    break
                }
                place = end + close.count
            } else {
                kept.append(value[place])
                place += 1
            }
        }
        return kept
    }

    private static let entities: [String: Unicode.Scalar] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": "\u{A0}", "hellip": "…", "mdash": "—",
        "ndash": "–", "copy": "©", "raquo": "»", "laquo": "«",
    ]

    private static func unescaped(_ text: PythonString) throws(TemplateError) -> PythonString {
        guard text.utf8.contains(UInt8(ascii: "&")) else { return text }
        var result: [Unicode.Scalar] = []
        let scalars = Array(text.scalars)
        var place = 0
        while place < scalars.count {
            guard scalars[place] == "&", place + 1 < scalars.count,
                scalars[place + 1] == "#" || CharacterClass.isAlpha(scalars[place + 1])
            else {
                result.append(scalars[place])
                place += 1
                continue
            }
            let rest = scalars[(place + 1)...].prefix(32)
            guard let end = rest.firstIndex(of: ";"),
                let scalar = entity(String(String.UnicodeScalarView(rest[..<end])))
            else { throw TemplateError(.unsupported, "an entity of HTML that is not implemented") }
            result.append(scalar)
            place = end + 1
        }
        return PythonString(scalars: result)
    }

    private static func entity(_ name: String) -> Unicode.Scalar? {
        guard name.hasPrefix("#") else { return entities[name] }
        let digits = name.dropFirst()
        let code = digits.first == "x" || digits.first == "X" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        guard let code, code >= 0x20, !(0x7F..<0xA0).contains(code) else { return nil }
        return Unicode.Scalar(code)
    }

    /// Percent encoding of a URL; in a query `/` is encoded too and a blank is `+`.
    static func percentEncoded(_ text: PythonString, inQuery: Bool) -> String {
        var encoded: [UInt8] = []
        let digits = Array("0123456789ABCDEF".utf8)
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "~"):
                encoded.append(byte)
            case UInt8(ascii: "/") where !inQuery: encoded.append(byte)
            case UInt8(ascii: " ") where inQuery: encoded.append(UInt8(ascii: "+"))
            default:
                encoded.append(UInt8(ascii: "%"))
                encoded.append(digits[Int(byte >> 4)])
                encoded.append(digits[Int(byte & 15)])
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// A line in pieces of at most `width` code points, broken at blanks as Python's `textwrap` does.
    ///
    /// Only what `textwrap` does with blanks and long words is here; a word with a hyphen, where it has rules of its
    /// own, is refused.
    static func wrapped(
        _ line: PythonString, width: Int, breaksWords: Bool, breaksHyphens: Bool
    ) throws(TemplateError) -> [PythonString] {
        if breaksHyphens, line.count > width, line.utf8.contains(UInt8(ascii: "-")) {
            throw TemplateError(.unsupported, "wordwrap of text with hyphens is not implemented")
        }
        var chunks: [[Unicode.Scalar]] = []
        for scalar in line.scalars {
            // textwrap knows the white space of ASCII only.
            let isBlank = scalar.value == 0x20 || (0x09...0x0D).contains(scalar.value)
            if let last = chunks.last?.last, (last.value == 0x20 || (0x09...0x0D).contains(last.value)) == isBlank {
                chunks[chunks.count - 1].append(scalar)
            } else {
                chunks.append([scalar])
            }
        }
        func isBlank(_ chunk: [Unicode.Scalar]) -> Bool { chunk.allSatisfy(Whitespace.contains) }
        var lines: [PythonString] = []
        var pending = ArraySlice(chunks)
        while !pending.isEmpty {
            if !lines.isEmpty, let first = pending.first, isBlank(first) { pending.removeFirst() }
            var current: [[Unicode.Scalar]] = []
            var length = 0
            while let chunk = pending.first, length + chunk.count <= width {
                current.append(chunk)
                length += chunk.count
                pending.removeFirst()
            }
            if let chunk = pending.first, chunk.count > width {
                if breaksWords {
                    let space = max(1, width - length)
                    current.append(Array(chunk.prefix(space)))
                    pending[pending.startIndex] = Array(chunk.dropFirst(space))
                } else if current.isEmpty {
                    current.append(chunk)
                    pending.removeFirst()
                }
            }
            if let last = current.last, isBlank(last) { current.removeLast() }
            if !current.isEmpty { lines.append(PythonString(scalars: current.joined())) }
        }
        return lines
    }
}
