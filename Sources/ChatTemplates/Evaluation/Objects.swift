/// `namespace()`: the one thing whose attributes a template can set.
final class NamespaceObject: TemplateObject {
    private var builder: DictStorage.Builder

    init(_ entries: DictStorage.Builder) { builder = entries }

    override var typeName: StaticString { "Namespace" }
    override func release() { builder = DictStorage.Builder() }

    func set(_ name: PythonString, to value: Value) throws(TemplateError) { builder.set(name, to: value) }

    /// The attributes as they are now.
    func snapshot() throws(TemplateError) -> DictStorage { try builder.finish() }

    override func attribute(_ name: PythonString) throws(TemplateError) -> Value? { builder.value(of: .string(name)) }
}

/// A function of the language or of an object.
final class FunctionObject: TemplateObject {
    private let name: StaticString
    private let shown: PythonString?
    private let body: (Renderer, CallArguments) throws(TemplateError) -> Value

    /// `shown` is what printing it gives; nil for what Python prints with an address.
    init(
        _ name: StaticString, shown: PythonString? = nil,
        _ body: @escaping (Renderer, CallArguments) throws(TemplateError) -> Value
    ) {
        self.name = name
        self.shown = shown
        self.body = body
    }

    override var typeName: StaticString { "function" }
    override var isCallable: Bool { true }

    override func call(_ renderer: Renderer, _ arguments: CallArguments) throws(TemplateError) -> Value {
        try body(renderer, arguments)
    }

    override func text(_ renderer: Renderer) throws(TemplateError) -> PythonString? { shown }
}

/// What a method does with the value it belongs to.
typealias Method = @Sendable (Renderer, Value, CallArguments) throws(TemplateError) -> Value

/// A method together with its value, such as `text.strip`.
final class BoundMethod: TemplateObject {
    private let base: Value
    private let body: Method
    private let ownDepth: Int

    init(_ base: Value, _ name: PythonString, _ body: @escaping Method) throws(TemplateError) {
        self.base = base
        self.body = body
        ownDepth = try Value.checked(base.depth + 1)
    }

    override var typeName: StaticString { "builtin_function_or_method" }
    override var depth: Int { ownDepth }
    override var isCallable: Bool { true }

    override func call(_ renderer: Renderer, _ arguments: CallArguments) throws(TemplateError) -> Value {
        try body(renderer, base, arguments)
    }
}

/// `range()`: an arithmetic sequence.
final class RangeObject: TemplateObject, Equatable {
    let start: Int
    let step: Int
    let count: Int
    private let stop: Int

    /// `count` must be what `start`, `stop` and `step` give.
    init(start: Int, stop: Int, step: Int, count: Int) {
        self.start = start
        self.stop = stop
        self.step = step
        self.count = count
    }

    /// - Throws: for a step of 0, and for more than 100,000 items, Jinja's bound.
    convenience init(start: Int, stop: Int, step: Int) throws(TemplateError) {
        guard step != 0 else { throw TemplateError(.value, "range() arg 3 must not be zero") }
        let bound = 1 << 60
        guard start.magnitude < bound, stop.magnitude < bound, step.magnitude < bound else {
            throw TemplateError(.limit, "range with numbers beyond 2^60")
        }
        let span = step > 0 ? stop - start : start - stop
        let size = Int(step.magnitude)
        let count = span > 0 ? (span - 1) / size + 1 : 0
        guard count <= TemplateLimits.range else {
            throw TemplateError(.limit, "range of \(count) items: the sandbox blocks more than \(TemplateLimits.range)")
        }
        self.init(start: start, stop: stop, step: step, count: count)
    }

    static func == (left: RangeObject, right: RangeObject) -> Bool {
        left.count == right.count && (left.count == 0 || left.start == right.start)
            && (left.count < 2 || left.step == right.step)
    }

    override var typeName: StaticString { "range" }
    override var length: Int? { count }
    override var isSequence: Bool { true }

