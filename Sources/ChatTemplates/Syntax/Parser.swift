/// Builds the tree of a template. Nesting of statements and expressions is bounded while it is read, so that neither
/// this parser nor what walks the tree later can overflow the stack.
struct Parser {
    private let tokens: [Token]
    private var place = 0
    private var depth = 0
    var names = NameTable()
    var blocks: [PythonString: [Statement]] = [:]
    /// Loops around the current place within the same macro: `break` outside of one is an error.
    var loopDepth = 0
    var nameSearch = TemplateLimits.nameSearch

    private static let expressionHeight = 300

    init(_ tokens: [Token]) { self.tokens = tokens }

    /// The whole template.
    mutating func parse() throws(TemplateError) -> [Statement] {
        let body = try parseBody(until: [])
        try UnknownNames.check(body, allowed: false)
        return body
    }

    // MARK: The stream

    var current: Token { tokens[min(place, tokens.count - 1)] }
    var next: Token { tokens[min(place + 1, tokens.count - 1)] }
    var line: Int { current.line }

    mutating func advance() { place += 1 }

    func failure(_ message: String, line: Int? = nil) -> TemplateError {
        TemplateError(.syntax, message, line: line ?? current.line)
    }

    func isName(_ name: PythonString) -> Bool { current.kind == .name(name) }
    func isSymbol(_ symbol: Token.Symbol) -> Bool { current.kind == .symbol(symbol) }

    mutating func skip(_ symbol: Token.Symbol) -> Bool {
        guard isSymbol(symbol) else { return false }
        advance()
        return true
    }

    mutating func skip(name: PythonString) -> Bool {
        guard isName(name) else { return false }
        advance()
        return true
    }

    mutating func expect(_ kind: Token.Kind, _ what: String) throws(TemplateError) {
        guard current.kind == kind else { throw failure("expected \(what), got \(current.description)") }
        advance()
    }

    mutating func expect(_ symbol: Token.Symbol) throws(TemplateError) {
        try expect(.symbol(symbol), "'\(symbol.rawValue)'")
    }

    mutating func expectName() throws(TemplateError) -> PythonString {
        guard case .name(let name) = current.kind else {
            throw failure("expected a name, got \(current.description)")
        }
        advance()
        return name
    }

    /// Runs a part that may nest, one level deeper.
    mutating func nested<Result>(
        _ part: (inout Parser) throws(TemplateError) -> Result
    ) throws(TemplateError) -> Result {
        depth += 1
        defer { depth -= 1 }
        guard depth <= TemplateLimits.syntaxDepth else {
            throw TemplateError(.limit, "nested deeper than \(TemplateLimits.syntaxDepth)", line: line)
        }
        return try part(&self)
    }

    func make(_ kind: Expression.Kind, line: Int) throws(TemplateError) -> Expression {
        let node = Expression(kind, line: line)
        guard node.height <= Self.expressionHeight else {
            throw TemplateError(.limit, "an expression of more than \(Self.expressionHeight) levels", line: line)
        }
        return node
    }

    // MARK: Bodies

    /// Statements up to a tag of one of these names, which stays current; up to the end where there are none.
    mutating func parseBody(until ends: [PythonString]) throws(TemplateError) -> [Statement] {
        try nested { parser throws(TemplateError) in try parser.parseStatements(until: ends) }
    }

    private mutating func parseStatements(until ends: [PythonString]) throws(TemplateError) -> [Statement] {
        var body: [Statement] = []
        while true {
            switch current.kind {
            case .text(let text):
                body.append(.text(text))
                advance()
            case .variableBegin:
                advance()
                body.append(.output(try parseTuple()))
                try expect(.variableEnd, "end of print statement")
            case .blockBegin:
                advance()
                if case .name(let name) = current.kind, ends.contains(name) { return body }
                if let statement = try parseStatement() { body.append(contentsOf: statement) }
                try expect(.blockEnd, "end of statement block")
            case .end:
                guard ends.isEmpty else {
                    let wanted = ends.map(\.string).joined(separator: " or ")
                    throw failure("Unexpected end of template: looking for \(wanted)")
                }
                return body
            default:
                throw failure("unexpected \(current.description)")
            }
        }
    }

    /// The body of a tag whose head was read, and its end tag.
    mutating func parseBlock(until ends: [PythonString]) throws(TemplateError) -> [Statement] {
        _ = skip(.colon)
        try expect(.blockEnd, "end of statement block")
        return try parseBody(until: ends)
    }

    /// A body and its one end tag, which is passed.
    mutating func parseBlock(end: PythonString) throws(TemplateError) -> [Statement] {
        let body = try parseBlock(until: [end])
        advance()
        return body
    }
}
