/// What a filter does: the value before the bar, and the arguments in its parentheses.
typealias Filter = @Sendable (Renderer, Value, CallArguments) throws(TemplateError) -> Value

/// The filters of the language by name.
enum Filters {
    static func named(_ name: PythonString) -> Filter? { all[name] }

    private static let all: [PythonString: Filter] = {
        var all: [PythonString: Filter] = [:]
        for (name, filter) in text + sequences + selections + numbers + missing { all[PythonString(name)] = filter }
        return all
    }()

    /// Filters that Jinja has and this interpreter has not: known, and an error where they are reached.
    private static let missing: [(String, Filter)] = ["pprint", "urlize"].map { name in
        (
            name,
            { _, _, _ throws(TemplateError) in
                throw TemplateError(.unsupported, "the filter '\(name)' is not implemented")
            }
        )
    }
}

extension Renderer {
    /// The text of a value; marked text stays marked.
    func softText(_ value: Value) throws(TemplateError) -> PythonString { try text(of: value) }

    /// An argument that must be a whole number.
    func integer(_ value: Value?, _ what: StaticString, default standard: Int? = nil) throws(TemplateError) -> Int {
        switch value {
        case .int(let number): return number
        case .bool(let truth): return truth ? 1 : 0
        case nil:
            if let standard { return standard }
            throw TemplateError(.type, "\(what) is missing")
        case .undefined(let absence): throw absence.error
        case .some(let value):
            throw TemplateError(.type, "\(what): '\(value.typeName)' object cannot be interpreted as an integer")
        }
    }

    /// An argument that must be a string.
    func string(_ value: Value?, _ what: StaticString) throws(TemplateError) -> PythonString {
        switch value {
        case .string(let text): return text
        case .undefined(let absence): throw absence.error
        case .some(let value): throw TemplateError(.type, "\(what) must be str, not \(value.typeName)")
        case nil: throw TemplateError(.type, "\(what) is missing")
        }
    }

    /// Applies a filter by the name that `map` is given.
    func applyFilter(_ name: Value, to value: Value, _ arguments: CallArguments) throws(TemplateError) -> Value {
        let name = try string(name, "the name of a filter")
        guard let filter = Filters.named(name) else {
            throw TemplateError(.unknownName, "No filter named '\(name.string)'")
        }
        return try nested { () throws(TemplateError) in try filter(self, value, arguments) }
    }

    /// Applies a test by the name that `select` is given.
    func applyTest(_ name: Value, to value: Value, _ arguments: CallArguments) throws(TemplateError) -> Bool {
        let name = try string(name, "the name of a test")
        guard let test = ValueTests.named(name) else {
            throw TemplateError(.unknownName, "No test named '\(name.string)'")
        }
        return try nested { () throws(TemplateError) in try test(self, value, arguments) }
    }

    /// The parts of `attribute='a.b.0'`: names and indexes, followed one after another.
    func attributeParts(_ attribute: Value?) throws(TemplateError) -> [Value] {
        switch attribute {
        case nil, .some(.none): return []
        case .string(let path):
            return path.places(of: ".").isEmpty
                ? [Self.part(path)] : StringMethods.split(path, by: ".", limit: .max).map(Self.part)
        case .some(let value): return [value]
        }
    }

    private static func part(_ text: PythonString) -> Value {
        if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let index = Int(text.string) {
            return .int(index)
        }
        return .string(text)
    }

    /// Follows attribute parts; `standard` stands for each that is undefined.
    func follow(_ parts: [Value], from value: Value, default standard: Value? = nil) throws(TemplateError) -> Value {
        var value = value
        for part in parts {
            value = try item(part, of: value)
            if let standard, case .undefined = value { value = standard }
        }
        return value
    }

    /// Text in lower case, anything else as it is: what sorting compares.
    func ignoringCase(_ value: Value) throws(TemplateError) -> Value {
        guard case .string(let text) = value else { return value }
        try charge(scanning: text)
        return .string(CaseMapping.lower(text))
    }

    /// Order of values by Python's `<`, stable: indexes of the items in order.
    func sorted(_ values: [Value], descending: Bool = false) throws(TemplateError) -> [Int] {
        var order = Array(values.indices)
        var merged = order
        var width = 1
        // Merge sort from below: a comparison may throw, which the standard library's sort also allows, but this
        // states that equal items keep their places in both directions.
        while width < values.count {
            try charge(steps: values.count / 8)
            var start = 0
            while start < values.count {
                let middle = min(start + width, values.count)
                let end = min(start + 2 * width, values.count)
                var (left, right) = (start, middle)
                for place in start..<end {
                    let takesRight: Bool
                    if left == middle {
                        takesRight = true
                    } else if right == end {
                        takesRight = false
                    } else {
                        let (a, b) = (values[order[left]], values[order[right]])
                        takesRight = descending ? try isLess(a, b) : try isLess(b, a)
                    }
                    merged[place] = takesRight ? order[right] : order[left]
                    if takesRight { right += 1 } else { left += 1 }
                }
                start = end
            }
            swap(&order, &merged)
            width *= 2
        }
        return order
    }
}
