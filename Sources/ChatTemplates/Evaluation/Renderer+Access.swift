/// The parts of `[start:stop:step]`; nil where a part is left out.
struct SliceBounds {
    let start: Value?
    let stop: Value?
    let step: Value?

    /// The indexes that Python takes of a sequence of `count` items. Throws for a step of zero.
    func indexes(count: Int) throws(TemplateError) -> (start: Int, stop: Int, step: Int) {
        let step = try Self.index(step) ?? 1
        guard step != 0 else { throw TemplateError(.value, "slice step cannot be zero") }
        func place(_ index: Int, _ low: Int, _ high: Int) -> Int {
            let absolute = index < 0 ? index + count : index
            return min(max(absolute, low), high)
        }
        let (low, high) = step > 0 ? (0, count) : (-1, count - 1)
        let start = try Self.index(start).map { place($0, low, high) } ?? (step > 0 ? low : high)
        let stop = try Self.index(stop).map { place($0, low, high) } ?? (step > 0 ? high : low)
        return (start, stop, step)
    }

    private static func index(_ value: Value?) throws(TemplateError) -> Int? {
        switch value {
        case nil, .some(.none): return nil
        case .int(let index): return min(max(index, -(1 << 62)), 1 << 62)
        case .bool(let index): return index ? 1 : 0
        default: throw TemplateError(.type, "slice indices must be integers or None")
        }
    }
}

extension Renderer {
    /// `a.name`: the attribute, then the item.
    func attribute(_ name: PythonString, of base: Value) throws(TemplateError) -> Value {
        if case .undefined(let absence) = base { throw absence.error }
        if let found = try member(name, of: base) { return found }
        if case .dict(let entries) = base, let value = entries[name] { return value }
        return .undefined(.attribute(base.typeName, name))
    }

    /// The filter `attr`: the attribute only.
    func attributeOnly(_ name: PythonString, of base: Value) throws(TemplateError) -> Value {
        if case .undefined(let absence) = base { throw absence.error }
        return try member(name, of: base) ?? .undefined(.attribute(base.typeName, name))
    }

    /// `a[index]`: the item, then the attribute.
    func item(_ index: Value, of base: Value) throws(TemplateError) -> Value {
        switch base {
        case .undefined(let absence): throw absence.error
        case .dict(let entries):
            if let key = try? key(index), let value = entries[key] { return value }
        case .list(let storage), .tuple(let storage):
            if let place = place(index, count: storage.items.count) { return storage.items[place] }
        case .string(let text):
            if let place = place(index, count: text.count) {
                if !text.isASCII { try charge(scanning: text) }
                return .string(text.slice(place, place + 1))
            }
        case .object(let object):
            if object.isSequence, let place = integer(index), let value = try object.item(at: place) { return value }
        default: break
        }
        if case .string(let name) = index {
            return try member(name, of: base) ?? .undefined(.attribute(base.typeName, name))
        }
        return .undefined(.item(base.typeName))
    }

    /// A whole number used as an index.
    private func integer(_ value: Value) -> Int? {
        switch value {
        case .int(let index): index
        case .bool(let index): index ? 1 : 0
        default: nil
        }
    }

    private func place(_ index: Value, count: Int) -> Int? {
        guard let index = integer(index) else { return nil }
        let place = index < 0 ? index + count : index
        return (0..<count).contains(place) ? place : nil
    }

    /// An attribute proper: a method or field of the type, with what the sandbox refuses as undefined.
    private func member(_ name: PythonString, of base: Value) throws(TemplateError) -> Value? {
        if name.hasPrefix("__"), Self.internals.contains(name) { return .undefined(.refused(base.typeName, name)) }
        switch base {
        case .string: return try method(StringMethods.named(name), name, base, StringMethods.notImplemented)
        case .list:
            if ListMethods.refused.contains(name) { return .undefined(.refused("list", name)) }
            return try method(ListMethods.named(name), name, base, [])
        case .tuple:
            return name == "copy" ? nil : try method(ListMethods.named(name), name, base, [])
        case .dict:
            if DictMethods.refused.contains(name) { return .undefined(.refused("dict", name)) }
            return try method(DictMethods.named(name), name, base, ["fromkeys"])
        case .int, .float, .bool, .largeInteger:
            if NumberMethods.notImplemented.contains(name) {
                throw TemplateError(.unsupported, "attribute '\(name.string)' of numbers is not implemented")
            }
            return nil
        case .object(let object): return try object.attribute(name)
        case .none, .undefined: return nil
        }
    }

