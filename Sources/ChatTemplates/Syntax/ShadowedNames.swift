/// Names of the top level that are first set there before they are read there: for them a variable of the rendering
/// with the same name is never seen.
///
/// Jinja decides this when it compiles: a loop or macro that reads such a name before the `set` is reached finds it
/// undefined, although the caller gave it. Reads inside of loops, macros and blocks do not count, and what an `if`
/// sets or reads may come from the caller.
struct ShadowedNames {
    private(set) var names: Set<Int> = []
    private var seen: Set<Int> = []

    init(in body: [Statement]) {
        for statement in body { visit(statement, isConditional: false) }
    }

    private mutating func read(_ expression: Expression?) {
        guard let expression else { return }
        if case .name(let name) = expression.kind { seen.insert(name) }
        for child in expression.children { read(child) }
    }

    private mutating func set(_ name: Int, isConditional: Bool) {
        if seen.insert(name).inserted, !isConditional { names.insert(name) }
    }

    private mutating func set(_ target: AssignmentTarget, isConditional: Bool) {
        switch target {
        case .name(let name): set(name, isConditional: isConditional)
        case .attribute(let name, _): seen.insert(name)
        case .tuple(let targets): for target in targets { set(target, isConditional: isConditional) }
        }
    }

    private mutating func visit(_ statement: Statement, isConditional: Bool) {
        switch statement {
        case .text, .breakLoop, .continueLoop, .unsupported, .scope, .block: break
        case .output(let expression): read(expression)
        case .loop(let loop): read(loop.items)
        case .conditional(let branches, let otherwise):
            for branch in branches {
                read(branch.test)
                for statement in branch.body { visit(statement, isConditional: true) }
            }
            for statement in otherwise { visit(statement, isConditional: true) }
        case .assign(let target, let value):
            read(value)
            set(target, isConditional: isConditional)
        case .assignBlock(let target, _, _, _): set(target, isConditional: isConditional)
        case .macro(let name, _): set(name, isConditional: isConditional)
        case .call(let call, _, _, _): read(call)
        case .filterBlock(let filter, _): read(filter)
        case .with(let assignments, _): for assignment in assignments { read(assignment.value) }
        }
    }
}
