/// Values with behaviour: functions, namespaces, loops, ranges, generators. A class of its own for each kind; the
/// base answers "no" to everything.
class TemplateObject {
    /// Python's name of the type.
    var typeName: StaticString { "object" }
    /// How deep values nest inside; what is collected at the end of a rendering counts as 1.
    var depth: Int { 1 }
    /// `len()`, where the type has one.
    var length: Int? { nil }
    var isCallable: Bool { false }
    /// Whether `[0]` works.
    var isSequence: Bool { false }

    /// An attribute of this name, or nil.
    func attribute(_ name: PythonString) throws(TemplateError) -> Value? { nil }
    /// An item, for sequences; nil where the index is out of range.
    func item(at index: Int) throws(TemplateError) -> Value? { nil }
    /// The items one after another, or nil where the type cannot be iterated.
    func iterator(_ renderer: Renderer) -> ValueIterator? { nil }

    func call(_ renderer: Renderer, _ arguments: CallArguments) throws(TemplateError) -> Value {
        throw TemplateError(.type, "'\(typeName)' object is not callable")
    }

    /// `str()` of the value; nil where Python would print an address, which no template can mean.
    func text(_ renderer: Renderer) throws(TemplateError) -> PythonString? { nil }
    /// Lets go of all values, so that no cycle of references survives the rendering.
    func release() {}
}

/// Gives values one after another; nil at the end.
struct ValueIterator {
    let next: () throws(TemplateError) -> Value?

    init(_ next: @escaping () throws(TemplateError) -> Value?) { self.next = next }

    init(_ items: [Value]) {
        var place = 0
        next = {
            guard place < items.count else { return nil }
            place += 1
            return items[place - 1]
        }
    }
}

/// Positional and keyword arguments of a call, evaluated.
struct CallArguments {
    var positional: [Value] = []
    var keywords: [(name: PythonString, value: Value)] = []

    /// How deep the deepest argument nests.
    var depth: Int {
        max(positional.reduce(0) { max($0, $1.depth) }, keywords.reduce(0) { max($0, $1.value.depth) })
    }

    /// Assigns the arguments to parameters by place and name, as Python does.
    ///
    /// - Returns: one element for each parameter, nil where nothing was given.
    /// - Throws: for too many, unknown, doubled or missing (the first `required`) arguments.
    func bind(
        _ function: StaticString, _ parameters: [StaticString], required: Int = 0
    ) throws(TemplateError) -> [Value?] {
        guard positional.count <= parameters.count else {
            throw TemplateError(
                .type, "\(function) takes at most \(parameters.count) arguments, \(positional.count) given")
        }
        var bound: [Value?] = positional
        bound.append(contentsOf: repeatElement(nil, count: parameters.count - positional.count))
        for (name, value) in keywords {
            guard let place = parameters.firstIndex(where: { $0.description == name.string }) else {
                throw TemplateError(.type, "\(function) got an unexpected keyword argument '\(name.string)'")
            }
            guard bound[place] == nil else {
                throw TemplateError(.type, "\(function) got multiple values for argument '\(name.string)'")
            }
            bound[place] = value
        }
        for place in 0..<required where bound[place] == nil {
            throw TemplateError(.type, "\(function) is missing its argument '\(parameters[place])'")
        }
        return bound
    }
}