    /// Attributes that Python's values have and the sandbox hides; other names with underscores are not there.
    private static let internals: Set<PythonString> = [
        "__class__", "__doc__", "__dict__", "__module__", "__init__", "__new__", "__repr__", "__str__", "__len__",
        "__getitem__", "__setitem__", "__delitem__", "__iter__", "__contains__", "__eq__", "__ne__", "__lt__",
        "__le__", "__gt__", "__ge__", "__hash__", "__bool__", "__add__", "__radd__", "__mul__", "__rmul__",
        "__mod__", "__rmod__", "__call__", "__getattribute__", "__setattr__", "__delattr__", "__dir__", "__format__",
        "__reduce__", "__reduce_ex__", "__sizeof__", "__subclasshook__", "__init_subclass__", "__reversed__",
        "__or__", "__ror__", "__ior__", "__class_getitem__", "__getnewargs__", "__getstate__", "__iadd__", "__imul__",
        "__globals__", "__code__", "__closure__", "__func__", "__self__", "__name__", "__qualname__", "__html__",
        "__slots__", "__sub__", "__truediv__", "__floordiv__", "__pow__", "__neg__", "__pos__", "__abs__", "__int__",
        "__float__", "__index__", "__round__", "__and__", "__xor__", "__mro__", "__bases__", "__subclasses__",
    ]

    private func method(
        _ method: Method?, _ name: PythonString, _ base: Value, _ notImplemented: Set<PythonString>
    ) throws(TemplateError) -> Value? {
        if let method { return .object(try BoundMethod(base, name, method)) }
        guard !notImplemented.contains(name) else {
            throw TemplateError(.unsupported, "method '\(name.string)' of '\(base.typeName)' is not implemented")
        }
        return nil
    }

    /// `a[start:stop:step]`; unlike an index, an error for what cannot be sliced.
    func slice(_ base: Value, _ bounds: SliceBounds) throws(TemplateError) -> Value {
        switch base {
        case .undefined(let absence): throw absence.error
        case .string(let text):
            try charge(scanning: text)
            return .string(try slice(text, bounds))
        case .list(let storage): return try .list(of: try slice(storage.items, bounds))
        case .tuple(let storage): return try .tuple(of: try slice(storage.items, bounds))
        case .object(let object as RangeObject): return .object(object.slice(try bounds.indexes(count: object.count)))
        default: throw TemplateError(.type, "'\(base.typeName)' object is not subscriptable by a slice")
        }
    }

    private func slice(_ text: PythonString, _ bounds: SliceBounds) throws(TemplateError) -> PythonString {
        let (start, stop, step) = try bounds.indexes(count: text.count)
        try charge(stringOf: text.utf8.count)
        if step == 1 { return text.slice(start, stop) }
        let scalars = Array(text.scalars)
        let places = stride(from: start, to: stop, by: step)
        return PythonString(scalars: places.lazy.map { scalars[$0] }, isMarkup: text.isMarkup)
    }

    private func slice(_ items: [Value], _ bounds: SliceBounds) throws(TemplateError) -> [Value] {
        let (start, stop, step) = try bounds.indexes(count: items.count)
        if step == 1 {
            guard start < stop else { return [] }
            try charge(listOf: stop - start)
            return Array(items[start..<stop])
        }
        try charge(listOf: items.count)
        return stride(from: start, to: stop, by: step).map { items[$0] }
    }

    // MARK: Iteration

    /// The items of a value one after another.
    func iterate(_ value: Value, line: Int = 0) throws(TemplateError) -> ValueIterator {
        switch value {
        case .undefined: return ValueIterator([])
        case .list(let storage), .tuple(let storage): return ValueIterator(storage.items)
        case .dict(let storage): return ValueIterator(storage.entries.map(\.shown))
        case .string(let text): return characters(of: text)
        case .object(let object):
            if let iterator = object.iterator(self) { return iterator }
        default: break
        }
        throw TemplateError(.type, "'\(value.typeName)' object is not iterable", line: line)
    }

    /// One string for each code point, made when it is asked for; of marked text too they are plain.
    private func characters(of text: PythonString) -> ValueIterator {
        var place = 0
        return ValueIterator { () throws(TemplateError) -> Value? in
            guard place < text.utf8.count else { return nil }
            let start = place
            place += 1
            while place < text.utf8.count, text.utf8[place] & 0xC0 == 0x80 { place += 1 }
            return .string(PythonString(utf8: Array(text.utf8[start..<place]), count: 1))
        }
    }

    /// All items as an array, as `list()` makes it.
    func items(of value: Value) throws(TemplateError) -> [Value] {
        switch value {
        case .list(let storage), .tuple(let storage):
            try charge(steps: storage.items.count / 16)
            return storage.items
        default:
            let iterator = try iterate(value)
            var items: [Value] = []
            while let item = try iterator.next() {
                try charge(steps: 1)
                try charge(bytes: 48)
                guard items.count < limits.items else {
                    throw TemplateError(.limit, "a list of more than \(limits.items) items")
                }
                items.append(item)
            }
            return items
        }
    }

    /// `len()` where the value has one; 0 for undefined.
    func length(of value: Value) -> Int? {
        switch value {
        case .undefined: 0
        case .string(let text): text.count
        case .list(let storage), .tuple(let storage): storage.items.count
        case .dict(let storage): storage.entries.count
        case .object(let object): object.length
        default: nil
        }
    }
}
