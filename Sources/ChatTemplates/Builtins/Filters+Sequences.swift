extension Filters {
    static let sequences: [(String, Filter)] = [
        ("length", length), ("count", length),
        (
            "first",
            { renderer, value, arguments throws(TemplateError) in
                _ = try arguments.bind("first", [])
                return try renderer.iterate(value).next() ?? .undefined(.other("No first item, sequence was empty."))
            }
        ),
        (
            "last",
            { renderer, value, arguments throws(TemplateError) in
                _ = try arguments.bind("last", [])
                if case .string(let text) = value, !text.isEmpty {
                    try renderer.charge(scanning: text)
                    return .string(text.slice(text.count - 1, text.count))
                }
                return try reversed(renderer, value).next() ?? .undefined(.other("No last item, sequence was empty."))
            }
        ),
        (
            "random",
            { renderer, value, arguments throws(TemplateError) in
                let items = try renderer.items(of: value)
                return items.randomElement() ?? .undefined(.other("No random item, sequence was empty."))
            }
        ),
        (
            "list",
            { renderer, value, arguments throws(TemplateError) in
                _ = try arguments.bind("list", [])
                return try .list(of: renderer.items(of: value))
            }
        ),
        ("join", join),
        ("reverse", reverse),
        (
            "items",
            { renderer, value, arguments throws(TemplateError) in
                _ = try arguments.bind("items", [])
                switch value {
                case .undefined: return .object(try GeneratorObject(from: .none) { () throws(TemplateError) in nil })
                case .dict(let storage):
                    let pairs = ValueIterator(storage.entries.indices.map { .int($0) })
                    return .object(
                        try GeneratorObject(from: value, arguments) { () throws(TemplateError) in
                            guard case .int(let place)? = try pairs.next() else { return nil }
                            return try .tuple(of: [storage.entries[place].shown, storage.entries[place].value])
                        })
                default: throw TemplateError(.type, "Can only get item pairs from a mapping.")
                }
            }
        ),
        ("dictsort", dictsort),
        ("sort", sort),
        ("unique", unique),
        ("groupby", groupby),
        (
            "min",
            { renderer, value, arguments throws(TemplateError) in
                try extreme(renderer, value, arguments, takesLess: true)
            }
        ),
        (
            "max",
            { renderer, value, arguments throws(TemplateError) in
                try extreme(renderer, value, arguments, takesLess: false)
            }
        ),
        ("sum", sum),
        ("batch", batch),
        ("slice", slice),
        (
            "attr",
            { renderer, value, arguments throws(TemplateError) in
                let name = try renderer.string(try arguments.bind("attr", ["name"], required: 1)[0], "name")
                return try renderer.attributeOnly(name, of: value)
            }
        ),
    ]

    private static let length: Filter = { renderer, value, arguments throws(TemplateError) in
        _ = try arguments.bind("length", [])
        guard let length = renderer.length(of: value) else {
            if case .object(let loop as LoopObject) = value { return try loop.attribute("length") ?? .none }
            throw TemplateError(.type, "object of type '\(value.typeName)' has no len()")
        }
        return .int(length)
    }

    private static let join: Filter = { renderer, value, arguments throws(TemplateError) in
        let bound = try arguments.bind("join", ["d", "attribute"])
        let separator = try bound[0].map { value throws(TemplateError) in try renderer.text(of: value) } ?? .empty
        let parts = try renderer.attributeParts(bound[1])
        let items = try renderer.iterate(value)
        var bytes: [UInt8] = []
        var isFirst = true
        while let item = try items.next() {
            try renderer.charge(steps: 1)
            let text = try renderer.text(of: renderer.follow(parts, from: item))
            if !isFirst { bytes.append(contentsOf: separator.utf8) }
            isFirst = false
            bytes.append(contentsOf: text.utf8)
            guard bytes.count <= renderer.limits.stringBytes else { break }
        }
        try renderer.charge(stringOf: bytes.count)
        return .string(PythonString(utf8: bytes))
    }

    /// Items from the back; only for what has an order.
    private static func reversed(_ renderer: Renderer, _ value: Value) throws(TemplateError) -> ValueIterator {
        switch value {
        case .object(let object) where !(object.isSequence || object is DictViewObject):
            throw TemplateError(.type, "'\(object.typeName)' object is not reversible")
        case .undefined: return ValueIterator([])
        default: return ValueIterator(try renderer.items(of: value).reversed())
        }
    }

    private static let reverse: Filter = { renderer, value, arguments throws(TemplateError) in
        _ = try arguments.bind("reverse", [])
        switch value {
        case .string(let text):
            try renderer.charge(scanning: text)
            try renderer.charge(stringOf: text.utf8.count)
            return .string(PythonString(scalars: text.scalars.reversed(), isMarkup: text.isMarkup))
        case .object(let object) where !(object.isSequence || object is DictViewObject):
            return try .list(of: renderer.items(of: value).reversed())
        case .undefined: return ListStorage.empty
        default:
            let items = try reversed(renderer, value)
            return .object(try GeneratorObject("list_reverseiterator", from: value, CallArguments(), items.next))
        }
    }

    private static let dictsort: Filter = { renderer, value, arguments throws(TemplateError) in
        let bound = try arguments.bind("dictsort", ["case_sensitive", "by", "reverse"])
        guard case .dict(let storage) = value else { throw TemplateError(.type, "dictsort takes a dictionary") }
        let by = try bound[1].map { by throws(TemplateError) in try renderer.string(by, "by") } ?? "key"
        guard by == "key" || by == "value" else {
            throw TemplateError(.value, "You can only sort by either \"key\" or \"value\"")
        }
        let sensitive = bound[0]?.isTrue ?? false
        var keys: [Value] = []
        for entry in storage.entries {
            let key = by == "key" ? entry.shown : entry.value
            keys.append(sensitive ? key : try renderer.ignoringCase(key))
        }
        try renderer.charge(listOf: storage.entries.count * 3)
        let order = try renderer.sorted(keys, descending: bound[2]?.isTrue ?? false)
        var pairs: [Value] = []
        for place in order {
            pairs.append(try .tuple(of: [storage.entries[place].shown, storage.entries[place].value]))
        }
        return try .list(of: pairs)
    }

    private static let sort: Filter = { renderer, value, arguments throws(TemplateError) in
        let bound = try arguments.bind("sort", ["reverse", "case_sensitive", "attribute"])
        let sensitive = bound[1]?.isTrue ?? false
        var paths: [[Value]] = []
        if case .string(let text)? = bound[2] {
            for path in StringMethods.split(text, by: ",", limit: .max) {
                paths.append(try renderer.attributeParts(.string(path)))
            }
        } else {
            paths = [try renderer.attributeParts(bound[2])]
        }
        let items = try renderer.items(of: value)
        try renderer.charge(listOf: items.count * (paths.count + 1))
        var keys: [Value] = []
        for item in items {
            var parts: [Value] = []
            for path in paths {
                let part = try renderer.follow(path, from: item)
                parts.append(sensitive ? part : try renderer.ignoringCase(part))
            }
            keys.append(try .list(of: parts))
        }
        let order = try renderer.sorted(keys, descending: bound[0]?.isTrue ?? false)
        return try .list(of: order.map { items[$0] })
    }

    private static let unique: Filter = { renderer, value, arguments throws(TemplateError) in
        let bound = try arguments.bind("unique", ["case_sensitive", "attribute"])
        let sensitive = bound[0]?.isTrue ?? false
        let parts = try renderer.attributeParts(bound[1])
        let items = try renderer.iterate(value)
        var seen: Set<DictKey> = []
        return .object(
            try GeneratorObject(from: value, arguments) { () throws(TemplateError) in
                while let item = try items.next() {
                    try renderer.charge(steps: 1)
                    try renderer.charge(bytes: 64)
                    let key = try renderer.follow(parts, from: item)
                    let folded = sensitive ? key : try renderer.ignoringCase(key)
                    if seen.insert(try renderer.key(folded)).inserted { return item }
                }
                return nil
            })
    }

    private static let groupby: Filter = { renderer, value, arguments throws(TemplateError) in
        let bound = try arguments.bind("groupby", ["attribute", "default", "case_sensitive"], required: 1)
        let sensitive = bound[2]?.isTrue ?? false
        let parts = try renderer.attributeParts(bound[0])
        let items = try renderer.items(of: value)
        try renderer.charge(listOf: items.count * 2)
        var keys: [Value] = []
        for item in items {
            let key = try renderer.follow(parts, from: item, default: bound[1]?.ifNotNone)
            keys.append(sensitive ? key : try renderer.ignoringCase(key))
        }
        var groups: [Value] = []
        var open: (key: Value, members: [Int])?
        func close(_ group: (key: Value, members: [Int])?) throws(TemplateError) {
            guard let group, let first = group.members.first else { return }
            // The group is named by its first member, in its own case.
            let name =
                sensitive
                ? group.key : try renderer.follow(parts, from: items[first], default: bound[1]?.ifNotNone)
            groups.append(.object(try GroupObject(name, try .list(of: group.members.map { items[$0] }))))
        }
        for place in try renderer.sorted(keys) {
            if let current = open, try renderer.areEqual(current.key, keys[place]) {
                open?.members.append(place)
            } else {
                try close(open)
                open = (keys[place], [place])
            }
        }
        try close(open)
        return try .list(of: groups)
    }

    private static func extreme(
        _ renderer: Renderer, _ value: Value, _ arguments: CallArguments, takesLess: Bool
    ) throws(TemplateError) -> Value {
        let bound = try arguments.bind("min", ["case_sensitive", "attribute"])
        let parts = try renderer.attributeParts(bound[1])
        let items = try renderer.iterate(value)
        var best: (item: Value, key: Value)?
        while let item = try items.next() {
            var key = try renderer.follow(parts, from: item)
            if !(bound[0]?.isTrue ?? false) { key = try renderer.ignoringCase(key) }
            guard let current = best else {
                best = (item, key)
                continue
            }
            let isBetter =
                takesLess
                ? try renderer.isLess(key, current.key) : try renderer.isLess(current.key, key)
            if isBetter { best = (item, key) }
        }
        return best?.item ?? .undefined(.other("No aggregated item, sequence was empty."))
    }

    private static let sum: Filter = { renderer, value, arguments throws(TemplateError) in
        let bound = try arguments.bind("sum", ["attribute", "start"])
        let parts = try renderer.attributeParts(bound[0])
        var total = bound[1] ?? .int(0)
        if case .string = total { throw TemplateError(.type, "sum() can't sum strings [use ''.join(seq) instead]") }
        let items = try renderer.iterate(value)
        while let item = try items.next() {
            try renderer.charge(steps: 1)
            total = try renderer.apply(.add, total, renderer.follow(parts, from: item))
        }
        return total
    }

    private static let batch: Filter = { renderer, value, arguments throws(TemplateError) in
        let bound = try arguments.bind("batch", ["linecount", "fill_with"], required: 1)
        let size = try renderer.integer(bound[0], "linecount")
        let items = try renderer.iterate(value)
        var waiting: Value?
        return .object(
            try GeneratorObject(from: value, arguments) { () throws(TemplateError) in
                var row: [Value] = waiting.map { [$0] } ?? []
                waiting = nil
                while let item = try items.next() {
                    try renderer.charge(steps: 1)
                    try renderer.charge(bytes: 48)
                    if row.count == size, !row.isEmpty || size == 0 {
                        waiting = item
                        return try .list(of: row)
                    }
                    row.append(item)
                }
                if row.isEmpty { return nil }
                if let fill = bound[1]?.ifNotNone, row.count < size {
                    try renderer.charge(listOf: size)
                    row.append(contentsOf: repeatElement(fill, count: size - row.count))
                }
                return try .list(of: row)
            })
    }

    private static let slice: Filter = { renderer, value, arguments throws(TemplateError) in
        let bound = try arguments.bind("slice", ["slices", "fill_with"], required: 1)
        let slices = try renderer.integer(bound[0], "slices")
        guard slices > 0 else { throw TemplateError(.value, "slice into \(slices) parts") }
        let items = try renderer.items(of: value)
        let (size, longer) = (items.count / slices, items.count % slices)
        var index = 0
        return .object(
            try GeneratorObject(from: value, arguments) { () throws(TemplateError) in
                guard index < slices else { return nil }
                try renderer.charge(steps: 1)
                let start = index * size + min(index, longer)
                let end = start + size + (index < longer ? 1 : 0)
                try renderer.charge(listOf: end - start)
                var column = Array(items[start..<end])
                if let fill = bound[1]?.ifNotNone, index >= longer { column.append(fill) }
                index += 1
                return try .list(of: column)
            })
    }
}

/// A group of `groupby`: a pair that also has the attributes `grouper` and `list`.
final class GroupObject: TemplateObject {
    private let pair: [Value]
    private let ownDepth: Int

    init(_ grouper: Value, _ list: Value) throws(TemplateError) {
        pair = [grouper, list]
        ownDepth = try Value.checked(max(grouper.depth, list.depth) + 1)
    }

    override var typeName: StaticString { "_GroupTuple" }
    override var depth: Int { ownDepth }
    override var length: Int? { 2 }
    override var isSequence: Bool { true }
    override func iterator(_ renderer: Renderer) -> ValueIterator? { ValueIterator(pair) }

    override func item(at index: Int) throws(TemplateError) -> Value? {
        switch index {
        case 0, -2: pair[0]
        case 1, -1: pair[1]
        default: nil
        }
    }

    override func attribute(_ name: PythonString) throws(TemplateError) -> Value? {
        switch name {
        case "grouper": pair[0]
        case "list": pair[1]
        default: nil
        }
    }

    override func text(_ renderer: Renderer) throws(TemplateError) -> PythonString? {
        try renderer.repr(.tuple(of: pair))
    }
}
