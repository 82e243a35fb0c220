extension Renderer {
    func evaluate(_ expression: Expression) throws(TemplateError) -> Value {
        try evaluate(expression, input: nil)
    }

    /// The value of an expression; `input` is what the first filter of a block filters.
    func evaluate(_ expression: Expression, input: Value?) throws(TemplateError) -> Value {
        switch expression.kind {
        case .constant(let constant): return Value(constant)
        case .name(let name):
            try charge(steps: 1)
            return value(of: name)
        default:
            try charge(steps: 1)
            try enter()
            defer { leave() }
            do {
                return try compute(expression, input)
            } catch {
                throw error.at(line: expression.line)
            }
        }
    }

    private func compute(_ expression: Expression, _ input: Value?) throws(TemplateError) -> Value {
        switch expression.kind {
        case .constant(let constant): return Value(constant)
        case .name(let name): return value(of: name)
        case .list(let items): return try .list(of: try evaluate(all: items))
        case .tuple(let items): return try .tuple(of: try evaluate(all: items))
        case .dict(let pairs): return try dict(pairs)
        case .conditional(let test, let then, let otherwise):
            return try conditional(test, then, otherwise)
        case .and(let operands): return try firstOperand(operands, where: false)
        case .or(let operands): return try firstOperand(operands, where: true)
        case .not(let operand): return .bool(!(try evaluate(operand).isTrue))
        case .negative(let operand): return try negate(try evaluate(operand))
        case .positive(let operand): return try plus(try evaluate(operand))
        case .binary(let binary, let left, let right):
            let left = try evaluate(left)
            return try apply(binary, left, try evaluate(right))
        case .concatenation(let parts): return try concatenate(parts)
        case .comparison(let first, let rest): return try compare(first, rest)
        case .attribute(let base, let name): return try attribute(name, of: try evaluate(base))
        case .item(let base, let index): return try item(base, index)
        case .slice: throw TemplateError(.type, "a slice stands only in brackets")
        case .call(let function, let arguments):
            let function = try evaluate(function)
            return try call(function, try evaluate(arguments), line: expression.line)
        case .filter(let source, let filter, let arguments): return try apply(filter, to: source, arguments, input)
        case .test(let subject, let test, let arguments): return try apply(test, to: subject, arguments)
        }
    }

    private func evaluate(all expressions: [Expression]) throws(TemplateError) -> [Value] {
        try charge(listOf: expressions.count)
        var values: [Value] = []
        values.reserveCapacity(expressions.count)
        for expression in expressions { values.append(try evaluate(expression)) }
        return values
    }

    private func dict(_ pairs: [(key: Expression, value: Expression)]) throws(TemplateError) -> Value {
        try charge(listOf: pairs.count * 3)
        var builder = DictStorage.Builder()
        for pair in pairs {
            let key = try evaluate(pair.key)
            builder.set(try self.key(key), shown: key, to: try evaluate(pair.value))
        }
        return .dict(try builder.finish())
    }

    private func conditional(
        _ test: Expression, _ then: Expression, _ otherwise: Expression?
    ) throws(TemplateError) -> Value {
        if try evaluate(test).isTrue { return try evaluate(then) }
        if let otherwise { return try evaluate(otherwise) }
        return .undefined(.other("the inline if-expression evaluated to false and has no else"))
    }

    /// `and` and `or` give the operand that decides.
    private func firstOperand(_ operands: [Expression], where truth: Bool) throws(TemplateError) -> Value {
        var last = Value.none
        for operand in operands {
            last = try evaluate(operand)
            if last.isTrue == truth { return last }
        }
        return last
    }

    private func concatenate(_ parts: [Expression]) throws(TemplateError) -> Value {
        var bytes: [UInt8] = []
        var count = 0
        for part in parts {
            let text = try text(of: try evaluate(part))
            try charge(stringOf: bytes.count + text.utf8.count)
            bytes.append(contentsOf: text.utf8)
            count += text.count
        }
        return .string(PythonString(utf8: bytes, count: count))
    }

    private func compare(
        _ first: Expression, _ rest: [(comparison: ComparisonOperator, operand: Expression)]
    ) throws(TemplateError) -> Value {
        var left = try evaluate(first)
        for (comparison, operand) in rest {
            let right = try evaluate(operand)
            guard try compare(comparison, left, right) else { return .bool(false) }
            left = right
        }
        return .bool(true)
    }

    private func item(_ base: Expression, _ index: Expression) throws(TemplateError) -> Value {
        let base = try evaluate(base)
        guard case .slice(let start, let stop, let step) = index.kind else {
            return try item(try evaluate(index), of: base)
        }
        let bounds = SliceBounds(
            start: try start.map { expression throws(TemplateError) in try evaluate(expression) },
            stop: try stop.map { expression throws(TemplateError) in try evaluate(expression) },
            step: try step.map { expression throws(TemplateError) in try evaluate(expression) })
        return try slice(base, bounds)
    }

    func evaluate(_ arguments: Expression.Arguments) throws(TemplateError) -> CallArguments {
        var values = CallArguments()
        for expression in arguments.positional { values.positional.append(try evaluate(expression)) }
        for (name, expression) in arguments.keywords { values.keywords.append((name, try evaluate(expression))) }
        if let list = arguments.list {
            values.positional.append(contentsOf: try items(of: try evaluate(list)))
        }
        if let dictionary = arguments.dictionary {
            guard case .dict(let entries) = try evaluate(dictionary) else {
                throw TemplateError(.type, "argument after ** must be a mapping", line: dictionary.line)
            }
            for entry in entries.entries {
                guard case .string(let name) = entry.key else {
                    throw TemplateError(.type, "keywords must be strings", line: dictionary.line)
                }
                guard !arguments.keywords.contains(where: { $0.name == name }) else {
                    throw TemplateError(.type, "multiple values for keyword argument '\(name.string)'")
                }
                values.keywords.append((name, entry.value))
            }
        }
        return values
    }

    private func apply(
        _ filter: FilterReference, to source: Expression?, _ arguments: Expression.Arguments, _ input: Value?
    ) throws(TemplateError) -> Value {
        let value: Value
        if let source { value = try evaluate(source, input: input) } else { value = input ?? .none }
        guard let apply = filter.apply else {
            throw TemplateError(.unknownName, "No filter named '\(filter.name.string)' found")
        }
        return try apply(self, value, try evaluate(arguments))
    }

    private func apply(
        _ test: TestReference, to subject: Expression, _ arguments: Expression.Arguments
    ) throws(TemplateError) -> Value {
        let value = try evaluate(subject)
        guard let apply = test.apply else {
            throw TemplateError(.unknownName, "No test named '\(test.name.string)' found")
        }
        return .bool(try apply(self, value, try evaluate(arguments)))
    }

    func call(_ function: Value, _ arguments: CallArguments, line: Int = 0) throws(TemplateError) -> Value {
        switch function {
        case .object(let object):
            return try nested { () throws(TemplateError) in try object.call(self, arguments) }
        case .undefined(let absence): throw absence.error
        default: throw TemplateError(.type, "'\(function.typeName)' object is not callable", line: line)
        }
    }
}

