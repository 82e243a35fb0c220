/// The methods of strings.
enum StringMethods {
    static func named(_ name: PythonString) -> Method? { all[name] }

    /// Methods that Python's strings have and these do not.
    static let notImplemented: Set<PythonString> = ["encode", "translate", "maketrans"]

    private static let all: [PythonString: Method] = {
        var all: [PythonString: Method] = [:]
        for (name, method) in changes + searches + classes { all[PythonString(name)] = method }
        return all
    }()

    /// The string a method belongs to.
    static func own(_ value: Value) -> PythonString {
        if case .string(let text) = value { text } else { .empty }
    }

    private static func classMethod(
        _ test: @escaping @Sendable (PythonString) -> Bool
    ) -> Method {
        { renderer, value, arguments throws(TemplateError) in
            _ = try arguments.bind("method", [])
            try renderer.charge(scanning: own(value))
            return .bool(test(own(value)))
        }
    }

    private static let classes: [(String, Method)] = [
        ("isalpha", classMethod { CharacterClass.all($0, CharacterClass.isAlpha) }),
        ("isalnum", classMethod { CharacterClass.all($0, CharacterClass.isAlphanumeric) }),
        ("isdigit", classMethod { CharacterClass.all($0, CharacterClass.isDigit) }),
        ("isdecimal", classMethod { CharacterClass.all($0, CharacterClass.isDecimal) }),
        ("isnumeric", classMethod { CharacterClass.all($0, CharacterClass.isNumeric) }),
        ("isspace", classMethod { CharacterClass.all($0, Whitespace.contains) }),
        ("islower", classMethod(CharacterClass.isLower)),
        ("isupper", classMethod(CharacterClass.isUpper)),
        ("istitle", classMethod(CharacterClass.isTitle)),
        ("isascii", classMethod { $0.isASCII }),
        ("isidentifier", classMethod(CharacterClass.isIdentifier)),
        ("isprintable", classMethod { $0.scalars.allSatisfy(Printable.contains) }),
    ]

    // MARK: Shared with filters

    /// Without the characters of `characters` (white space where there are none) at the ends.
    static func strip(
        _ renderer: Renderer, _ text: PythonString, _ characters: Value?, left: Bool, right: Bool
    ) throws(TemplateError) -> Value {
        try renderer.charge(scanning: text)
        guard let characters = characters?.ifNotNone else {
            let start = left ? Whitespace.skip(in: text.utf8, from: 0) : 0
            let end = right ? Whitespace.trimmedEnd(of: text.utf8, from: start, to: text.utf8.count) : text.utf8.count
            if start == 0, end == text.utf8.count { return .string(text) }
            return .string(PythonString(utf8: text.utf8[start..<end], isMarkup: text.isMarkup))
        }
        let set = Set(try renderer.string(characters, "strip arg").scalars)
        let scalars = Array(text.scalars)
        var (start, end) = (0, scalars.count)
        if left { while start < end, set.contains(scalars[start]) { start += 1 } }
        if right { while end > start, set.contains(scalars[end - 1]) { end -= 1 } }
        return .string(text.slice(start, end))
    }

    enum Alignment { case left, right, center }

    /// Filled up to `width` code points.
    static func pad(
        _ renderer: Renderer, _ text: PythonString, _ width: Int, _ fill: PythonString, _ alignment: Alignment
    ) throws(TemplateError) -> PythonString {
        guard fill.count == 1 else {
            throw TemplateError(.type, "The fill character must be exactly one character long")
        }
        guard width > text.count else { return text }
        let missing = width - text.count
        let (bytes, overflow) = missing.multipliedReportingOverflow(by: fill.utf8.count)
        try renderer.charge(stringOf: overflow ? .max : min(bytes, .max - text.utf8.count) + text.utf8.count)
        // Python puts the odd blank left when both the width and what is missing are odd.
        let before =
            switch alignment {
            case .left: 0
            case .right: missing
            case .center: missing / 2 + (missing & width & 1)
            }
        var padded: [UInt8] = []
        for _ in 0..<before { padded.append(contentsOf: fill.utf8) }
        padded.append(contentsOf: text.utf8)
        for _ in 0..<(missing - before) { padded.append(contentsOf: fill.utf8) }
        return PythonString(utf8: padded, count: width, isMarkup: text.isMarkup)
    }

    /// With `old` replaced, at most `count` times where it is not negative.
    static func replace(
        _ renderer: Renderer, _ text: PythonString, _ old: PythonString, _ new: PythonString, count: Int
    ) throws(TemplateError) -> PythonString {
        try renderer.charge(scanning: text)
        let limit = count < 0 ? Int.max : count
        var places: [Int]
        if old.isEmpty {
            places = []
            for (offset, byte) in text.utf8.enumerated() where byte & 0xC0 != 0x80 && places.count < limit {
                places.append(offset)
            }
            if places.count < limit { places.append(text.utf8.count) }
        } else {
            places = text.places(of: old, limit: limit)
        }
        guard !places.isEmpty else { return text }
        let growth = places.count.multipliedReportingOverflow(by: max(0, new.utf8.count - old.utf8.count))
        try renderer.charge(stringOf: growth.overflow ? .max : text.utf8.count + growth.partialValue)
        var bytes: [UInt8] = []
        var from = 0
        for place in places {
            bytes.append(contentsOf: text.utf8[from..<place])
            bytes.append(contentsOf: new.utf8)
            from = place + old.utf8.count
        }
        bytes.append(contentsOf: text.utf8[from...])
        return PythonString(utf8: bytes, isMarkup: text.isMarkup)
    }

    /// Cut at each separator, at most `limit` times from the left.
    static func split(_ text: PythonString, by separator: PythonString, limit: Int) -> [PythonString] {
        cut(text, at: text.places(of: separator, limit: limit), separator.utf8.count)
    }

    static func cut(_ text: PythonString, at places: [Int], _ length: Int) -> [PythonString] {
        var parts: [PythonString] = []
        var from = 0
        for place in places {
            parts.append(PythonString(utf8: text.utf8[from..<place], isMarkup: text.isMarkup))
            from = place + length
        }
        parts.append(PythonString(utf8: text.utf8[from...], isMarkup: text.isMarkup))
        return parts
    }

    /// Lines by Python's `splitlines`, which also breaks at the separators of Unicode.
    static func lines(of text: PythonString, keepingEnds: Bool) -> [PythonString] {
        var lines: [PythonString] = []
        let bytes = text.utf8
        var (start, place) = (0, 0)
        while place < bytes.count {
            let width: Int
            switch bytes[place] {
            case 0x0D: width = place + 1 < bytes.count && bytes[place + 1] == 0x0A ? 2 : 1
            case 0x0A, 0x0B, 0x0C, 0x1C, 0x1D, 0x1E: width = 1
            case 0xC2 where bytes[place + 1] == 0x85: width = 2
            case 0xE2 where bytes[place + 1] == 0x80 && (bytes[place + 2] == 0xA8 || bytes[place + 2] == 0xA9):
                width = 3
            default: width = 0
            }
            if width > 0 {
                let end = keepingEnds ? place + width : place
                lines.append(PythonString(utf8: bytes[start..<end], isMarkup: text.isMarkup))
                start = place + width
            }
            place += max(width, 1)
        }
        if start < bytes.count { lines.append(PythonString(utf8: bytes[start...], isMarkup: text.isMarkup)) }
        return lines
    }
}
