extension Parser {
    /// Attributes, items and calls behind an operand.
    mutating func parsePostfix(of operand: Expression) throws(TemplateError) -> Expression {
        var node = operand
        while true {
            let line = line
            if skip(.dot) {
                node = try parseAttribute(of: node, line: line)
            } else if skip(.leftBracket) {
                node = try make(.item(node, try parseSubscript(line: line)), line: line)
            } else if isSymbol(.leftParenthesis) {
                node = try make(.call(node, try parseArguments()), line: line)
            } else {
                return node
            }
        }
    }

    private mutating func parseAttribute(of node: Expression, line: Int) throws(TemplateError) -> Expression {
        switch current.kind {
        case .name(let name):
            advance()
            return try make(.attribute(node, name), line: line)
        case .integer(let index):
            advance()
            return try make(.item(node, try make(.constant(.int(index)), line: line)), line: line)
        default: throw failure("expected name or number, got \(current.description)")
        }
    }

    private mutating func parseSubscript(line: Int) throws(TemplateError) -> Expression {
        var indexes: [Expression] = []
        while !isSymbol(.rightBracket) {
            if !indexes.isEmpty { try expect(.comma) }
            indexes.append(try parseIndex())
        }
        advance()
        return indexes.count == 1 ? indexes[0] : try make(.tuple(indexes), line: line)
    }

    /// An index, or `start:stop:step` with parts left out.
    private mutating func parseIndex() throws(TemplateError) -> Expression {
        let line = line
        var start: Expression?
        if !isSymbol(.colon) {
            let index = try parseExpression()
            guard isSymbol(.colon) else { return index }
            start = index
        }
        advance()
        func ends(_ parser: Parser) -> Bool { parser.isSymbol(.rightBracket) || parser.isSymbol(.comma) }
        let stop = isSymbol(.colon) || ends(self) ? nil : try parseExpression()
        var step: Expression?
        if skip(.colon), !ends(self) { step = try parseExpression() }
        return try make(.slice(start: start, stop: stop, step: step), line: line)
    }

    /// Filters, tests and calls behind an operand.
    mutating func parseFiltersAndTests(of operand: Expression) throws(TemplateError) -> Expression {
        var node = operand
        while true {
            if isSymbol(.pipe) {
                node = try parseFilters(of: node)
            } else if isName("is") {
                node = try parseTest(of: node)
            } else if isSymbol(.leftParenthesis) {
                let line = line
                node = try make(.call(node, try parseArguments()), line: line)
            } else {
                return node
            }
        }
    }

    /// `| a | b(1)`: one filter at least.
    mutating func parseFilters(of input: Expression?) throws(TemplateError) -> Expression {
        var node = input
        while skip(.pipe) { node = try parseFilter(of: node) }
        guard let node else { throw failure("expected a filter, got \(current.description)") }
        return node
    }

    private mutating func dottedName() throws(TemplateError) -> PythonString {
        var name = try expectName()
        while skip(.dot) {
            guard name.utf8.count < 256 else { throw failure("a name of too many parts") }
            name = name + "." + (try expectName())
        }
        return name
    }

    mutating func parseFilter(of input: Expression?) throws(TemplateError) -> Expression {
        let line = line
        let name = try dottedName()
        let arguments = isSymbol(.leftParenthesis) ? try parseArguments() : Expression.Arguments()
        let filter = FilterReference(name: name, apply: Filters.named(name))
        return try make(.filter(input, filter, arguments), line: line)
    }

    private mutating func parseTest(of subject: Expression) throws(TemplateError) -> Expression {
        let line = line
        advance()
        let negated = skip(name: "not")
        let name = try dottedName()
        var arguments = Expression.Arguments()
        switch current.kind {
        case .symbol(.leftParenthesis): arguments = try parseArguments()
        case .name("else"), .name("or"), .name("and"): break
        case .name("is"): throw failure("You cannot chain multiple tests with is")
        case .name, .string, .integer, .largeInteger, .float, .symbol(.leftBracket), .symbol(.leftBrace):
            arguments.positional = [try nested { parser throws(TemplateError) in try parser.parseTestArgument() }]
        default: break
        }
        let test = TestReference(name: name, apply: ValueTests.named(name))
        let node = try make(.test(subject, test, arguments), line: line)
        return negated ? try make(.not(node), line: line) : node
    }

    /// Arguments in parentheses: positional ones, `name=value`, `*list`, `**dict`.
    mutating func parseArguments() throws(TemplateError) -> Expression.Arguments {
        let line = line
        try expect(.leftParenthesis)
        var arguments = Expression.Arguments()
        var needsComma = false
        func ensure(_ allowed: Bool) throws(TemplateError) {
            guard allowed else { throw failure("invalid syntax for function call expression", line: line) }
        }
        while !isSymbol(.rightParenthesis) {
            if needsComma {
                try expect(.comma)
                if isSymbol(.rightParenthesis) { break }
            }
            needsComma = true
            if skip(.multiply) {
                try ensure(arguments.list == nil && arguments.dictionary == nil)
                arguments.list = try parseExpression()
            } else if skip(.power) {
                try ensure(arguments.dictionary == nil)
                arguments.dictionary = try parseExpression()
            } else if case .name(let name) = current.kind, next.kind == .symbol(.assign) {
                try ensure(arguments.dictionary == nil)
                advance()
                advance()
                guard !arguments.keywords.contains(where: { $0.name == name }) else {
                    throw failure("keyword argument repeated: \(name.string)")
                }
                guard arguments.keywords.count < 255 else { throw failure("more than 255 keyword arguments") }
                arguments.keywords.append((name, try parseExpression()))
            } else {
                try ensure(arguments.list == nil && arguments.dictionary == nil && arguments.keywords.isEmpty)
                arguments.positional.append(try parseExpression())
            }
        }
        advance()
        return arguments
    }
}
