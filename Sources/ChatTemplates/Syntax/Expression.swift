/// A literal.
enum Constant: Sendable {
    case none
    case bool(Bool)
    case int(Int)
    case largeInteger(PythonString)
    case float(Double)
    case string(PythonString)
}

enum BinaryOperator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case floorDivide = "//"
    case modulo = "%"
    case power = "**"
}

enum ComparisonOperator: String, Sendable {
    case equal = "=="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case isIn = "in"
    case isNotIn = "not in"
}

/// A node of an expression. Names are numbers of the template's ``NameTable``.
final class Expression: Sendable {
    enum Kind: Sendable {
        case constant(Constant)
        case name(Int)
        case list([Expression])
        case tuple([Expression])
        case dict([(key: Expression, value: Expression)])
        case conditional(test: Expression, then: Expression, otherwise: Expression?)
        case and([Expression])
        case or([Expression])
        case not(Expression)
        case negative(Expression)
        case positive(Expression)
        case binary(BinaryOperator, Expression, Expression)
        case concatenation([Expression])
        case comparison(Expression, [(comparison: ComparisonOperator, operand: Expression)])
        case attribute(Expression, PythonString)
        case item(Expression, Expression)
        case slice(start: Expression?, stop: Expression?, step: Expression?)
        case call(Expression, Arguments)
        /// The input is nil for the first filter of a `filter` or `set` block, whose text is the input.
        case filter(Expression?, FilterReference, Arguments)
        case test(Expression, TestReference, Arguments)
    }

    /// Arguments of a call as written.
    struct Arguments: Sendable {
        var positional: [Expression] = []
        var keywords: [(name: PythonString, value: Expression)] = []
        var list: Expression?
        var dictionary: Expression?

        var expressions: [Expression] {
            positional + keywords.map(\.value) + [list, dictionary].compactMap(\.self)
        }
    }

    let kind: Kind
    let line: Int
    /// One more than the highest child: bounded by the parser, so that evaluation and release cannot overflow.
    let height: Int

    init(_ kind: Kind, line: Int) {
        self.kind = kind
        self.line = line
        var height = 0
        for child in Self.children(of: kind) { height = max(height, child.height) }
        self.height = height + 1
    }

    var children: [Expression] { Self.children(of: kind) }

    private static func children(of kind: Kind) -> [Expression] {
        switch kind {
        case .constant, .name: []
        case .list(let items), .tuple(let items), .and(let items), .or(let items), .concatenation(let items): items
        case .dict(let pairs): pairs.flatMap { [$0.key, $0.value] }
        case .conditional(let test, let then, let otherwise): [test, then] + (otherwise.map { [$0] } ?? [])
        case .not(let operand), .negative(let operand), .positive(let operand): [operand]
        case .binary(_, let left, let right): [left, right]
        case .comparison(let first, let rest): [first] + rest.map(\.operand)
        case .attribute(let base, _): [base]
        case .item(let base, let index): [base, index]
        case .slice(let start, let stop, let step): [start, stop, step].compactMap(\.self)
        case .call(let function, let arguments): [function] + arguments.expressions
        case .filter(let input, _, let arguments): (input.map { [$0] } ?? []) + arguments.expressions
        case .test(let subject, _, let arguments): [subject] + arguments.expressions
        }
    }
}

/// A filter by name; nil where the language has none of this name, which is an error once it is reached.
struct FilterReference: Sendable {
    let name: PythonString
    let apply: Filter?
}

/// A test by name; nil where the language has none of this name.
struct TestReference: Sendable {
    let name: PythonString
    let apply: ValueTest?
}
