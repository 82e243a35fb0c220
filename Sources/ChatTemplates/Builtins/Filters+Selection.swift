extension Filters {
    /// Filters that apply other filters or tests to items, when the items are read.
    static let selections: [(String, Filter)] = [
        ("map", map),
        (
            "select",
            { renderer, value, arguments throws(TemplateError) in
                try select(renderer, value, arguments, byAttribute: false, keeps: true)
            }
        ),
        (
            "reject",
            { renderer, value, arguments throws(TemplateError) in
                try select(renderer, value, arguments, byAttribute: false, keeps: false)
            }
        ),
        (
            "selectattr",
            { renderer, value, arguments throws(TemplateError) in
                try select(renderer, value, arguments, byAttribute: true, keeps: true)
            }
        ),
        (
            "rejectattr",
            { renderer, value, arguments throws(TemplateError) in
                try select(renderer, value, arguments, byAttribute: true, keeps: false)
            }
        ),
    ]

    private static let map: Filter = { renderer, value, arguments throws(TemplateError) in
        var source: ValueIterator?
        var change: ((Value) throws(TemplateError) -> Value)?
        return .object(
            try GeneratorObject(from: value, arguments) { () throws(TemplateError) in
                if source == nil {
                    guard value.isTrue else { return nil }
                    source = try renderer.iterate(value)
                    change = try mapping(renderer, arguments)
                }
                guard let item = try source?.next() else { return nil }
                try renderer.charge(steps: 1)
                return try change?(item)
            })
    }

    private static func mapping(
        _ renderer: Renderer, _ arguments: CallArguments
    ) throws(TemplateError) -> (Value) throws(TemplateError) -> Value {
        guard let name = arguments.positional.first else {
            let bound = try arguments.bind("map", ["", "attribute", "default"])
            guard let attribute = bound[1] else { throw TemplateError(.type, "map requires a filter argument") }
            let parts = try renderer.attributeParts(attribute)
            return { item throws(TemplateError) in
                try renderer.follow(parts, from: item, default: bound[2]?.ifNotNone)
            }
        }
        var rest = arguments
        rest.positional.removeFirst()
        return { [rest] item throws(TemplateError) in try renderer.applyFilter(name, to: item, rest) }
    }

    private static func select(
        _ renderer: Renderer, _ value: Value, _ arguments: CallArguments, byAttribute: Bool, keeps: Bool
    ) throws(TemplateError) -> Value {
        var source: ValueIterator?
        var test: ((Value) throws(TemplateError) -> Bool)?
        return .object(
            try GeneratorObject(from: value, arguments) { () throws(TemplateError) in
                if source == nil {
                    guard value.isTrue else { return nil }
                    test = try condition(renderer, arguments, byAttribute: byAttribute)
                    source = try renderer.iterate(value)
                }
                while let item = try source?.next() {
                    try renderer.charge(steps: 1)
                    if try test?(item) == keeps { return item }
                }
                return nil
            })
    }

    private static func condition(
        _ renderer: Renderer, _ arguments: CallArguments, byAttribute: Bool
    ) throws(TemplateError) -> (Value) throws(TemplateError) -> Bool {
        var rest = arguments
        var parts: [Value] = []
        if byAttribute {
            guard let attribute = rest.positional.first else {
                throw TemplateError(.type, "Missing parameter for attribute name")
            }
            parts = try renderer.attributeParts(attribute)
            rest.positional.removeFirst()
        }
        guard let name = rest.positional.first else {
            return { [parts] item throws(TemplateError) in try renderer.follow(parts, from: item).isTrue }
        }
        rest.positional.removeFirst()
        return { [parts, rest] item throws(TemplateError) in
            try renderer.applyTest(name, to: renderer.follow(parts, from: item), rest)
        }
    }
}
