/// One rendering: variables, output and what it may still cost.
///
/// The interpreter walks the tree. Every node costs a step, every string, list and dictionary that is made counts
/// against the bytes that may be allocated, and nesting is counted, so that a hostile template ends with an error.
final class Renderer {
    let program: Program
    let limits: TemplateLimits
    let now: TemplateDate
    /// The innermost scope; nil at the top level.
    var scope: Scope?
    /// Variables and top-level names by number.
    private var top: [Value?]
    /// The text written so far, or what a macro or block collects.
    private var output: [UInt8] = []
    private var stepsLeft: Int
    private var bytesLeft: Int
    private var depth = 0
    private var kept: [TemplateObject] = []
    private var keptScopes: [Scope] = []

    init(
        _ program: Program, variables: [(String, TemplateValue)], now: TemplateDate, limits: TemplateLimits
    ) throws(TemplateError) {
        self.program = program
        self.now = now
        self.limits = limits
        stepsLeft = limits.steps
        bytesLeft = limits.allocatedBytes
        top = Array(repeating: nil, count: program.names.names.count)
        for (name, value) in GlobalFunctions.all {
            if let number = program.names.find(name) { top[number] = value() }
        }
        for (name, value) in variables {
            guard let number = program.names.find(PythonString(name)) else { continue }
            top[number] = try Value(value)
        }
        for name in program.shadowed { top[name] = nil }
        top[NameTable.selfName] = .object(SelfObject(program.blocks))
    }

    /// The text of the whole template.
    func render() throws(TemplateError) -> String {
        defer { releaseAll() }
        _ = try execute(program.body)
        return String(decoding: output, as: UTF8.self)
    }

    // MARK: Costs

    /// Counts work of about one evaluated node each.
    func charge(steps: Int) throws(TemplateError) {
        stepsLeft -= steps
        guard stepsLeft >= 0 else {
            throw TemplateError(.limit, "the template takes more than \(limits.steps) steps")
        }
    }

    /// Counts a walk over the characters of a string.
    func charge(scanning text: PythonString) throws(TemplateError) {
        try charge(steps: text.utf8.count / 8)
    }

    /// Counts bytes of a new value.
    func charge(bytes: Int) throws(TemplateError) {
        bytesLeft -= bytes
        guard bytesLeft >= 0 else {
            throw TemplateError(.limit, "the template makes more than \(limits.allocatedBytes) bytes of values")
        }
    }

    /// Counts a string about to be made.
    func charge(stringOf bytes: Int) throws(TemplateError) {
        guard bytes <= limits.stringBytes else {
            throw TemplateError(.limit, "a string of \(bytes) bytes, at most \(limits.stringBytes)")
        }
        try charge(bytes: bytes)
    }

    /// Counts a list about to be made.
    func charge(listOf items: Int) throws(TemplateError) {
        guard items <= limits.items else {
            throw TemplateError(.limit, "a list of \(items) items, at most \(limits.items)")
        }
        try charge(steps: items / 4)
        try charge(bytes: items * 32 + 48)
    }

    /// Runs a part one level deeper.
    func nested<Result>(_ part: () throws(TemplateError) -> Result) throws(TemplateError) -> Result {
        try enter()
        defer { leave() }
        return try part()
    }

    func leave() { depth -= 1 }

    func enter() throws(TemplateError) {
        depth += 1
        guard depth <= limits.evaluationDepth else {
            depth -= 1
            throw TemplateError(.limit, "nested deeper than \(limits.evaluationDepth) while rendering")
        }
    }

    /// Remembers an object that may hold itself by a cycle of references, and lets it go at the end.
    func keep(_ object: TemplateObject) throws(TemplateError) {
        try charge(bytes: 200)
        kept.append(object)
    }

    /// Remembers a scope that a macro holds, and those around it.
    func keep(_ scope: Scope) throws(TemplateError) {
        var next: Scope? = scope
        while let scope = next, !scope.isKept {
            try charge(bytes: 200)
            scope.isKept = true
            keptScopes.append(scope)
            next = scope.parent
        }
    }

    private func releaseAll() {
        for object in kept { object.release() }
        for scope in keptScopes { scope.release() }
        top = []
        scope = nil
    }

    // MARK: Names

    func value(of name: Int) -> Value {
        var scope = scope
        while let current = scope {
            if let value = current[name] { return value }
            scope = current.parent
        }
        if let value = top[name] { return value }
        return .undefined(.name(program.names.names[name]))
    }

    func set(_ name: Int, to value: Value) {
        if let scope { scope[name] = value } else { top[name] = value }
    }

    /// Runs a part in a scope of its own.
    func scoped<Result>(
        in scope: Scope, _ part: () throws(TemplateError) -> Result
    ) throws(TemplateError) -> Result {
        let outer = self.scope
        self.scope = scope
        defer { self.scope = outer }
        return try part()
    }

    /// Runs a part at the top level, as a `block` is.
    func atTop<Result>(_ part: () throws(TemplateError) -> Result) throws(TemplateError) -> Result {
        let outer = self.scope
        self.scope = Scope(parent: nil)
        defer { self.scope = outer }
        return try part()
    }

    // MARK: Output

    /// Whether the text being written is collected by a macro or block.
    private var isCapturing = 0

    func emit(_ text: PythonString) throws(TemplateError) {
        output.append(contentsOf: text.utf8)
        guard output.count <= (isCapturing > 0 ? limits.stringBytes : limits.outputBytes) else {
            throw TemplateError(.limit, "more than \(limits.outputBytes) bytes of text")
        }
    }

    /// What a part writes, as a string instead of output, and what the part returns.
    func capture<Result>(
        _ part: () throws(TemplateError) -> Result
    ) throws(TemplateError) -> (text: PythonString, result: Result) {
        var outer: [UInt8] = []
        swap(&outer, &output)
        isCapturing += 1
        defer {
            isCapturing -= 1
            swap(&outer, &output)
        }
        let result = try part()
        try charge(stringOf: output.count)
        return (PythonString(utf8: output), result)
    }
}

/// A compiled template.
struct Program: Sendable {
    let body: [Statement]
    let names: NameTable
    let blocks: [PythonString: [Statement]]
    /// Names whose variables the template never sees.
    let shadowed: Set<Int>

    init(source: String) throws(TemplateError) {
        var lexer = try Lexer(source)
        var parser = Parser(try lexer.tokenize())
        body = try parser.parse()
        names = parser.names
        blocks = parser.blocks
        shadowed = ShadowedNames(in: body).names
    }
}
