/// A regular expression for module names, as PEFT's configurations have them, matched in linear time.
///
/// Known: characters, `.`, escapes (`\.`, `\d`, `\w`, `\s` and their opposites), classes `[a-z_]`, groups, `|`, `*`,
/// `+`, `?`, `{n}`, `{n,m}`, `^` and `$` at the ends. A set of states is carried along the name, so that no expression
/// takes more than its length times the name's: these files come from strangers.
struct ModulePattern {
    private var states: [State] = []
    private var start = 0

    /// What a state takes, or where it leads without taking anything.
    private enum State {
        case take(CharacterSet, next: Int)
        case either(Int, Int)
        case end
    }

    /// Bytes that fit a place.
    struct CharacterSet {
        var ranges: [ClosedRange<UInt8>] = []
        var negated = false
        func contains(_ byte: UInt8) -> Bool { ranges.contains { $0.contains(byte) } != negated }
    }

    /// The expression as a tree.
    indirect enum Node {
        case empty
        case set(CharacterSet)
        case sequence([Node])
        case choice([Node])
        case times(Node, least: Int, most: Int?)
    }

    /// Longest expression, deepest group, and most states after repetitions are written out.
    static let maximumLength = 4096, maximumDepth = 32, maximumStates = 20_000

    /// Whether a text has anything that a plain name has not. The dot counts as plain.
    static func hasOperators(_ text: String) -> Bool {
        text.utf8.contains { "\\*+?()[]{}|^$".utf8.contains($0) }
    }

    /// - Throws: `AdapterError.badPattern`.
    init(_ pattern: String) throws(AdapterError) {
        var parser = Parser(bytes: Array(pattern.utf8), pattern: pattern)
        let tree = try parser.whole()
        states.append(.end)
        start = try add(tree, then: 0, pattern)
    }

    /// Whether the whole name fits.
    func matches(_ name: String) -> Bool {
        var current = closure([start])
        for byte in name.utf8 {
            var next: [Int] = []
            for index in current {
                if case .take(let set, let target) = states[index], set.contains(byte) { next.append(target) }
            }
            guard !next.isEmpty else { return false }
            current = closure(next)
        }
        return current.contains(0)
    }

    private func closure(_ seeds: [Int]) -> Set<Int> {
        var seen = Set<Int>()
        var open = seeds
        while let index = open.popLast() {
            guard seen.insert(index).inserted else { continue }
            if case .either(let left, let right) = states[index] { open += [left, right] }
        }
        return seen
    }

    private mutating func append(_ state: State, _ pattern: String) throws(AdapterError) -> Int {
        guard states.count < Self.maximumStates else {
            throw .badPattern(String(pattern.prefix(80)), reason: "its repetitions are too large")
        }
        states.append(state)
        return states.count - 1
    }

    /// Adds a node's states, which lead to `next`; gives the first of them.
    private mutating func add(_ node: Node, then next: Int, _ pattern: String) throws(AdapterError) -> Int {
        switch node {
        case .empty: return next
        case .set(let set): return try append(.take(set, next: next), pattern)
        case .sequence(let parts):
            var target = next
            for part in parts.reversed() { target = try add(part, then: target, pattern) }
            return target
        case .choice(let options):
            var target = try add(options[options.count - 1], then: next, pattern)
            for option in options.dropLast().reversed() {
                let first = try add(option, then: next, pattern)
                target = try append(.either(first, target), pattern)
            }
            return target
        case .times(let inner, let least, let most):
            var target = next
            if let most {
                for _ in least..<most {
                    let first = try add(inner, then: target, pattern)
                    target = try append(.either(first, next), pattern)
                }
            } else {
                let loop = try append(.either(next, next), pattern)
                let first = try add(inner, then: loop, pattern)
                states[loop] = .either(first, next)
                target = loop
            }
            for _ in 0..<least { target = try add(inner, then: target, pattern) }
            return target
        }
    }
}
