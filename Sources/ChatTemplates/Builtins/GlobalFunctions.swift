/// The functions that every template has.
enum GlobalFunctions {
    /// Name and value, made anew for each rendering.
    static let all: [(PythonString, @Sendable () -> Value)] = [
        (
            "range",
            function("range", shown: "<class 'range'>") { _, arguments throws(TemplateError) in
                let numbers = try range(arguments)
                return .object(try RangeObject(start: numbers.start, stop: numbers.stop, step: numbers.step))
            }
        ),
        ("dict", function("dict", shown: "<class 'dict'>", dict)),
        ("namespace", function("namespace", shown: "<class 'jinja2.utils.Namespace'>", namespace)),
        (
            "cycler",
            function("cycler", shown: "<class 'jinja2.utils.Cycler'>") { renderer, arguments throws(TemplateError) in
                guard arguments.keywords.isEmpty else {
                    throw TemplateError(.type, "cycler takes no keyword arguments")
                }
                let cycler = try CyclerObject(arguments.positional)
                try renderer.charge(listOf: arguments.positional.count)
                return .object(cycler)
            }
        ),
        (
            "joiner",
            function("joiner", shown: "<class 'jinja2.utils.Joiner'>") { _, arguments throws(TemplateError) in
                .object(try JoinerObject(try arguments.bind("joiner", ["sep"])[0] ?? ", "))
            }
        ),
        (
            "lipsum",
            function("lipsum") { _, _ throws(TemplateError) in
                throw TemplateError(.unsupported, "lipsum is not implemented: its text is random")
            }
        ),
        (
            "raise_exception",
            function("raise_exception") { renderer, arguments throws(TemplateError) in
                let message = try arguments.bind("raise_exception", ["message"], required: 1)[0] ?? .none
                throw TemplateError(.raised, try renderer.text(of: message).string)
            }
        ),
        (
            "strftime_now",
            function("strftime_now") { renderer, arguments throws(TemplateError) in
                let format = try arguments.bind("strftime_now", ["format"], required: 1)[0]
                let text = try renderer.string(format, "strftime() argument 1")
                try renderer.charge(steps: text.utf8.count)
                return .text(try DateFormat.text(of: renderer.now, format: text.string))
            }
        ),
    ]

    private typealias Body = @Sendable (Renderer, CallArguments) throws(TemplateError) -> Value

    private static func function(
        _ name: StaticString, shown: PythonString? = nil, _ body: @escaping Body
    ) -> @Sendable () -> Value {
        { .object(FunctionObject(name, shown: shown, body)) }
    }

    private static func range(
        _ arguments: CallArguments
    ) throws(TemplateError) -> (start: Int, stop: Int, step: Int) {
        guard arguments.keywords.isEmpty else { throw TemplateError(.type, "range() takes no keyword arguments") }
        var numbers: [Int] = []
        for value in arguments.positional {
            switch value {
            case .int(let number): numbers.append(number)
            case .bool(let truth): numbers.append(truth ? 1 : 0)
            case .undefined(let absence): throw absence.error
            default:
                throw TemplateError(.type, "'\(value.typeName)' object cannot be interpreted as an integer")
            }
        }
        switch numbers.count {
        case 1: return (0, numbers[0], 1)
        case 2: return (numbers[0], numbers[1], 1)
        case 3: return (numbers[0], numbers[1], numbers[2])
        default: throw TemplateError(.type, "range expected 1 to 3 arguments, got \(numbers.count)")
        }
    }

    /// Entries of `dict(…)` and `namespace(…)`: a dictionary or pairs, then keywords.
    private static func entries(
        _ renderer: Renderer, _ arguments: CallArguments
    ) throws(TemplateError) -> DictStorage.Builder {
        guard arguments.positional.count <= 1 else {
            throw TemplateError(.type, "dict expected at most 1 argument, got \(arguments.positional.count)")
        }
        var builder = DictStorage.Builder()
        switch arguments.positional.first {
        case nil: break
        case .dict(let storage):
            try renderer.charge(listOf: storage.entries.count * 3)
            builder = DictStorage.Builder(copying: storage)
        case .some(let pairs):
            let items = try renderer.iterate(pairs)
            while let item = try items.next() {
                try renderer.charge(listOf: 3)
                let pair = try renderer.items(of: item)
                guard pair.count == 2 else {
                    throw TemplateError(
                        .value, "dictionary update sequence element has length \(pair.count); 2 is required")
                }
                builder.set(try renderer.key(pair[0]), shown: pair[0], to: pair[1])
            }
        }
        for (name, value) in arguments.keywords { builder.set(name, to: value) }
        return builder
    }

    private static let dict: Body = { renderer, arguments throws(TemplateError) in
        .dict(try entries(renderer, arguments).finish())
    }

    private static let namespace: Body = { renderer, arguments throws(TemplateError) in
        let namespace = NamespaceObject(try entries(renderer, arguments))
        try renderer.keep(namespace)
        return .object(namespace)
    }
}
