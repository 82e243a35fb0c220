extension Filters {
    static let text: [(String, Filter)] = [
        (
            "upper",
            { renderer, value, arguments throws(TemplateError) in
                _ = try arguments.bind("upper", [])
                return .string(try renderer.mapCase(renderer.softText(value), CaseMapping.upper))
            }
        ),
        (
            "lower",
            { renderer, value, arguments throws(TemplateError) in
                _ = try arguments.bind("lower", [])
                return .string(try renderer.mapCase(renderer.softText(value), CaseMapping.lower))
            }
        ),
        (
            "capitalize",
            { renderer, value, arguments throws(TemplateError) in
                _ = try arguments.bind("capitalize", [])
                return .string(try renderer.mapCase(renderer.softText(value), CaseMapping.capitalize))
            }
        ),
        ("title", title),
        (
            "trim",
            { renderer, value, arguments throws(TemplateError) in
                let characters = try arguments.bind("trim", ["chars"])[0]
                return try StringMethods.strip(renderer, renderer.softText(value), characters, left: true, right: true)
            }
        ),
        (
            "string",
            { renderer, value, arguments throws(TemplateError) in
                _ = try arguments.bind("string", [])
                return .string(try renderer.softText(value))
            }
        ),
        ("replace", replace),
        (
            "center",
            { renderer, value, arguments throws(TemplateError) in
                let width = try renderer.integer(try arguments.bind("center", ["width"])[0], "width", default: 80)
                return .string(try StringMethods.pad(renderer, renderer.softText(value), width, " ", .center))
            }
        ),
        (
            "format",
            { renderer, value, arguments throws(TemplateError) in
                guard arguments.keywords.isEmpty || arguments.positional.isEmpty else {
                    throw TemplateError(.type, "can't handle positional and keyword arguments at the same time")
                }
                let format = try renderer.softText(value)
                if arguments.keywords.isEmpty {
                    return try renderer.percentFormat(format, .tuple(of: arguments.positional))
                }
                var builder = DictStorage.Builder()
                for (name, value) in arguments.keywords { builder.set(name, to: value) }
                return try renderer.percentFormat(format, .dict(try builder.finish()))
            }
        ),
        ("indent", indent),
        ("truncate", truncate),
        (
            "wordcount",
            { renderer, value, arguments throws(TemplateError) in
                _ = try arguments.bind("wordcount", [])
                let text = try renderer.softText(value)
                try renderer.charge(scanning: text)
                return .int(TextShape.words(in: text))
            }
        ),
        ("wordwrap", wordwrap),
        (
            "striptags",
            { renderer, value, arguments throws(TemplateError) in
                _ = try arguments.bind("striptags", [])
                let text = try renderer.text(of: value)
                try renderer.charge(steps: text.utf8.count)
                return .string(try TextShape.withoutTags(text))
            }
        ),
        ("urlencode", urlencode),
        ("e", escape), ("escape", escape),
        (
            "forceescape",
            { renderer, value, arguments throws(TemplateError) in
                .string(try renderer.escaped(renderer.text(of: value).marked(false)))
            }
        ),
        (
            "safe",
            { renderer, value, arguments throws(TemplateError) in
                .string(try renderer.text(of: value).marked(true))
            }
        ),
        ("tojson", toJSON),
        ("xmlattr", xmlAttributes),
    ]

    private static let escape: Filter = { renderer, value, arguments throws(TemplateError) in
        _ = try arguments.bind("escape", [])
        return .string(try renderer.escaped(renderer.text(of: value)))
    }

    private static let title: Filter = { renderer, value, arguments throws(TemplateError) in
        _ = try arguments.bind("title", [])
        return .string(try renderer.mapCase(renderer.softText(value), TextShape.titleByWords))
    }

    private static let replace: Filter = { renderer, value, arguments throws(TemplateError) in
        let bound = try arguments.bind("replace", ["old", "new", "count"], required: 2)
        var count = -1
        if let given = bound[2], case .some(let number) = given.ifNotNone {
            count = try renderer.integer(number, "count")
        }
        let old = try renderer.text(of: bound[0] ?? .none).marked(false)
        let new = try renderer.text(of: bound[1] ?? .none).marked(false)
        let text = try renderer.text(of: value).marked(false)
        return .string(try StringMethods.replace(renderer, text, old, new, count: count))
    }

    private static let toJSON: Filter = { renderer, value, arguments throws(TemplateError) in
        let bound = try arguments.bind("tojson", ["ensure_ascii", "indent", "separators", "sort_keys"])
        var writer = JSONWriter()
        writer.keepsUnicode = !(bound[0]?.isTrue ?? false)
        writer.sortsKeys = bound[3]?.isTrue ?? false
        switch bound[1] {
        case nil, .some(.none): break
        case .string(let text): writer.indent = text
        case .some(let width):
            let width = max(0, try renderer.integer(width, "indent"))
            guard width <= 1000 else { throw TemplateError(.limit, "an indent of \(width)") }
            writer.indent = PythonString(String(repeating: " ", count: width))
        }
        if writer.indent != nil { writer.itemSeparator = "," }
        if let separators = bound[2]?.ifNotNone {
            let items = try renderer.items(of: separators)
            guard items.count == 2 else { throw TemplateError(.value, "separators must be two strings") }
            writer.itemSeparator = try renderer.string(items[0], "a separator")
            writer.keySeparator = try renderer.string(items[1], "a separator")
        }
        return .string(try writer.text(of: value, renderer))
    }

    private static let indent: Filter = { renderer, value, arguments throws(TemplateError) in
        let bound = try arguments.bind("indent", ["width", "first", "blank"])
        let indentation: PythonString
        if case .string(let text)? = bound[0] {
            indentation = text
        } else {
            let width = max(0, try renderer.integer(bound[0], "width", default: 4))
            try renderer.charge(stringOf: width)
            indentation = PythonString(String(repeating: " ", count: width))
        }
        let text = try renderer.string(value, "the text to indent")
        let lines = StringMethods.lines(of: text + "\n", keepingEnds: false)
        try renderer.charge(scanning: text)
        try renderer.charge(stringOf: text.utf8.count + lines.count * (indentation.utf8.count + 1))
        let first = bound[1]?.isTrue ?? false
        let blank = bound[2]?.isTrue ?? false
        var bytes: [UInt8] = first ? indentation.utf8 : []
        for (place, line) in lines.enumerated() {
            if place > 0 {
                bytes.append(0x0A)
                if blank || !line.isEmpty { bytes.append(contentsOf: indentation.utf8) }
            }
            bytes.append(contentsOf: line.utf8)
        }
        return .string(PythonString(utf8: bytes, isMarkup: text.isMarkup))
    }

    private static let truncate: Filter = { renderer, value, arguments throws(TemplateError) in
        let bound = try arguments.bind("truncate", ["length", "killwords", "end", "leeway"])
        let length = try renderer.integer(bound[0], "length", default: 255)
        let leeway = try renderer.integer(bound[3]?.ifNotNone, "leeway", default: 5)
        let end = try bound[2].map { end throws(TemplateError) in try renderer.string(end, "end") } ?? "..."
        guard length >= end.count else {
            throw TemplateError(.value, "expected length >= \(end.count), got \(length)")
        }
        guard leeway >= 0, leeway < 1 << 40, length < 1 << 40 else {
            throw TemplateError(.value, "expected leeway >= 0, got \(leeway)")
        }
        if let count = renderer.length(of: value), count <= length + leeway { return value }
        let text = try renderer.string(value, "the text to truncate")
        try renderer.charge(scanning: text)
        let cut = text.slice(0, min(length - end.count, text.count))
        if bound[1]?.isTrue ?? false { return try renderer.apply(.add, .string(cut), .string(end)) }
        let space = cut.utf8.lastIndex(of: 0x20) ?? cut.utf8.count
        let words = PythonString(utf8: cut.utf8[..<space], isMarkup: cut.isMarkup)
        return try renderer.apply(.add, .string(words), .string(end))
    }

    private static let wordwrap: Filter = { renderer, value, arguments throws(TemplateError) in
        let bound = try arguments.bind(
            "wordwrap", ["width", "break_long_words", "wrapstring", "break_on_hyphens"])
        let text = try renderer.string(value, "the text to wrap")
        let width = try renderer.integer(bound[0], "width", default: 79)
        guard width > 0 else { throw TemplateError(.value, "invalid width \(width) (must be > 0)") }
        let end =
            try bound[2]?.ifNotNone.map { end throws(TemplateError) in try renderer.string(end, "wrapstring") } ?? "\n"
        try renderer.charge(steps: text.utf8.count)
        var lines: [PythonString] = []
        for line in StringMethods.lines(of: text, keepingEnds: false) {
            let wrapped = try TextShape.wrapped(
                line, width: width, breaksWords: bound[1]?.isTrue ?? true, breaksHyphens: bound[3]?.isTrue ?? true)
            lines.append(wrapped.first ?? .empty)
            lines.append(contentsOf: wrapped.dropFirst())
        }
        try renderer.charge(stringOf: text.utf8.count + lines.count * end.utf8.count)
        return .string(PythonString(utf8: Array(lines.map(\.utf8).joined(separator: end.utf8))))
    }

    private static let urlencode: Filter = { renderer, value, arguments throws(TemplateError) in
        _ = try arguments.bind("urlencode", [])
        func quoted(_ value: Value, inQuery: Bool) throws(TemplateError) -> String {
            let text = try renderer.text(of: value)
            try renderer.charge(scanning: text)
            try renderer.charge(stringOf: text.utf8.count * 3)
            return TextShape.percentEncoded(text, inQuery: inQuery)
        }
        let pairs: [Value]
        switch value {
        case .dict(let storage):
            pairs = try storage.entries.map { entry throws(TemplateError) in
                try .tuple(of: [entry.shown, entry.value])
            }
        case .list, .tuple, .object, .undefined: pairs = try renderer.items(of: value)
        default: return .text(try quoted(value, inQuery: false))
        }
        var parts: [String] = []
        for pair in pairs {
            let items = try renderer.items(of: pair)
            guard items.count == 2 else { throw TemplateError(.value, "urlencode takes pairs") }
            parts.append(try quoted(items[0], inQuery: true) + "=" + quoted(items[1], inQuery: true))
        }
        return .text(parts.joined(separator: "&"))
    }

    private static let xmlAttributes: Filter = { renderer, value, arguments throws(TemplateError) in
        let bound = try arguments.bind("xmlattr", ["autospace"])
        guard case .dict(let storage) = value else { throw TemplateError(.type, "xmlattr takes a dictionary") }
        var parts: [String] = []
        for entry in storage.entries {
            if case .none = entry.value { continue }
            if case .undefined = entry.value { continue }
            let key = try renderer.string(entry.shown, "an attribute name")
            guard !key.scalars.contains(where: { Whitespace.contains($0) || "/>=".unicodeScalars.contains($0) }) else {
                throw TemplateError(.value, "invalid character in attribute name: '\(key.string)'")
            }
            let text = try renderer.escaped(renderer.text(of: entry.value))
            parts.append("\(try renderer.escaped(key).string)=\"\(text.string)\"")
        }
        let joined = parts.joined(separator: " ")
        try renderer.charge(stringOf: joined.utf8.count)
        return .text((bound[0]?.isTrue ?? true) && !parts.isEmpty ? " " + joined : joined)
    }
}

extension Value {
    /// The value, or nil for none.
    var ifNotNone: Value? {
        if case .none = self { nil } else { self }
    }
}

extension Renderer {
    func mapCase(
        _ text: PythonString, _ mapping: (PythonString) -> PythonString
    ) throws(TemplateError) -> PythonString {
        try charge(steps: text.utf8.count / 4)
        // A character becomes three at most, of at most three times its bytes.
        try charge(stringOf: text.utf8.count)
        return mapping(text)
    }
}
