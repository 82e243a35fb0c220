/// What a test decides: the value before `is`, and the arguments.
typealias ValueTest = @Sendable (Renderer, Value, CallArguments) throws(TemplateError) -> Bool

/// The tests of the language by name.
enum ValueTests {
    static func named(_ name: PythonString) -> ValueTest? { all[name] }

    private static let all: [PythonString: ValueTest] = {
        var all: [PythonString: ValueTest] = [:]
        for (name, test) in plain { all[PythonString(name)] = withoutArguments(test) }
        for (names, comparison) in comparisons {
            for name in names { all[PythonString(name)] = comparing(comparison) }
        }
        all["divisibleby"] = divisible
        all["sameas"] = same
        return all
    }()

    private static func withoutArguments(_ test: @escaping PlainTest) -> ValueTest {
        { renderer, value, arguments throws(TemplateError) in
            _ = try arguments.bind("test", [])
            return try test(renderer, value)
        }
    }

    private static func comparing(_ comparison: ComparisonOperator) -> ValueTest {
        { renderer, value, arguments throws(TemplateError) in
            let other = try arguments.bind("test", ["other"], required: 1)[0] ?? .none
            return try renderer.compare(comparison, value, other)
        }
    }

    private static let divisible: ValueTest = { renderer, value, arguments throws(TemplateError) in
        let divisor = try arguments.bind("divisibleby", ["num"], required: 1)[0] ?? .none
        return try renderer.areEqual(renderer.apply(.modulo, value, divisor), .int(0))
    }

    private static let same: ValueTest = { _, value, arguments throws(TemplateError) in
        let other = try arguments.bind("sameas", ["other"], required: 1)[0] ?? .none
        return isSame(value, other)
    }

    private static let comparisons: [([String], ComparisonOperator)] = [
        (["==", "eq", "equalto"], .equal),
        (["!=", "ne"], .notEqual),
        ([">", "gt", "greaterthan"], .greater),
        ([">=", "ge"], .greaterOrEqual),
        (["<", "lt", "lessthan"], .less),
        (["<=", "le"], .lessOrEqual),
        (["in"], .isIn),
    ]

    private typealias PlainTest = @Sendable (Renderer, Value) throws(TemplateError) -> Bool

    private static let plain: [(String, PlainTest)] = [
        ("defined", { _, value throws(TemplateError) in !isUndefined(value) }),
        ("undefined", { _, value throws(TemplateError) in isUndefined(value) }),
        ("none", { _, value throws(TemplateError) in value.ifNotNone == nil }),
        ("boolean", { _, value throws(TemplateError) in truth(value) != nil }),
        ("true", { _, value throws(TemplateError) in truth(value) == true }),
        ("false", { _, value throws(TemplateError) in truth(value) == false }),
        (
            "integer",
            { _, value throws(TemplateError) in
                switch value {
                case .int, .largeInteger: true
                default: false
                }
            }
        ),
        ("float", { _, value throws(TemplateError) in if case .float = value { true } else { false } }),
        (
            "number",
            { _, value throws(TemplateError) in
                switch value {
                case .int, .largeInteger, .float, .bool: true
                default: false
                }
            }
        ),
        ("string", { _, value throws(TemplateError) in if case .string = value { true } else { false } }),
        ("mapping", { _, value throws(TemplateError) in if case .dict = value { true } else { false } }),
        (
            "sequence",
            { _, value throws(TemplateError) in
                switch value {
                case .undefined, .string, .list, .tuple, .dict: true
                case .object(let object): object.isSequence
                default: false
                }
            }
        ),
        (
            "iterable",
            { renderer, value throws(TemplateError) in
                switch value {
                case .undefined, .string, .list, .tuple, .dict: true
                case .object(let object): object.iterator(renderer) != nil
                default: false
                }
            }
        ),
        (
            "callable",
            { _, value throws(TemplateError) in
                switch value {
                case .object(let object): object.isCallable
                case .undefined: true
                default: false
                }
            }
        ),
        (
            "escaped",
            { _, value throws(TemplateError) in
                if case .string(let text) = value { text.isMarkup } else { false }
            }
        ),
        (
            "odd",
            { renderer, value throws(TemplateError) in
                try renderer.areEqual(renderer.apply(.modulo, value, .int(2)), .int(1))
            }
        ),
        (
            "even",
            { renderer, value throws(TemplateError) in
                try renderer.areEqual(renderer.apply(.modulo, value, .int(2)), .int(0))
            }
        ),
        ("lower", { renderer, value throws(TemplateError) in CharacterClass.isLower(try renderer.text(of: value)) }),
        ("upper", { renderer, value throws(TemplateError) in CharacterClass.isUpper(try renderer.text(of: value)) }),
        (
            "filter",
            { renderer, value throws(TemplateError) in
                _ = try renderer.key(value)
                return if case .string(let name) = value { Filters.named(name) != nil } else { false }
            }
        ),
        (
            "test",
            { renderer, value throws(TemplateError) in
                _ = try renderer.key(value)
                return if case .string(let name) = value { ValueTests.named(name) != nil } else { false }
            }
        ),
    ]

    private static func isUndefined(_ value: Value) -> Bool {
        if case .undefined = value { true } else { false }
    }

    private static func truth(_ value: Value) -> Bool? {
        if case .bool(let truth) = value { truth } else { nil }
    }

    /// Python's `is`. Small whole numbers and equal literals are one object in CPython; numbers and strings of equal
    /// text count as one here.
    private static func isSame(_ left: Value, _ right: Value) -> Bool {
        switch (left, right) {
        case (.none, .none), (.undefined, .undefined): true
        case (.bool(let a), .bool(let b)): a == b
        case (.int(let a), .int(let b)): a == b
        case (.float(let a), .float(let b)): a == b
        case (.string(let a), .string(let b)): a == b
        case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)): a === b
        case (.dict(let a), .dict(let b)): a === b
        case (.object(let a), .object(let b)): a === b
        default: false
        }
    }
}
