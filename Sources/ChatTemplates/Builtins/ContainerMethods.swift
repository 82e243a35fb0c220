/// The methods of lists and tuples; those that change a list are refused by the sandbox.
enum ListMethods {
    static func named(_ name: PythonString) -> Method? { all[name] }

    static let refused: Set<PythonString> = [
        "append", "pop", "clear", "sort", "reverse", "insert", "extend", "remove",
    ]

    private static let all: [PythonString: Method] = [
        "index": { renderer, value, arguments throws(TemplateError) in
            let bound = try arguments.bind("index", ["value", "start", "stop"], required: 1)
            let items = try renderer.items(of: value)
            func place(_ given: Value?, _ standard: Int) throws(TemplateError) -> Int {
                let index = try renderer.integer(given, "a slice index", default: standard)
                return min(max(index < 0 ? index + items.count : index, 0), items.count)
            }
            let wanted = bound[0] ?? .none
            let (start, stop) = (try place(bound[1], 0), try place(bound[2], items.count))
            for index in start..<max(start, stop) {
                try renderer.charge(steps: 1)
                if try renderer.areEqual(items[index], wanted) { return .int(index) }
            }
            throw TemplateError(.value, "\(try renderer.repr(wanted).string.prefix(80)) is not in list")
        },
        "count": { renderer, value, arguments throws(TemplateError) in
            let wanted = try arguments.bind("count", ["value"], required: 1)[0] ?? .none
            var count = 0
            for item in try renderer.items(of: value) {
                try renderer.charge(steps: 1)
                if try renderer.areEqual(item, wanted) { count += 1 }
            }
            return .int(count)
        },
        "copy": { renderer, value, arguments throws(TemplateError) in
            _ = try arguments.bind("copy", [])
            return try .list(of: renderer.items(of: value))
        },
    ]
}

/// The methods of dictionaries; those that change one are refused by the sandbox.
enum DictMethods {
    static func named(_ name: PythonString) -> Method? { all[name] }

    static let refused: Set<PythonString> = ["clear", "pop", "popitem", "setdefault", "update"]

    private static func view(_ kind: DictViewObject.Kind) -> Method {
        { _, value, arguments throws(TemplateError) in
            _ = try arguments.bind("items", [])
            guard case .dict(let storage) = value else { return .none }
            return .object(DictViewObject(storage, kind))
        }
    }

    private static let all: [PythonString: Method] = [
        "get": { renderer, value, arguments throws(TemplateError) in
            guard arguments.keywords.isEmpty else { throw TemplateError(.type, "get() takes no keyword arguments") }
            let bound = try arguments.bind("get", ["key", "default"], required: 1)
            guard case .dict(let storage) = value, let key = bound[0] else { return .none }
            return try storage[renderer.key(key)] ?? bound[1] ?? .none
        },
        "keys": view(.keys),
        "values": view(.values),
        "items": view(.items),
        "copy": { _, value, arguments throws(TemplateError) in
            _ = try arguments.bind("copy", [])
            guard case .dict(let storage) = value else { return value }
            return .dict(try DictStorage.Builder(copying: storage).finish())
        },
    ]
}

/// Attributes that Python's numbers have and these do not.
enum NumberMethods {
    static let notImplemented: Set<PythonString> = [
        "real", "imag", "numerator", "denominator", "bit_length", "bit_count", "conjugate", "to_bytes", "from_bytes",
        "as_integer_ratio", "is_integer", "hex", "fromhex",
    ]
}
