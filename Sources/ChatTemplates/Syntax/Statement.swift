/// What a value is assigned to.
indirect enum AssignmentTarget: Sendable {
    case name(Int)
    case attribute(of: Int, PythonString)
    case tuple([AssignmentTarget])

    /// The names it sets.
    var names: [Int] {
        switch self {
        case .name(let name): [name]
        case .attribute: []
        case .tuple(let targets): targets.flatMap(\.names)
        }
    }
}

/// Parameters and body of a macro or of a `call` block.
final class MacroDefinition: Sendable {
    let name: PythonString?
    let parameters: [(name: Int, text: PythonString, fallback: Expression?)]
    let body: [Statement]
    /// Whether the body reads `varargs`, `kwargs` and `caller`: only then are they accepted.
    let readsPositionalRest: Bool
    let readsKeywordRest: Bool
    let readsCaller: Bool

    init(
        name: PythonString?, parameters: [(name: Int, text: PythonString, fallback: Expression?)], body: [Statement],
        reads: Set<Int>
    ) {
        self.name = name
        self.parameters = parameters
        self.body = body
        readsPositionalRest = reads.contains(NameTable.varargs)
        readsKeywordRest = reads.contains(NameTable.kwargs)
        readsCaller = reads.contains(NameTable.caller)
    }
}

/// A `for` loop.
final class ForLoop: Sendable {
    let target: AssignmentTarget
    let items: Expression
    let condition: Expression?
    let body: [Statement]
    let otherwise: [Statement]
    let isRecursive: Bool
    /// Whether the body reads `loop`.
    let readsLoop: Bool
    let line: Int

    init(
        target: AssignmentTarget, items: Expression, condition: Expression?, body: [Statement],
        otherwise: [Statement], isRecursive: Bool, readsLoop: Bool, line: Int
    ) {
        self.target = target
        self.items = items
        self.condition = condition
        self.body = body
        self.otherwise = otherwise
        self.isRecursive = isRecursive
        self.readsLoop = readsLoop
        self.line = line
    }
}

/// A part of a template.
indirect enum Statement: Sendable {
    case text(PythonString)
    case output(Expression)
    case loop(ForLoop)
    case conditional([(test: Expression, body: [Statement])], otherwise: [Statement])
    case assign(AssignmentTarget, Expression)
    case assignBlock(AssignmentTarget, filter: Expression?, body: [Statement], line: Int)
    case macro(Int, MacroDefinition)
    case call(Expression, Expression.Arguments, function: Expression, caller: MacroDefinition)
    case filterBlock(Expression, body: [Statement])
    case with([(target: AssignmentTarget, value: Expression)], body: [Statement])
    /// `generation`: a scope of its own, otherwise only its body.
    case scope([Statement])
    case block(PythonString, body: [Statement], scoped: Bool)
    case breakLoop
    case continueLoop
    /// A tag that needs another file: known, evaluated never.
    case unsupported(StaticString, line: Int)
}
