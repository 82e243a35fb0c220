extension Parser {
    /// An expression; without `conditional`, an inline `if` is left to the caller.
    mutating func parseExpression(conditional: Bool = true) throws(TemplateError) -> Expression {
        try nested { parser throws(TemplateError) in
            conditional ? try parser.parseConditional() : try parser.parseOr()
        }
    }

    private mutating func parseConditional() throws(TemplateError) -> Expression {
        let line = line
        var result = try parseOr()
        while skip(name: "if") {
            let test = try parseOr()
            var otherwise: Expression?
            if skip(name: "else") { otherwise = try parseExpression() }
            result = try make(.conditional(test: test, then: result, otherwise: otherwise), line: line)
        }
        return result
    }

    private mutating func parseOr() throws(TemplateError) -> Expression {
        let line = line
        var operands = [try parseAnd()]
        while skip(name: "or") { operands.append(try parseAnd()) }
        return operands.count == 1 ? operands[0] : try make(.or(operands), line: line)
    }

    private mutating func parseAnd() throws(TemplateError) -> Expression {
        let line = line
        var operands = [try parseNot()]
        while skip(name: "and") { operands.append(try parseNot()) }
        return operands.count == 1 ? operands[0] : try make(.and(operands), line: line)
    }

    private mutating func parseNot() throws(TemplateError) -> Expression {
        let line = line
        guard skip(name: "not") else { return try parseComparison() }
        let operand = try nested { parser throws(TemplateError) in try parser.parseNot() }
        return try make(.not(operand), line: line)
    }

    private mutating func comparisonOperator() -> ComparisonOperator? {
        switch current.kind {
        case .symbol(let symbol):
            guard let found = ComparisonOperator(rawValue: symbol.rawValue) else { return nil }
            advance()
            return found
        case .name("in"):
            advance()
            return .isIn
        case .name("not") where next.kind == .name("in"):
            advance()
            advance()
            return .isNotIn
        default: return nil
        }
    }

    private mutating func parseComparison() throws(TemplateError) -> Expression {
        let line = line
        let first = try parseBinary(level: 0)
        var rest: [(comparison: ComparisonOperator, operand: Expression)] = []
        while let found = comparisonOperator() { rest.append((found, try parseBinary(level: 0))) }
        return rest.isEmpty ? first : try make(.comparison(first, rest), line: line)
    }

    /// Operators of a level: 0 is `+ -`, 1 is `~`, 2 is `* / // %`, 3 is `**`; all bind to the left.
    private func binaryOperator(level: Int) -> BinaryOperator? {
        guard case .symbol(let symbol) = current.kind else { return nil }
        switch (level, symbol) {
        case (0, .plus), (0, .minus), (2, .multiply), (2, .divide), (2, .floorDivide), (2, .modulo), (3, .power):
            return BinaryOperator(rawValue: symbol.rawValue)
        default: return nil
        }
    }

    private mutating func parseBinary(level: Int) throws(TemplateError) -> Expression {
        if level == 4 { return try parseUnary(filters: true) }
        let line = line
        var left = try parseBinary(level: level + 1)
        if level == 1 {
            guard isSymbol(.tilde) else { return left }
            var parts = [left]
            while skip(.tilde) { parts.append(try parseBinary(level: 2)) }
            return try make(.concatenation(parts), line: line)
        }
        while let found = binaryOperator(level: level) {
            advance()
            left = try make(.binary(found, left, try parseBinary(level: level + 1)), line: line)
        }
        return left
    }

    private mutating func parseUnary(filters: Bool) throws(TemplateError) -> Expression {
        let line = line
        var node: Expression
        if isSymbol(.minus) || isSymbol(.plus) {
            let negates = isSymbol(.minus)
            advance()
            let operand = try nested { parser throws(TemplateError) in try parser.parseUnary(filters: false) }
            node = try make(negates ? .negative(operand) : .positive(operand), line: line)
        } else {
            node = try parsePrimary()
        }
        node = try parsePostfix(of: node)
        return filters ? try parseFiltersAndTests(of: node) : node
    }

    /// What a test takes without parentheses: an operand with its postfix parts.
    mutating func parseTestArgument() throws(TemplateError) -> Expression {
        try parsePostfix(of: try parsePrimary())
    }

    private mutating func parsePrimary() throws(TemplateError) -> Expression {
        let line = line
        switch current.kind {
        case .name(let name):
            advance()
            switch name {
            case "true", "True": return try make(.constant(.bool(true)), line: line)
            case "false", "False": return try make(.constant(.bool(false)), line: line)
            case "none", "None": return try make(.constant(.none), line: line)
            default: return try make(.name(names.number(of: name)), line: line)
            }
        case .string(let text):
            advance()
            return try make(.constant(.string(adjacentStrings(text))), line: line)
        case .integer(let value):
            advance()
            return try make(.constant(.int(value)), line: line)
        case .largeInteger(let digits):
            advance()
            return try make(.constant(.largeInteger(digits)), line: line)
        case .float(let value):
            advance()
            return try make(.constant(.float(value)), line: line)
        case .symbol(.leftParenthesis):
            advance()
            let inner = try parseTuple(parenthesized: true)
            try expect(.rightParenthesis)
            return inner
        case .symbol(.leftBracket): return try parseList()
        case .symbol(.leftBrace): return try parseDict()
        default: throw failure("unexpected \(current.description)")
        }
    }

    /// String literals behind each other are one.
    private mutating func adjacentStrings(_ first: PythonString) -> PythonString {
        guard case .string = current.kind else { return first }
        var bytes = first.utf8
        while case .string(let more) = current.kind {
            bytes.append(contentsOf: more.utf8)
            advance()
        }
        return PythonString(utf8: bytes)
    }

    /// One expression, or a tuple where commas follow.
    mutating func parseTuple(
        conditional: Bool = true, end: PythonString? = nil, parenthesized: Bool = false
    ) throws(TemplateError) -> Expression {
        let line = line
        var items: [Expression] = []
        var isTuple = false
        while !isTupleEnd(end) {
            items.append(try parseExpression(conditional: conditional))
            guard skip(.comma) else { break }
            isTuple = true
        }
        if !isTuple {
            if let item = items.first { return item }
            guard parenthesized else { throw failure("Expected an expression, got \(current.description)") }
        }
        return try make(.tuple(items), line: line)
    }

    private func isTupleEnd(_ end: PythonString?) -> Bool {
        switch current.kind {
        case .variableEnd, .blockEnd, .symbol(.rightParenthesis): true
        case .name(let name): name == end
        default: false
        }
    }

    private mutating func parseList() throws(TemplateError) -> Expression {
        let line = line
        advance()
        var items: [Expression] = []
        while !isSymbol(.rightBracket) {
            if !items.isEmpty { try expect(.comma) }
            if isSymbol(.rightBracket) { break }
            items.append(try parseExpression())
        }
        advance()
        return try make(.list(items), line: line)
    }

    private mutating func parseDict() throws(TemplateError) -> Expression {
        let line = line
        advance()
        var pairs: [(key: Expression, value: Expression)] = []
        while !isSymbol(.rightBrace) {
            if !pairs.isEmpty { try expect(.comma) }
            if isSymbol(.rightBrace) { break }
            let key = try parseExpression()
            try expect(.colon)
            pairs.append((key, try parseExpression()))
        }
        advance()
        return try make(.dict(pairs), line: line)
    }
}
