extension StringMethods {
    /// The part that `start` and `end` of a search allow, in bytes, and where it starts; nil where start is behind end.
    private static func window(
        _ renderer: Renderer, _ text: PythonString, _ start: Value?, _ end: Value?
    ) throws(TemplateError) -> Range<Int>? {
        try renderer.charge(scanning: text)
        guard start?.ifNotNone != nil || end?.ifNotNone != nil else { return 0..<text.utf8.count }
        func place(_ value: Value?, _ standard: Int) throws(TemplateError) -> Int {
            guard let value = value?.ifNotNone else { return standard }
            let index = try renderer.integer(value, "a slice index")
            return index < 0 ? max(0, index + text.count) : index
        }
        let from = try place(start, 0)
        let to = min(try place(end, text.count), text.count)
        guard from <= to else { return nil }
        return text.byteOffset(of: from)..<text.byteOffset(of: to)
    }

    private static func find(
        _ renderer: Renderer, _ value: Value, _ arguments: CallArguments, fromRight: Bool
    ) throws(TemplateError) -> Int? {
        let bound = try arguments.bind("find", ["sub", "start", "end"], required: 1)
        let part = try renderer.string(bound[0], "the text to find")
        let text = own(value)
        guard let window = try window(renderer, text, bound[1], bound[2]) else { return nil }
        let inside = PythonString(utf8: text.utf8[window])
        var place: Int?
        if fromRight {
            place = part.isEmpty ? inside.utf8.count : placesFromRight(inside, part, inside.places(of: part)).last
        } else {
            place = inside.firstByte(of: part)
        }
        return place.map { text.codePoint(ofByte: window.lowerBound + $0) }
    }

    private static func findMethod(fromRight: Bool, mustFind: Bool) -> Method {
        { renderer, value, arguments throws(TemplateError) in
            let place = try find(renderer, value, arguments, fromRight: fromRight)
            guard place != nil || !mustFind else { throw TemplateError(.value, "substring not found") }
            return .int(place ?? -1)
        }
    }

    private static func edgeMethod(_ matches: @escaping @Sendable (PythonString, PythonString) -> Bool) -> Method {
        { renderer, value, arguments throws(TemplateError) in
            let bound = try arguments.bind("startswith", ["prefix", "start", "end"], required: 1)
            let text = own(value)
            let wanted: [Value]
            switch bound[0] {
            case .tuple(let storage): wanted = storage.items
            case let other: wanted = [other ?? .none]
            }
            var inside: PythonString? = text
            if bound[1] != nil || bound[2] != nil {
                inside = try window(renderer, text, bound[1], bound[2]).map { PythonString(utf8: text.utf8[$0]) }
            }
            for part in wanted {
                try renderer.charge(steps: 1)
                let part = try renderer.string(part, "the text at the edge")
                if let inside, matches(inside, part) { return .bool(true) }
            }
            return .bool(false)
        }
    }

    static let searches: [(String, Method)] = [
        ("find", findMethod(fromRight: false, mustFind: false)),
        ("rfind", findMethod(fromRight: true, mustFind: false)),
        ("index", findMethod(fromRight: false, mustFind: true)),
        ("rindex", findMethod(fromRight: true, mustFind: true)),
        ("startswith", edgeMethod { $0.hasPrefix($1) }),
        ("endswith", edgeMethod { $0.hasSuffix($1) }),
        (
            "count",
            { renderer, value, arguments throws(TemplateError) in
                let bound = try arguments.bind("count", ["sub", "start", "end"], required: 1)
                let part = try renderer.string(bound[0], "the text to count")
                let text = own(value)
                guard let window = try window(renderer, text, bound[1], bound[2]) else { return .int(0) }
                let inside = PythonString(utf8: text.utf8[window])
                return .int(part.isEmpty ? inside.count + 1 : inside.places(of: part).count)
            }
        ),
    ]
}
