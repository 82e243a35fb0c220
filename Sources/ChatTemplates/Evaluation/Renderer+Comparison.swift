extension Renderer {
    func compare(_ comparison: ComparisonOperator, _ left: Value, _ right: Value) throws(TemplateError) -> Bool {
        switch comparison {
        case .equal: try areEqual(left, right)
        case .notEqual: !(try areEqual(left, right))
        case .less: try isLess(left, right, "<")
        case .greater: try isLess(right, left, ">")
        // `not b < a` would be wrong for NaN, which is below and above nothing.
        case .lessOrEqual: try isLessOrEqual(left, right, "<=")
        case .greaterOrEqual: try isLessOrEqual(right, left, ">=")
        case .isIn: try contains(right, left)
        case .isNotIn: !(try contains(right, left))
        }
    }

    /// Python's `==`. Never fails for the values, only for the work it takes.
    func areEqual(_ left: Value, _ right: Value) throws(TemplateError) -> Bool {
        switch (left, right) {
        case (.string(let first), .string(let second)):
            try charge(steps: min(first.utf8.count, second.utf8.count) / 64)
            return first == second
        case (.undefined, .undefined), (.none, .none): return true
        case (.largeInteger(let first), .largeInteger(let second)): return first == second
        case (.list(let first), .list(let second)), (.tuple(let first), .tuple(let second)):
            if first === second { return true }
            guard first.items.count == second.items.count else { return false }
            for (a, b) in zip(first.items, second.items) {
                try charge(steps: 1)
                guard try areEqual(a, b) else { return false }
            }
            return true
        case (.dict(let first), .dict(let second)): return try areEqual(first, second)
        case (.object(let first), .object(let second)):
            if let first = first as? RangeObject, let second = second as? RangeObject { return first == second }
            return first === second
        default:
            guard let first = Number(left), let second = Number(right) else { return false }
            switch (first, second) {
            case (.int(let a), .int(let b)): return a == b
            case (.float(let a), .float(let b)): return a == b
            case (.int(let whole), .float(let float)), (.float(let float), .int(let whole)):
                return Int(exactly: float) == whole
            }
        }
    }

    private func areEqual(_ first: DictStorage, _ second: DictStorage) throws(TemplateError) -> Bool {
        if first === second { return true }
        guard first.entries.count == second.entries.count else { return false }
        for entry in first.entries {
            try charge(steps: 1)
            guard let other = second[entry.key], try areEqual(entry.value, other) else { return false }
        }
        return true
    }

    /// Python's `<`; `symbol` is what the template wrote, for the message.
    func isLess(_ left: Value, _ right: Value, _ symbol: StaticString = "<") throws(TemplateError) -> Bool {
        try charge(steps: 1)
        switch (left, right) {
        case (.string(let first), .string(let second)):
            try charge(steps: min(first.utf8.count, second.utf8.count) / 64)
            return first < second
        case (.list(let first), .list(let second)), (.tuple(let first), .tuple(let second)):
            for (a, b) in zip(first.items, second.items) where !(try areEqual(a, b)) {
                return try isLess(a, b, symbol)
            }
            return first.items.count < second.items.count
        case (.undefined(let absence), _), (_, .undefined(let absence)): throw absence.error
        default: break
        }
        guard let first = Number(left), let second = Number(right) else {
            throw TemplateError(
                .type,
                "'\(symbol)' not supported between instances of '\(left.typeName)' and '\(right.typeName)'")
        }
        switch (first, second) {
        case (.int(let a), .int(let b)): return a < b
        case (.float(let a), .float(let b)): return a < b
        // A whole number is below a float when it is below its ceiling.
        case (.int(let whole), .float(let float)):
            return float >= 0x1p63 || (float > -0x1p63 && whole < Int(float.rounded(.up)))
        case (.float(let float), .int(let whole)):
            return float < -0x1p63 || (float < 0x1p63 && Int(float.rounded(.down)) < whole)
        }
    }

    private func isLessOrEqual(_ left: Value, _ right: Value, _ symbol: StaticString) throws(TemplateError) -> Bool {
        switch (left, right) {
        case (.list(let first), .list(let second)), (.tuple(let first), .tuple(let second)):
            for (a, b) in zip(first.items, second.items) where !(try areEqual(a, b)) {
                return try isLessOrEqual(a, b, symbol)
            }
            return first.items.count <= second.items.count
        default:
            if try isLess(left, right, symbol) { return true }
            return try areEqual(left, right)
        }
    }

    /// `value in container`.
    func contains(_ container: Value, _ value: Value) throws(TemplateError) -> Bool {
        switch container {
        case .string(let text):
            guard case .string(let part) = value else {
                if case .undefined(let absence) = value { throw absence.error }
                throw TemplateError(
                    .type, "'in <string>' requires string as left operand, not \(value.typeName)")
            }
            try charge(scanning: text)
            return text.contains(part)
        case .dict(let entries): return entries[try key(value)] != nil
        case .object(let object as RangeObject):
            guard let number = Number(value) else { return false }
            return object.contains(number)
        case .object(let object as DictViewObject) where object.kind == .keys:
            return object.storage[try key(value)] != nil
        default:
            guard let iterator = try? iterate(container) else {
                throw TemplateError(.type, "argument of type '\(container.typeName)' is not iterable")
            }
            while let item = try iterator.next() {
                try charge(steps: 1)
                if try areEqual(item, value) { return true }
            }
            return false
        }
    }

    /// The value as a key of a dictionary. Throws for what Python cannot hash.
    func key(_ value: Value) throws(TemplateError) -> DictKey {
        switch value {
        case .none: return .none
        case .bool(let value): return .int(value ? 1 : 0)
        case .int(let value): return .int(value)
        case .largeInteger(let digits): return .tuple([.string(digits), .none])
        case .float(let value):
            if let whole = Int(exactly: value) { return .int(whole) }
            return .float(value.bitPattern)
        case .string(let text): return .string(text)
        case .tuple(let storage):
            var keys: [DictKey] = []
            for item in storage.items {
                try charge(steps: 4)
                try charge(bytes: 64)
                keys.append(try key(item))
            }
            return .tuple(keys)
        case .object(let object):
            if object is DictViewObject { break }
            return .object(ObjectIdentifier(object))
        case .undefined: return .object(ObjectIdentifier(ListStorage.self))
        case .list, .dict: break
        }
        throw TemplateError(.type, "unhashable type: '\(value.typeName)'")
    }
}
