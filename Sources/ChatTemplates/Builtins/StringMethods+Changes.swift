extension StringMethods {
    private static func caseMethod(_ mapping: @escaping @Sendable (PythonString) -> PythonString) -> Method {
        { renderer, value, arguments throws(TemplateError) in
            _ = try arguments.bind("method", [])
            return .string(try renderer.mapCase(own(value), mapping))
        }
    }

    private static func stripMethod(left: Bool, right: Bool) -> Method {
        { renderer, value, arguments throws(TemplateError) in
            let characters = try arguments.bind("strip", ["chars"])[0]
            return try strip(renderer, own(value), characters, left: left, right: right)
        }
    }

    private static func padMethod(_ alignment: Alignment) -> Method {
        { renderer, value, arguments throws(TemplateError) in
            let bound = try arguments.bind("method", ["width", "fillchar"], required: 1)
            let width = try renderer.integer(bound[0], "width")
            let fill = try bound[1].map { fill throws(TemplateError) in try renderer.string(fill, "fillchar") } ?? " "
            return .string(try pad(renderer, own(value), width, fill, alignment))
        }
    }

    private static func splitMethod(fromRight: Bool) -> Method {
        { renderer, value, arguments throws(TemplateError) in
            let bound = try arguments.bind("split", ["sep", "maxsplit"])
            let count = try renderer.integer(bound[1], "maxsplit", default: -1)
            let limit = count < 0 ? Int.max : count
            let text = own(value)
            try renderer.charge(scanning: text)
            let parts: [PythonString]
            if let separator = bound[0]?.ifNotNone {
                let separator = try renderer.string(separator, "sep")
                guard !separator.isEmpty else { throw TemplateError(.value, "empty separator") }
                var places = text.places(of: separator, limit: fromRight ? .max : limit)
                if fromRight { places = Array(placesFromRight(text, separator, places).suffix(limit)) }
                try renderer.charge(listOf: places.count)
                parts = cut(text, at: places, separator.utf8.count)
            } else {
                parts = words(of: text, limit: limit, fromRight: fromRight)
                try renderer.charge(listOf: parts.count)
            }
            try renderer.charge(steps: parts.count)
            try renderer.charge(bytes: text.utf8.count + parts.count * 48)
            return .list(of: parts)
        }
    }

    /// Places without overlap from the right. They differ from those from the left only where the separator overlaps
    /// itself, such as `aa` in `aaa`.
    static func placesFromRight(_ text: PythonString, _ separator: PythonString, _ places: [Int]) -> [Int] {
        guard (separator.failureTable().last ?? 0) > 0, places.count > 0 else { return places }
        let reversedText = PythonString(utf8: text.utf8.reversed(), count: text.utf8.count)
        let reversedSeparator = PythonString(utf8: separator.utf8.reversed(), count: separator.utf8.count)
        return reversedText.places(of: reversedSeparator).reversed().map {
            text.utf8.count - $0 - separator.utf8.count
        }
    }

    /// Words between white space; with a limit the rest stays as it is, without the white space before it.
    private static func words(of text: PythonString, limit: Int, fromRight: Bool) -> [PythonString] {
        let bytes = text.utf8
        var ranges: [Range<Int>] = []
        var place = Whitespace.skip(in: bytes, from: 0)
        while place < bytes.count {
            var end = place
            // A word ends where white space begins: jump from character to character.
            while end < bytes.count, Whitespace.skip(in: bytes, from: end, atMost: 1) == end {
                end += 1
                while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
            }
            ranges.append(place..<end)
            place = Whitespace.skip(in: bytes, from: end)
        }
        if limit < ranges.count {
            if fromRight {
                let cut = ranges.count - limit
                let end = ranges[cut - 1].upperBound
                ranges.replaceSubrange(..<cut, with: [0..<end])
            } else {
                let start = ranges[limit].lowerBound
                ranges.replaceSubrange(limit..., with: [start..<bytes.count])
            }
        }
        return ranges.map { PythonString(utf8: bytes[$0], isMarkup: text.isMarkup) }
    }

    static let changes: [(String, Method)] = [
        ("upper", caseMethod(CaseMapping.upper)),
        ("lower", caseMethod(CaseMapping.lower)),
        ("title", caseMethod(CaseMapping.title)),
        ("capitalize", caseMethod(CaseMapping.capitalize)),
        ("swapcase", caseMethod(CaseMapping.swap)),
        ("casefold", caseMethod(CaseMapping.fold)),
        ("strip", stripMethod(left: true, right: true)),
        ("lstrip", stripMethod(left: true, right: false)),
        ("rstrip", stripMethod(left: false, right: true)),
        ("center", padMethod(.center)),
        ("ljust", padMethod(.left)),
        ("rjust", padMethod(.right)),
        ("split", splitMethod(fromRight: false)),
        ("rsplit", splitMethod(fromRight: true)),
        (
            "splitlines",
            { renderer, value, arguments throws(TemplateError) in
                let keeps = try arguments.bind("splitlines", ["keepends"])[0]?.isTrue ?? false
                try renderer.charge(scanning: own(value))
                let parts = lines(of: own(value), keepingEnds: keeps)
                try renderer.charge(listOf: parts.count)
                try renderer.charge(steps: parts.count)
                try renderer.charge(bytes: own(value).utf8.count + parts.count * 48)
                return .list(of: parts)
            }
        ),
        (
            "replace",
            { renderer, value, arguments throws(TemplateError) in
                let bound = try arguments.bind("replace", ["old", "new", "count"], required: 2)
                let old = try renderer.string(bound[0], "replace() argument 1")
                var new = try renderer.string(bound[1], "replace() argument 2")
                if own(value).isMarkup { new = try renderer.escaped(new) }
                let count = try renderer.integer(bound[2], "count", default: -1)
                return .string(try replace(renderer, own(value), old, new, count: count))
            }
        ),
        (
            "removeprefix",
            { renderer, value, arguments throws(TemplateError) in
                let prefix = try renderer.string(try arguments.bind("removeprefix", ["prefix"])[0], "prefix")
                guard own(value).hasPrefix(prefix) else { return value }
                return .string(PythonString(utf8: own(value).utf8[prefix.utf8.count...], isMarkup: own(value).isMarkup))
            }
        ),
        (
            "removesuffix",
            { renderer, value, arguments throws(TemplateError) in
                let suffix = try renderer.string(try arguments.bind("removesuffix", ["suffix"])[0], "suffix")
                guard !suffix.isEmpty, own(value).hasSuffix(suffix) else { return value }
                let end = own(value).utf8.count - suffix.utf8.count
                return .string(PythonString(utf8: own(value).utf8[..<end], isMarkup: own(value).isMarkup))
            }
        ),
        (
            "zfill",
            { renderer, value, arguments throws(TemplateError) in
                let width = try renderer.integer(try arguments.bind("zfill", ["width"])[0], "width")
                let text = own(value)
                let signed = text.hasPrefix("-") || text.hasPrefix("+")
                let digits = signed ? text.slice(1, text.count) : text
                let filled = try pad(renderer, digits, max(width, 1) - (signed ? 1 : 0), "0", .right)
                return .string(signed ? text.slice(0, 1) + filled : filled)
            }
        ),
        (
            "expandtabs",
            { renderer, value, arguments throws(TemplateError) in
                let size = try renderer.integer(try arguments.bind("expandtabs", ["tabsize"])[0], "tabsize", default: 8)
                return .string(try expandTabs(renderer, own(value), size))
            }
        ),
        (
            "join",
            { renderer, value, arguments throws(TemplateError) in
                let items = try arguments.bind("join", ["iterable"], required: 1)[0] ?? .none
                return .string(try join(renderer, own(value), items))
            }
        ),
        (
            "partition",
            { renderer, value, arguments throws(TemplateError) in
                let text = own(value)
                let separator = try renderer.string(try arguments.bind("partition", ["sep"])[0], "sep")
                guard !separator.isEmpty else { throw TemplateError(.value, "empty separator") }
                try renderer.charge(scanning: text)
                return try parted(text, separator, text.firstByte(of: separator), fromRight: false)
            }
        ),
        (
            "rpartition",
            { renderer, value, arguments throws(TemplateError) in
                let text = own(value)
                let separator = try renderer.string(try arguments.bind("rpartition", ["sep"])[0], "sep")
                guard !separator.isEmpty else { throw TemplateError(.value, "empty separator") }
                try renderer.charge(scanning: text)
                let places = placesFromRight(text, separator, text.places(of: separator))
                return try parted(text, separator, places.last, fromRight: true)
            }
        ),
        (
            "format",
            { renderer, value, arguments throws(TemplateError) in
                .string(try renderer.format(own(value), arguments))
            }
        ),
        (
            "format_map",
            { renderer, value, arguments throws(TemplateError) in
                guard case .dict(let storage)? = try arguments.bind("format_map", ["mapping"], required: 1)[0] else {
                    throw TemplateError(.type, "format_map() takes a mapping")
                }
                var named = CallArguments()
                for entry in storage.entries {
                    if case .string(let name) = entry.key { named.keywords.append((name, entry.value)) }
                }
                return .string(try renderer.format(own(value), named))
            }
        ),
    ]

    private static func parted(
        _ text: PythonString, _ separator: PythonString, _ place: Int?, fromRight: Bool
    ) throws(TemplateError) -> Value {
        let mark = text.isMarkup
        guard let place else {
            let empty = PythonString.empty.marked(mark)
            return try .tuple(of: (fromRight ? [empty, empty, text] : [text, empty, empty]).map { .string($0) })
        }
        let parts = [
            PythonString(utf8: text.utf8[..<place], isMarkup: mark), separator.marked(mark),
            PythonString(utf8: text.utf8[(place + separator.utf8.count)...], isMarkup: mark),
        ]
        return try .tuple(of: parts.map { .string($0) })
    }

    private static func join(
        _ renderer: Renderer, _ separator: PythonString, _ value: Value
    ) throws(TemplateError) -> PythonString {
        var bytes: [UInt8] = []
        let items = try renderer.iterate(value)
        var place = 0
        while let item = try items.next() {
            var text: PythonString
            if separator.isMarkup {
                text = try renderer.escaped(renderer.text(of: item))
            } else {
                guard case .string(let string) = item else {
                    throw TemplateError(
                        .type, "sequence item \(place): expected str instance, \(item.typeName) found")
                }
                text = string
            }
            if place > 0 { bytes.append(contentsOf: separator.utf8) }
            bytes.append(contentsOf: text.utf8)
            place += 1
            try renderer.charge(steps: 1)
            guard bytes.count <= renderer.limits.stringBytes else { break }
        }
        try renderer.charge(stringOf: bytes.count)
        return PythonString(utf8: bytes, isMarkup: separator.isMarkup)
    }

    private static func expandTabs(
        _ renderer: Renderer, _ text: PythonString, _ size: Int
    ) throws(TemplateError) -> PythonString {
        var bytes: [UInt8] = []
        var column = 0
        try renderer.charge(scanning: text)
        for byte in text.utf8 {
            if byte == 0x09 {
                let blanks = size > 0 ? size - column % size : 0
                guard blanks <= renderer.limits.stringBytes - bytes.count else {
                    throw TemplateError(.limit, "a string of more than \(renderer.limits.stringBytes) bytes")
                }
                bytes.append(contentsOf: repeatElement(0x20, count: blanks))
                column += blanks
            } else {
                bytes.append(byte)
                if byte == 0x0A || byte == 0x0D {
                    column = 0
                } else if byte & 0xC0 != 0x80 {
                    column += 1
                }
            }
        }
        try renderer.charge(stringOf: bytes.count)
        return PythonString(utf8: bytes, isMarkup: text.isMarkup)
    }
}
