/// Refuses filters and tests that the language does not have, when the template is compiled; inside an `if` they are
/// left until they are reached, as Jinja does, so that a template may ask for what only some engines have.
enum UnknownNames {
    /// - Parameter allowed: whether this stands inside an `if` of the same scope.
    static func check(_ body: [Statement], allowed: Bool) throws(TemplateError) {
        for statement in body { try check(statement, allowed: allowed) }
    }

    private static func check(_ expression: Expression?, allowed: Bool) throws(TemplateError) {
        guard let expression else { return }
        var allowed = allowed
        switch expression.kind {
        case .conditional: allowed = true
        case .filter(_, let filter, _) where filter.apply == nil && !allowed:
            throw TemplateError(.unknownName, "No filter named '\(filter.name.string)'", line: expression.line)
        case .test(_, let test, _) where test.apply == nil && !allowed:
            throw TemplateError(.unknownName, "No test named '\(test.name.string)'", line: expression.line)
        default: break
        }
        for child in expression.children { try check(child, allowed: allowed) }
    }

    private static func check(_ definition: MacroDefinition) throws(TemplateError) {
        for parameter in definition.parameters { try check(parameter.fallback, allowed: false) }
        try check(definition.body, allowed: false)
    }

    private static func check(_ statement: Statement, allowed: Bool) throws(TemplateError) {
        switch statement {
        case .text, .breakLoop, .continueLoop, .unsupported: break
        case .output(let value), .assign(_, let value): try check(value, allowed: allowed)
        case .loop(let loop):
            try check(loop.items, allowed: allowed)
            try check(loop.condition, allowed: false)
            try check(loop.body, allowed: false)
            try check(loop.otherwise, allowed: false)
        case .conditional(let branches, let otherwise):
            for branch in branches {
                try check(branch.test, allowed: true)
                try check(branch.body, allowed: true)
            }
            try check(otherwise, allowed: true)
        case .assignBlock(_, let filter, let body, _):
            try check(filter, allowed: false)
            try check(body, allowed: false)
        case .macro(_, let definition): try check(definition)
        case .call(_, let arguments, let function, let caller):
            try check(function, allowed: allowed)
            for argument in arguments.expressions { try check(argument, allowed: allowed) }
            try check(caller)
        case .filterBlock(let filter, let body):
            try check(filter, allowed: false)
            try check(body, allowed: false)
        case .with(let assignments, let body):
            for assignment in assignments { try check(assignment.value, allowed: allowed) }
            try check(body, allowed: false)
        case .scope(let body), .block(_, let body, _): try check(body, allowed: false)
        }
    }
}