    override func attribute(_ name: PythonString) throws(TemplateError) -> Value? {
        switch name {
        case "start": .int(start)
        case "stop": .int(stop)
        case "step": .int(step)
        case "count", "index":
            try ListMethods.named(name).map { method throws(TemplateError) in
                .object(try BoundMethod(.object(self), name, method))
            }
        default: nil
        }
    }

    override func item(at index: Int) throws(TemplateError) -> Value? {
        let place = index < 0 ? index + count : index
        return (0..<count).contains(place) ? .int(start + place * step) : nil
    }

    func contains(_ number: Number) -> Bool {
        let whole: Int
        switch number {
        case .int(let value): whole = value
        case .float(let value):
            guard let value = Int(exactly: value) else { return false }
            whole = value
        }
        let (offset, overflow) = whole.subtractingReportingOverflow(start)
        guard !overflow else { return false }
        let (quotient, tooLarge) = offset.dividedReportingOverflow(by: step)
        return !tooLarge && quotient.multipliedReportingOverflow(by: step) == (offset, false)
            && (0..<count).contains(quotient)
    }

    /// Indexes must be those of ``SliceBounds/indexes(count:)``.
    func slice(_ bounds: (start: Int, stop: Int, step: Int)) -> RangeObject {
        let places = stride(from: bounds.start, to: bounds.stop, by: bounds.step)
        let count = places.reduce(0) { count, _ in count + 1 }
        let (newStep, overflow) = step.multipliedReportingOverflow(by: bounds.step)
        return RangeObject(
            start: start + bounds.start * step, stop: start + bounds.stop * step,
            step: overflow ? step : newStep, count: count)
    }

    override func iterator(_ renderer: Renderer) -> ValueIterator? {
        var place = 0
        return ValueIterator { [self] () throws(TemplateError) -> Value? in
            guard place < count else { return nil }
            place += 1
            return .int(start + (place - 1) * step)
        }
    }

    override func text(_ renderer: Renderer) throws(TemplateError) -> PythonString? {
        PythonString(step == 1 ? "range(\(start), \(stop))" : "range(\(start), \(stop), \(step))")
    }
}

/// `dict.keys()`, `.values()`, `.items()`.
final class DictViewObject: TemplateObject {
    enum Kind { case keys, values, items }

    let storage: DictStorage
    let kind: Kind

    init(_ storage: DictStorage, _ kind: Kind) {
        self.storage = storage
        self.kind = kind
    }

    override var typeName: StaticString {
        switch kind {
        case .keys: "dict_keys"
        case .values: "dict_values"
        case .items: "dict_items"
        }
    }

    override var depth: Int { storage.depth + (kind == .items ? 1 : 0) }
    override var length: Int? { storage.entries.count }

    override func iterator(_ renderer: Renderer) -> ValueIterator? {
        var place = 0
        return ValueIterator { [storage, kind] () throws(TemplateError) -> Value? in
            guard place < storage.entries.count else { return nil }
            let entry = storage.entries[place]
            place += 1
            switch kind {
            case .keys: return entry.shown
            case .values: return entry.value
            case .items: return try .tuple(of: [entry.shown, entry.value])
            }
        }
    }
}

/// What `map`, `select`, `batch` and the like give: items that are made when they are read, once.
final class GeneratorObject: TemplateObject {
    private let iteration: ValueIterator
    private let ownDepth: Int
    private let name: StaticString

    /// - Parameters:
    ///   - source: what the items come from, whose nesting counts.
    ///   - arguments: what the generator also keeps, whose nesting counts as well.
    init(
        _ name: StaticString = "generator", from source: Value, _ arguments: CallArguments = CallArguments(),
        _ next: @escaping () throws(TemplateError) -> Value?
    ) throws(TemplateError) {
        self.name = name
        iteration = ValueIterator(next)
        ownDepth = try Value.checked(max(source.depth, arguments.depth) + 1)
    }

    override var typeName: StaticString { name }
    override var depth: Int { ownDepth }
    override func iterator(_ renderer: Renderer) -> ValueIterator? { iteration }
}
