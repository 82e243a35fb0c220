extension Parser {
    /// One statement, from its tag name on; nil for one that does nothing.
    mutating func parseStatement() throws(TemplateError) -> [Statement]? {
        guard case .name(let name) = current.kind else {
            throw failure("tag name expected, got \(current.description)")
        }
        let line = line
        switch name {
        case "for": return [try parseFor()]
        case "if": return [try parseIf()]
        case "set": return [try parseSet()]
        case "macro": return [try parseMacro()]
        case "call": return [try parseCallBlock()]
        case "filter": return [try parseFilterBlock()]
        case "with": return [try parseWith()]
        case "block": return [try parseNamedBlock()]
        case "print": return try parsePrint()
        case "generation":
            advance()
            return [
                .scope(
                    try withoutLoop { parser throws(TemplateError) in
                        try parser.parseBlock(end: "endgeneration")
                    })
            ]
        case "break", "continue":
            guard loopDepth > 0 else { throw failure("'\(name.string)' outside loop") }
            advance()
            return [name == "break" ? .breakLoop : .continueLoop]
        case "autoescape":
            advance()
            _ = try parseExpression()
            _ = try parseBlock(end: "endautoescape")
            return [.unsupported("autoescape blocks are not implemented", line: line)]
        case "include", "import", "extends", "from":
            advance()
            _ = try parseExpression()
            while current.kind != .blockEnd, current.kind != .end { advance() }
            return [.unsupported("a template cannot load another: there is no loader", line: line)]
        default:
            throw failure("Encountered unknown tag '\(name.string)'")
        }
    }

    /// Parses what becomes a function of its own, where `break` finds no loop.
    private mutating func withoutLoop<Result>(
        _ part: (inout Parser) throws(TemplateError) -> Result
    ) throws(TemplateError) -> Result {
        let outer = loopDepth
        loopDepth = 0
        defer { loopDepth = outer }
        return try part(&self)
    }

    private mutating func parseFor() throws(TemplateError) -> Statement {
        let line = line
        advance()
        let target = try parseTarget(end: "in", allowsAttribute: false)
        if target.names.contains(NameTable.loop) {
            throw failure("can't assign to special loop variable in for-loop target")
        }
        guard skip(name: "in") else { throw failure("expected 'in', got \(current.description)") }
        let items = try parseTuple(conditional: false, end: "recursive")
        let condition = skip(name: "if") ? try parseExpression() : nil
        let recursive = skip(name: "recursive")
        loopDepth += 1
        let body: [Statement]
        do {
            defer { loopDepth -= 1 }
            body = try parseBlock(until: ["endfor", "else"])
        }
        var otherwise: [Statement] = []
        if isName("else") {
            advance()
            otherwise = try parseBlock(end: "endfor")
        } else {
            advance()
        }
        let reads = try FreeNames([NameTable.loop], in: body, budget: &nameSearch).found
        let readsLoop = recursive || !reads.isEmpty
        return .loop(
            ForLoop(
                target: target, items: items, condition: condition, body: body, otherwise: otherwise,
                isRecursive: recursive, readsLoop: readsLoop, line: line))
    }

    private mutating func parseIf() throws(TemplateError) -> Statement {
        advance()
        var branches: [(test: Expression, body: [Statement])] = []
        while true {
            let test = try parseTuple(conditional: false)
            branches.append((test, try parseBlock(until: ["elif", "else", "endif"])))
            if skip(name: "elif") { continue }
            if skip(name: "else") {
                return .conditional(branches, otherwise: try parseBlock(end: "endif"))
            }
            advance()
            return .conditional(branches, otherwise: [])
        }
    }

    private mutating func parseSet() throws(TemplateError) -> Statement {
        let line = line
        advance()
        let target = try parseTarget(end: nil, allowsAttribute: true)
        if skip(.assign) { return .assign(target, try parseTuple()) }
        let filter = isSymbol(.pipe) ? try parseFilters(of: nil) : nil
        return .assignBlock(target, filter: filter, body: try parseBlock(end: "endset"), line: line)
    }

    private mutating func parseWith() throws(TemplateError) -> Statement {
        advance()
        var assignments: [(target: AssignmentTarget, value: Expression)] = []
        while current.kind != .blockEnd {
            if !assignments.isEmpty { try expect(.comma) }
            let target = try parseTarget(end: nil, allowsAttribute: false)
            try expect(.assign)
            assignments.append((target, try parseExpression()))
        }
        return .with(assignments, body: try parseBlock(end: "endwith"))
    }

    private mutating func parsePrint() throws(TemplateError) -> [Statement] {
        advance()
        var outputs: [Statement] = []
        while current.kind != .blockEnd {
            if !outputs.isEmpty { try expect(.comma) }
            outputs.append(.output(try parseExpression()))
        }
        return outputs
    }

    private mutating func parseFilterBlock() throws(TemplateError) -> Statement {
        advance()
        let first = try parseFilter(of: nil)
        let filter = try parseFilters(of: first)
        return .filterBlock(filter, body: try parseBlock(end: "endfilter"))
    }

    private mutating func parseNamedBlock() throws(TemplateError) -> Statement {
        advance()
        let name = try expectName()
        let scoped = skip(name: "scoped")
        guard blocks[name] == nil else { throw failure("block '\(name.string)' defined twice") }
        if isName("required") {
            throw TemplateError(.unsupported, "required blocks need another template", line: line)
        }
        let body = try withoutLoop { parser throws(TemplateError) in try parser.parseBlock(end: "endblock") }
        _ = skip(name: name)
        blocks[name] = body
        return .block(name, body: body, scoped: scoped)
    }

    // MARK: Macros

    private typealias Parameter = (name: Int, text: PythonString, fallback: Expression?)

    private mutating func parseSignature() throws(TemplateError) -> [Parameter] {
        try expect(.leftParenthesis)
        var parameters: [Parameter] = []
        while !isSymbol(.rightParenthesis) {
            if !parameters.isEmpty { try expect(.comma) }
            let name = try parseTargetName()
            let fallback = skip(.assign) ? try parseExpression() : nil
            if fallback == nil, parameters.last?.fallback != nil {
                throw failure("non-default argument follows default argument")
            }
            guard !parameters.contains(where: { $0.text == name }) else {
                throw failure("duplicate argument '\(name.string)'")
            }
            guard fallback != nil || name != "caller" else {
                throw failure("the special argument 'caller' must be omitted or have a default")
            }
            guard parameters.count < 255 else { throw failure("more than 255 arguments") }
            parameters.append((names.number(of: name), name, fallback))
        }
        advance()
        return parameters
    }

    private mutating func definition(
        name: PythonString?, parameters: [Parameter], end: PythonString
    ) throws(TemplateError) -> MacroDefinition {
        let body = try withoutLoop { parser throws(TemplateError) in try parser.parseBlock(end: end) }
        let special: Set = [NameTable.varargs, NameTable.kwargs, NameTable.caller]
        let reads = try FreeNames(special, in: body, budget: &nameSearch).found
        return MacroDefinition(name: name, parameters: parameters, body: body, reads: reads)
    }

    private mutating func parseMacro() throws(TemplateError) -> Statement {
        advance()
        let name = try parseTargetName()
        let parameters = try parseSignature()
        return .macro(
            names.number(of: name), try definition(name: name, parameters: parameters, end: "endmacro"))
    }

    private mutating func parseCallBlock() throws(TemplateError) -> Statement {
        advance()
        let parameters = isSymbol(.leftParenthesis) ? try parseSignature() : []
        let call = try parseExpression()
        guard case .call(let function, let arguments) = call.kind else { throw failure("expected call") }
        let caller = try definition(name: nil, parameters: parameters, end: "endcall")
        return .call(call, arguments, function: function, caller: caller)
    }

    // MARK: Targets

    private mutating func parseTargetName() throws(TemplateError) -> PythonString {
        let name = try expectName()
        switch name {
        case "true", "false", "none", "True", "False", "None":
            throw failure("can't assign to '\(name.string)'")
        default: return name
        }
    }

    /// What stands left of `=` or `in`: a name, with `set` also an attribute of a namespace, or a tuple of them.
    private mutating func parseTarget(
        end: PythonString?, allowsAttribute: Bool
    ) throws(TemplateError) -> AssignmentTarget {
        var targets: [AssignmentTarget] = []
        var isTuple = false
        while true {
            if !targets.isEmpty, !isTuple { break }
            if isTargetEnd(end) { break }
            targets.append(try parseOneTarget(allowsAttribute: allowsAttribute))
            guard skip(.comma) else { break }
            isTuple = true
        }
        if !isTuple, let target = targets.first { return target }
        guard isTuple else { throw failure("Expected an expression, got \(current.description)") }
        return .tuple(targets)
    }

    private func isTargetEnd(_ end: PythonString?) -> Bool {
        switch current.kind {
        case .variableEnd, .blockEnd, .symbol(.rightParenthesis): true
        case .name(let name): name == end
        default: false
        }
    }

    private mutating func parseOneTarget(allowsAttribute: Bool) throws(TemplateError) -> AssignmentTarget {
        if skip(.leftParenthesis) {
            let inner = try nested { parser throws(TemplateError) in
                try parser.parseTarget(end: nil, allowsAttribute: allowsAttribute)
            }
            try expect(.rightParenthesis)
            return inner
        }
        if allowsAttribute, next.kind == .symbol(.dot) {
            let name = try expectName()
            advance()
            return .attribute(of: names.number(of: name), try expectName())
        }
        return .name(names.number(of: try parseTargetName()))
    }
}
