/// Numbers for the names of a template, so that scopes compare numbers.
struct NameTable: Sendable {
    private(set) var names: [PythonString] = []
    private var numbers: [PythonString: Int] = [:]

    static let varargs = 0
    static let kwargs = 1
    static let caller = 2
    static let loop = 3
    static let selfName = 4

    init() {
        for name: PythonString in ["varargs", "kwargs", "caller", "loop", "self"] { _ = number(of: name) }
    }

    /// The number of a name, a new one where the template has not used it yet.
    mutating func number(of name: PythonString) -> Int {
        if let number = numbers[name] { return number }
        names.append(name)
        numbers[name] = names.count - 1
        return names.count - 1
    }

    /// The number of a name that the template uses, or nil.
    func find(_ name: PythonString) -> Int? { numbers[name] }
}

/// The special names that a body reads without setting them itself first, in the order of the text.
struct FreeNames {
    private var wanted: Set<Int>
    private(set) var found: Set<Int> = []
    /// Nodes that may still be looked at: nested loops are each searched, so that a hostile text could take long.
    private var budget: Int

    /// - Parameter budget: lowered by the nodes looked at. Throws when there are more.
    init(_ wanted: Set<Int>, in body: [Statement], budget: inout Int) throws(TemplateError) {
        self.wanted = wanted
        self.budget = budget
        visit(body)
        budget = self.budget
        guard budget >= 0 else { throw TemplateError(.limit, "too many nested loops and macros around a long text") }
    }

    private mutating func visit(_ body: [Statement]) {
        for statement in body where budget >= 0 {
            budget -= 1
            visit(statement)
        }
    }

    private mutating func visit(_ expression: Expression?) {
        guard let expression, budget >= 0 else { return }
        budget -= 1
        if case .name(let name) = expression.kind {
            if wanted.contains(name) { found.insert(name) }
            return
        }
        for child in expression.children { visit(child) }
    }

    private mutating func set(_ target: AssignmentTarget) {
        switch target {
        case .name(let name): wanted.remove(name)
        case .attribute(let name, _): if wanted.contains(name) { found.insert(name) }
        case .tuple(let targets): for target in targets { set(target) }
        }
    }

    private mutating func visit(_ definition: MacroDefinition) {
        for parameter in definition.parameters { wanted.remove(parameter.name) }
        for parameter in definition.parameters { visit(parameter.fallback) }
        visit(definition.body)
    }

    private mutating func visit(_ statement: Statement) {
        switch statement {
        case .text, .breakLoop, .continueLoop, .unsupported, .block: break
        case .output(let expression): visit(expression)
        case .loop(let loop):
            set(loop.target)
            visit(loop.items)
            visit(loop.body)
            visit(loop.otherwise)
            visit(loop.condition)
        case .conditional(let branches, let otherwise):
            for branch in branches {
                visit(branch.test)
                visit(branch.body)
            }
            visit(otherwise)
        case .assign(let target, let value):
            set(target)
            visit(value)
        case .assignBlock(let target, let filter, let body, _):
            set(target)
            visit(filter)
            visit(body)
        case .macro(let name, let definition):
            wanted.remove(name)
            visit(definition)
        case .call(_, let arguments, let function, let caller):
            visit(function)
            for argument in arguments.expressions { visit(argument) }
            visit(caller)
        case .filterBlock(let filter, let body):
            visit(filter)
            visit(body)
        case .with(let assignments, let body):
            for assignment in assignments { set(assignment.target) }
            for assignment in assignments { visit(assignment.value) }
            visit(body)
        case .scope(let body): visit(body)
        }
    }
}