extension Value {
    init(_ constant: Constant) {
        switch constant {
        case .none: self = .none
        case .bool(let value): self = .bool(value)
        case .int(let value): self = .int(value)
        case .largeInteger(let digits): self = .largeInteger(digits)
        case .float(let value): self = .float(value)
        case .string(let text): self = .string(text)
        }
    }

    /// A variable of the rendering.
    init(_ value: TemplateValue) throws(TemplateError) {
        self = try Self.convert(value, depth: 0)
    }

    private static func convert(_ value: TemplateValue, depth: Int) throws(TemplateError) -> Value {
        _ = try checked(depth)
        switch value {
        case .undefined: return .undefined(.other("a variable is undefined"))
        case .none: return .none
        case .bool(let value): return .bool(value)
        case .int(let value): return .int(value)
        case .largeInteger(let digits): return .largeInteger(PythonString(digits))
        case .float(let value): return .float(value)
        case .string(let text): return .string(PythonString(text))
        case .list(let items): return try .list(of: try convert(items, depth: depth))
        case .tuple(let items): return try .tuple(of: try convert(items, depth: depth))
        case .dict(let entries):
            var builder = DictStorage.Builder()
            for entry in entries.entries {
                builder.set(PythonString(entry.key), to: try convert(entry.value, depth: depth + 1))
            }
            return .dict(try builder.finish())
        }
    }

    private static func convert(_ items: [TemplateValue], depth: Int) throws(TemplateError) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(items.count)
        for item in items { values.append(try convert(item, depth: depth + 1)) }
        return values
    }
}
