/// A macro, or the `caller` of a `call` block.
final class MacroObject: TemplateObject {
    private let definition: MacroDefinition
    private let names: NameTable
    private let scope: Scope?

    init(_ definition: MacroDefinition, names: NameTable, scope: Scope?) {
        self.definition = definition
        self.names = names
        self.scope = scope
    }

    override var typeName: StaticString { "Macro" }
    override var isCallable: Bool { true }

    override func attribute(_ name: PythonString) throws(TemplateError) -> Value? {
        switch name {
        case "name": definition.name.map { .string($0) } ?? Value.none
        case "arguments": try .tuple(of: definition.parameters.map { .string($0.text) })
        case "catch_varargs": .bool(definition.readsPositionalRest)
        case "catch_kwargs": .bool(definition.readsKeywordRest)
        case "caller": .bool(definition.readsCaller)
        default: nil
        }
    }

    override func text(_ renderer: Renderer) throws(TemplateError) -> PythonString? {
        definition.name.map { PythonString("<Macro '\($0.string)'>") } ?? "<Macro anonymous>"
    }

    private var shownName: String { definition.name.map { "'\($0.string)'" } ?? "None" }

    override func call(_ renderer: Renderer, _ arguments: CallArguments) throws(TemplateError) -> Value {
        let own = Scope(parent: scope)
        var keywords = arguments.keywords
        var missing: [(name: Int, text: PythonString, fallback: Expression?)] = []
        for (place, parameter) in definition.parameters.enumerated() {
            if place < arguments.positional.count {
                own[parameter.name] = arguments.positional[place]
            } else if let index = keywords.firstIndex(where: { $0.name == parameter.text }) {
                own[parameter.name] = keywords.remove(at: index).value
            } else {
                missing.append(parameter)
            }
        }
        try bindRest(of: arguments, &keywords, to: own)
        let captured = try renderer.scoped(in: own) { () throws(TemplateError) in
            for parameter in missing {
                own[parameter.name] =
                    try parameter.fallback.map { fallback throws(TemplateError) in
                        try renderer.evaluate(fallback)
                    } ?? .undefined(.other("a parameter of a macro was not provided"))
            }
            return try renderer.capture { () throws(TemplateError) in try renderer.execute(definition.body) }
        }
        return .string(captured.text)
    }

    private func bindRest(
        of arguments: CallArguments, _ keywords: inout [(name: PythonString, value: Value)], to own: Scope
    ) throws(TemplateError) {
        let explicitCaller = definition.parameters.contains { $0.name == NameTable.caller }
        if definition.readsCaller, !explicitCaller {
            if let index = keywords.firstIndex(where: { $0.name == "caller" }) {
                own[NameTable.caller] = keywords.remove(at: index).value
            } else {
                own[NameTable.caller] = .undefined(.other("No caller defined"))
            }
        }
        if definition.readsKeywordRest {
            var builder = DictStorage.Builder()
            for (name, value) in keywords { builder.set(name, to: value) }
            own[NameTable.kwargs] = .dict(try builder.finish())
        } else if let first = keywords.first {
            throw TemplateError(.type, "macro \(shownName) takes no keyword argument '\(first.name.string)'")
        }
        let count = definition.parameters.count
        if definition.readsPositionalRest {
            own[NameTable.varargs] = try .tuple(of: Array(arguments.positional.dropFirst(count)))
        } else if arguments.positional.count > count {
            throw TemplateError(.type, "macro \(shownName) takes not more than \(count) argument(s)")
        }
    }
}

/// `cycler()`.
final class CyclerObject: TemplateObject {
    private var items: [Value]
    private var place = 0
    private let ownDepth: Int

    init(_ items: [Value]) throws(TemplateError) {
        guard !items.isEmpty else { throw TemplateError(.type, "cycler needs at least one item") }
        self.items = items
        ownDepth = try Value.checked((items.map(\.depth).max() ?? 0) + 1)
    }

    override var typeName: StaticString { "Cycler" }
    override var depth: Int { ownDepth }

    override func attribute(_ name: PythonString) throws(TemplateError) -> Value? {
        switch name {
        case "current": items[place]
        case "next":
            .object(
                FunctionObject("next") { [self] _, _ throws(TemplateError) in
                    defer { place = (place + 1) % items.count }
                    return items[place]
                })
        case "reset":
            .object(
                FunctionObject("reset") { [self] _, _ throws(TemplateError) in
                    place = 0
                    return .none
                })
        case "pos": .int(place)
        case "items": try .tuple(of: items)
        default: nil
        }
    }
}

/// `joiner()`: nothing the first time, the separator afterwards.
final class JoinerObject: TemplateObject {
    private let separator: Value
    private var wasUsed = false
    private let ownDepth: Int

    init(_ separator: Value) throws(TemplateError) {
        self.separator = separator
        ownDepth = try Value.checked(separator.depth + 1)
    }

    override var typeName: StaticString { "Joiner" }
    override var depth: Int { ownDepth }
    override var isCallable: Bool { true }

    override func attribute(_ name: PythonString) throws(TemplateError) -> Value? {
        switch name {
        case "sep": separator
        case "used": .bool(wasUsed)
        default: nil
        }
    }

    override func call(_ renderer: Renderer, _ arguments: CallArguments) throws(TemplateError) -> Value {
        _ = try arguments.bind("joiner", [])
        defer { wasUsed = true }
        return wasUsed ? separator : .string(.empty)
    }
}

/// `self`: the blocks of the template as functions.
final class SelfObject: TemplateObject {
    private let blocks: [PythonString: [Statement]]

    init(_ blocks: [PythonString: [Statement]]) { self.blocks = blocks }

    override var typeName: StaticString { "TemplateReference" }

    private func block(_ name: PythonString) -> Value? {
        guard let body = blocks[name] else { return nil }
        return .object(
            FunctionObject("block") { renderer, arguments throws(TemplateError) in
                _ = try arguments.bind("block", [])
                return .string(
                    try renderer.capture { () throws(TemplateError) in
                        try renderer.atTop { () throws(TemplateError) in try renderer.execute(body) }
                    }.text)
            })
    }

    override func attribute(_ name: PythonString) throws(TemplateError) -> Value? { block(name) }
}
