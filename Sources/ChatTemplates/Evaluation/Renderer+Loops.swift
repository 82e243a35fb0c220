extension Renderer {
    func run(_ loop: ForLoop) throws(TemplateError) -> Flow {
        try run(loop, over: try evaluate(loop.items), outer: scope, level: 0)
    }

    /// Runs a loop over these items; `level` is the number of calls of `loop()` around it.
    ///
    /// The flow can only leave by the `else` branch, where `break` belongs to the loop around this one.
    func run(_ loop: ForLoop, over items: Value, outer: Scope?, level: Int) throws(TemplateError) -> Flow {
        var iterator = try iterate(items, line: loop.line)
        var length: Int?
        if let condition = loop.condition {
            iterator = filtered(iterator, loop, condition, outer: outer)
        } else {
            length = self.length(of: items)
        }
        let state =
            loop.readsLoop
            ? LoopObject(iterator, length: length, level: level, definition: loop, outer: outer) : nil
        if let state { try keep(state) }
        var isEmpty = true
        while true {
            guard let item = state == nil ? try iterator.next() : try state?.advance() else { break }
            isEmpty = false
            // A turn makes a scope and runs a body: about four nodes' work.
            try charge(steps: 4)
            let inner = Scope(parent: outer)
            let flow = try scoped(in: inner) { () throws(TemplateError) -> Flow in
                if let state { inner[NameTable.loop] = .object(state) }
                try assign(item, to: loop.target, loop.line)
                return try execute(loop.body)
            }
            if flow == .breakLoop { break }
        }
        guard isEmpty, !loop.otherwise.isEmpty else { return .proceed }
        return try scoped(in: Scope(parent: outer)) { () throws(TemplateError) -> Flow in
            try execute(loop.otherwise)
        }
    }

    private func filtered(
        _ items: ValueIterator, _ loop: ForLoop, _ condition: Expression, outer: Scope?
    ) -> ValueIterator {
        ValueIterator { () throws(TemplateError) -> Value? in
            while let item = try items.next() {
                try self.charge(steps: 1)
                let kept = try self.scoped(in: Scope(parent: outer)) { () throws(TemplateError) -> Bool in
                    try self.assign(item, to: loop.target, loop.line)
                    return try self.evaluate(condition).isTrue
                }
                if kept { return item }
            }
            return nil
        }
    }
}

/// The variable `loop` of a loop body.
final class LoopObject: TemplateObject {
    private var iterator: ValueIterator
    private var known: Int?
    private let level: Int
    private let definition: ForLoop
    private var outer: Scope?
    private var index0 = -1
    private var previous: Value?
    private var current: Value?
    private var ahead: Value?
    private var hasEnded = false
    private var lastChanged: [Value]?

    init(_ iterator: ValueIterator, length: Int?, level: Int, definition: ForLoop, outer: Scope?) {
        self.iterator = iterator
        known = length
        self.level = level
        self.definition = definition
        self.outer = outer
    }

    override var typeName: StaticString { "LoopContext" }
    override var isCallable: Bool { true }

    override func release() {
        iterator = ValueIterator([])
        outer = nil
        previous = nil
        current = nil
        ahead = nil
        lastChanged = nil
    }

    /// The next item, which becomes the current one.
    func advance() throws(TemplateError) -> Value? {
        let item: Value?
        if let waiting = ahead {
            item = waiting
            ahead = nil
        } else {
            item = hasEnded ? nil : try iterator.next()
        }
        guard let item else {
            hasEnded = true
            return nil
        }
        index0 += 1
        previous = current
        current = item
        return item
    }

    private func peek() throws(TemplateError) -> Value? {
        if ahead == nil, !hasEnded {
            ahead = try iterator.next()
            if ahead == nil { hasEnded = true }
        }
        return ahead
    }

    /// Number of items; those of a generator are read first.
    private func total() throws(TemplateError) -> Int {
        if let known { return known }
        var rest: [Value] = []
        while !hasEnded, let item = try iterator.next() { rest.append(item) }
        let total = rest.count + index0 + 1 + (ahead == nil ? 0 : 1)
        if hasEnded { rest = [] }
        iterator = ValueIterator(rest)
        known = total
        return total
    }

    override func attribute(_ name: PythonString) throws(TemplateError) -> Value? {
        switch name {
        case "index": .int(index0 + 1)
        case "index0": .int(index0)
        case "revindex": .int(try total() - index0)
        case "revindex0": .int(try total() - index0 - 1)
        case "first": .bool(index0 == 0)
        case "last": .bool(try peek() == nil)
        case "length": .int(try total())
        case "depth": .int(level + 1)
        case "depth0": .int(level)
        case "previtem": previous ?? .undefined(.other("there is no previous item"))
        case "nextitem": try peek() ?? .undefined(.other("there is no next item"))
        case "cycle":
            .object(
                FunctionObject("cycle") { [index0] _, arguments throws(TemplateError) in
                    guard !arguments.positional.isEmpty else {
                        throw TemplateError(.type, "no items for cycling given")
                    }
                    return arguments.positional[index0 % arguments.positional.count]
                })
        case "changed":
            .object(
                FunctionObject("changed") { [self] renderer, arguments throws(TemplateError) in
                    try self.changed(arguments.positional, renderer)
                })
        default: nil
        }
    }

    private func changed(_ values: [Value], _ renderer: Renderer) throws(TemplateError) -> Value {
        if let last = lastChanged, last.count == values.count {
            var same = true
            for (old, new) in zip(last, values) where same { same = try renderer.areEqual(old, new) }
            if same { return .bool(false) }
        }
        lastChanged = values
        return .bool(true)
    }

    override func call(_ renderer: Renderer, _ arguments: CallArguments) throws(TemplateError) -> Value {
        guard definition.isRecursive else {
            throw TemplateError(.type, "the loop must have the 'recursive' marker to be called recursively")
        }
        guard let items = try arguments.bind("loop", ["iterable"], required: 1)[0] else { return .none }
        let captured = try renderer.capture { () throws(TemplateError) in
            try renderer.nested { () throws(TemplateError) in
                _ = try renderer.run(definition, over: items, outer: outer, level: level + 1)
            }
        }
        return .string(captured.text)
    }

    override func text(_ renderer: Renderer) throws(TemplateError) -> PythonString? {
        PythonString("<LoopContext \(index0 + 1)/\(try total())>")
    }
}
