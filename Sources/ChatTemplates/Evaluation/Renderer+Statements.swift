/// What a statement does to the loop around it.
enum Flow {
    case proceed
    case breakLoop
    case continueLoop
}

extension Renderer {
    func execute(_ body: [Statement]) throws(TemplateError) -> Flow {
        try enter()
        defer { leave() }
        for statement in body {
            let flow = try execute(statement)
            if flow != .proceed { return flow }
        }
        return .proceed
    }

    private func execute(_ statement: Statement) throws(TemplateError) -> Flow {
        switch statement {
        case .text(let text): try emit(text)
        case .output(let expression): try emit(try text(of: evaluate(expression), at: expression.line))
        case .loop(let loop): return try run(loop)
        case .conditional(let branches, let otherwise): return try choose(branches, otherwise)
        case .assign(let target, let expression): try assign(try evaluate(expression), to: target, expression.line)
        case .assignBlock(let target, let filter, let body, let line):
            return try assignBlock(target, filter, body, line)
        case .macro(let name, let definition): set(name, to: try macro(definition))
        case .call(let call, let arguments, let function, let caller):
            try callBlock(call, arguments, function, caller)
        case .filterBlock(let filter, let body): return try filterBlock(filter, body)
        case .with(let assignments, let body): return try with(assignments, body)
        case .scope(let body):
            return try scoped(in: Scope(parent: scope)) { () throws(TemplateError) in try execute(body) }
        case .block(_, let body, let isScoped):
            if isScoped {
                _ = try scoped(in: Scope(parent: scope)) { () throws(TemplateError) in try execute(body) }
            } else {
                _ = try atTop { () throws(TemplateError) in try execute(body) }
            }
        case .breakLoop: return .breakLoop
        case .continueLoop: return .continueLoop
        case .unsupported(let what, let line): throw TemplateError(.unsupported, what.description, line: line)
        }
        return .proceed
    }

    private func choose(
        _ branches: [(test: Expression, body: [Statement])], _ otherwise: [Statement]
    ) throws(TemplateError) -> Flow {
        for branch in branches where try evaluate(branch.test).isTrue { return try execute(branch.body) }
        return otherwise.isEmpty ? .proceed : try execute(otherwise)
    }

    func assign(_ value: Value, to target: AssignmentTarget, _ line: Int) throws(TemplateError) {
        switch target {
        case .name(let name): set(name, to: value)
        case .attribute(let name, let attribute):
            guard case .object(let object) = self.value(of: name), let namespace = object as? NamespaceObject else {
                throw TemplateError(.type, "cannot assign attribute on non-namespace object", line: line)
            }
            guard !attribute.hasPrefix("_") else {
                throw TemplateError(.security, "namespace attribute '\(attribute.string)' is refused", line: line)
            }
            try namespace.set(attribute, to: value)
        case .tuple(let targets):
            let items = try unpack(value, count: targets.count, line)
            for (target, item) in zip(targets, items) { try assign(item, to: target, line) }
        }
    }

    private func unpack(_ value: Value, count: Int, _ line: Int) throws(TemplateError) -> [Value] {
        let iterator = try iterate(value, line: line)
        var items: [Value] = []
        while let item = try iterator.next() {
            guard items.count < count else {
                throw TemplateError(.value, "too many values to unpack (expected \(count))", line: line)
            }
            items.append(item)
        }
        guard items.count == count else {
            throw TemplateError(
                .value, "not enough values to unpack (expected \(count), got \(items.count))", line: line)
        }
        return items
    }

    private func assignBlock(
        _ target: AssignmentTarget, _ filter: Expression?, _ body: [Statement], _ line: Int
    ) throws(TemplateError) -> Flow {
        let (value, flow) = try scoped(in: Scope(parent: scope)) { () throws(TemplateError) -> (Value, Flow) in
            let (text, flow) = try capture { () throws(TemplateError) in try execute(body) }
            guard let filter, flow == .proceed else { return (.string(text), flow) }
            return (try evaluate(filter, input: .string(text)), flow)
        }
        if flow == .proceed { try assign(value, to: target, line) }
        return flow
    }

    private func filterBlock(_ filter: Expression, _ body: [Statement]) throws(TemplateError) -> Flow {
        try scoped(in: Scope(parent: scope)) { () throws(TemplateError) -> Flow in
            let (text, flow) = try capture { () throws(TemplateError) in try execute(body) }
            guard flow == .proceed else { return flow }
            try emit(try self.text(of: evaluate(filter, input: .string(text)), at: filter.line))
            return .proceed
        }
    }

    private func with(
        _ assignments: [(target: AssignmentTarget, value: Expression)], _ body: [Statement]
    ) throws(TemplateError) -> Flow {
        var values: [Value] = []
        for assignment in assignments { values.append(try evaluate(assignment.value)) }
        return try scoped(in: Scope(parent: scope)) { () throws(TemplateError) -> Flow in
            for (assignment, value) in zip(assignments, values) {
                try assign(value, to: assignment.target, assignment.value.line)
            }
            return try execute(body)
        }
    }

    private func macro(_ definition: MacroDefinition) throws(TemplateError) -> Value {
        if let scope { try keep(scope) }
        return .object(MacroObject(definition, names: program.names, scope: scope))
    }

    private func callBlock(
        _ call: Expression, _ arguments: Expression.Arguments, _ function: Expression, _ caller: MacroDefinition
    ) throws(TemplateError) {
        let function = try evaluate(function)
        var arguments = try evaluate(arguments)
        arguments.keywords.append(("caller", try macro(caller)))
        try emit(try text(of: self.call(function, arguments, line: call.line), at: call.line))
    }

    /// A value as printed.
    func text(of value: Value, at line: Int) throws(TemplateError) -> PythonString {
        if case .string(let text) = value { return text }
        do {
            return try text(of: value)
        } catch {
            throw error.at(line: line)
        }
    }
}
