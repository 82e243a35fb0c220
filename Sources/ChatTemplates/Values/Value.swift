/// A value while a template runs. Data is immutable, as in Jinja's immutable sandbox; what changes (namespaces, loops,
/// cyclers, generators) is an object.
enum Value {
    case undefined(Absence)
    case none
    case bool(Bool)
    case int(Int)
    case largeInteger(PythonString)
    case float(Double)
    case string(PythonString)
    case list(ListStorage)
    case tuple(ListStorage)
    case dict(DictStorage)
    case object(TemplateObject)
}

/// Why a value is undefined, which is the message once it is used.
enum Absence {
    case name(PythonString)
    case attribute(StaticString, PythonString)
    case item(StaticString)
    case refused(StaticString, PythonString)
    case other(StaticString)

    var error: TemplateError {
        switch self {
        case .name(let name): TemplateError(.undefined, "'\(name.string)' is undefined")
        case .attribute(let type, let name):
            TemplateError(.undefined, "'\(type)' has no attribute '\(name.string)'")
        case .item(let type): TemplateError(.undefined, "\(type) has no such element")
        case .refused(let type, let name):
            TemplateError(.security, "access to attribute '\(name.string)' of '\(type)' is refused by the sandbox")
        case .other(let what): TemplateError(.undefined, "\(what)")
        }
    }
}

/// The items of a list or tuple.
final class ListStorage {
    let items: [Value]
    /// One more than the deepest item: bounded, so that no walk over a value, its release included, can overflow the
    /// stack.
    let depth: Int

    fileprivate init(_ items: [Value], depth: Int) {
        self.items = items
        self.depth = depth
    }

    static var empty: Value { .list(ListStorage([], depth: 1)) }
}

/// A key of a dictionary: `1`, `1.0` and `true` are one key.
enum DictKey: Hashable {
    case none
    case int(Int)
    case float(UInt64)
    case string(PythonString)
    case tuple([DictKey])
    case object(ObjectIdentifier)
}

/// A dictionary in the order of insertion.
final class DictStorage {
    struct Entry {
        let key: DictKey
        let shown: Value
        var value: Value
    }

    let entries: [Entry]
    let depth: Int
    private let places: [DictKey: Int]

    private static let indexFrom = 9

    fileprivate init(_ entries: [Entry], places: [DictKey: Int], depth: Int) {
        self.entries = entries
        self.places = places
        self.depth = depth
    }

    subscript(key: DictKey) -> Value? {
        if entries.count < Self.indexFrom {
            for entry in entries where entry.key == key { return entry.value }
            return nil
        }
        return places[key].map { entries[$0].value }
    }

    subscript(name: PythonString) -> Value? { self[DictKey.string(name)] }

    /// Collects entries; of equal keys the first key and place stay and the last value wins.
    struct Builder {
        private(set) var entries: [Entry] = []
        private var places: [DictKey: Int] = [:]

        init() {}

        init(copying storage: DictStorage) {
            entries = storage.entries
            places = storage.places
        }

        func value(of key: DictKey) -> Value? {
            if entries.count < indexFrom { return entries.first { $0.key == key }?.value }
            return places[key].map { entries[$0].value }
        }

        mutating func set(_ key: DictKey, shown: Value, to value: Value) {
            if entries.count < indexFrom {
                if let place = entries.firstIndex(where: { $0.key == key }) {
                    entries[place].value = value
                    return
                }
            } else if let place = places[key] {
                entries[place].value = value
                return
            }
            entries.append(Entry(key: key, shown: shown, value: value))
            if entries.count == indexFrom {
                for (place, entry) in entries.enumerated() { places[entry.key] = place }
            } else if entries.count > indexFrom {
                places[key] = entries.count - 1
            }
        }

        mutating func set(_ name: PythonString, to value: Value) {
            set(.string(name), shown: .string(name), to: value)
        }

        /// The dictionary, or an error where it is nested too deeply.
        func finish() throws(TemplateError) -> DictStorage {
            var depth = 0
            for entry in entries { depth = max(depth, entry.value.depth, entry.shown.depth) }
            return DictStorage(entries, places: places, depth: try Value.checked(depth + 1))
        }
    }
}

extension Value {
    /// How deep values nest inside this one; 0 for what contains nothing.
    var depth: Int {
        switch self {
        case .list(let storage), .tuple(let storage): storage.depth
        case .dict(let storage): storage.depth
        case .object(let object): object.depth
        default: 0
        }
    }

    static func checked(_ depth: Int) throws(TemplateError) -> Int {
        guard depth <= TemplateLimits.valueDepth else {
            throw TemplateError(.limit, "a value is nested deeper than \(TemplateLimits.valueDepth)")
        }
        return depth
    }

    private static func storage(_ items: [Value]) throws(TemplateError) -> ListStorage {
        var depth = 0
        for item in items { depth = max(depth, item.depth) }
        return ListStorage(items, depth: try checked(depth + 1))
    }

    static func list(of items: [Value]) throws(TemplateError) -> Value { .list(try storage(items)) }
    static func tuple(of items: [Value]) throws(TemplateError) -> Value { .tuple(try storage(items)) }

    /// Strings only, so that no depth can be exceeded.
    static func list(of strings: [PythonString]) -> Value {
        .list(ListStorage(strings.map { .string($0) }, depth: 1))
    }

    static func text(_ string: String) -> Value { .string(PythonString(string)) }

    /// Python's name of the type, as its error messages show it.
    var typeName: StaticString {
        switch self {
        case .undefined: "Undefined"
        case .none: "NoneType"
        case .bool: "bool"
        case .int, .largeInteger: "int"
        case .float: "float"
        case .string(let text): text.isMarkup ? "Markup" : "str"
        case .list: "list"
        case .tuple: "tuple"
        case .dict: "dict"
        case .object(let object): object.typeName
        }
    }

    /// Python's truth. A namespace, macro or generator is true; an undefined value is false.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .largeInteger: true
        case .float(let value): value != 0
        case .string(let text): !text.isEmpty
        case .list(let storage), .tuple(let storage): !storage.items.isEmpty
        case .dict(let storage): !storage.entries.isEmpty
        case .object(let object): object.length.map { $0 != 0 } ?? true
        }
    }
}
