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

    private struct CharacterSet {
        var ranges: [ClosedRange<UInt8>] = []
        var negated = false
        func contains(_ byte: UInt8) -> Bool { ranges.contains { $0.contains(byte) } != negated }
    }

    private indirect enum Node {
        case empty
        case set(CharacterSet)
        case sequence([Node])
        case choice([Node])
        case times(Node, least: Int, most: Int?)
    }

    /// Longest expression, deepest group, and most states after repetitions are written out.
    private static let maximumLength = 4096, maximumDepth = 32, maximumStates = 20_000

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

    /// Reads the expression from left to right.
    private struct Parser {
        let bytes: [UInt8]
        let pattern: String
        var position = 0

        private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

        private func error(_ reason: String) -> AdapterError {
            .badPattern(String(pattern.prefix(80)), reason: "\(reason) at byte \(position)")
        }

        private mutating func accept(_ byte: Unicode.Scalar) -> Bool {
            guard next == UInt8(ascii: byte) else { return false }
            position += 1
            return true
        }

        mutating func whole() throws(AdapterError) -> Node {
            guard bytes.count <= ModulePattern.maximumLength else { throw error("it is too long") }
            let node = try choice(depth: 0)
            guard next == nil else { throw error("a bracket closes that none opened") }
            return node
        }

        private mutating func choice(depth: Int) throws(AdapterError) -> Node {
            guard depth <= ModulePattern.maximumDepth else { throw error("groups are nested too deep") }
            var options = [try sequence(depth: depth)]
            while accept("|") { options.append(try sequence(depth: depth)) }
            return .choice(options)
        }

        private mutating func sequence(depth: Int) throws(AdapterError) -> Node {
            var parts: [Node] = []
            while let byte = next, byte != UInt8(ascii: "|"), byte != UInt8(ascii: ")") {
                // The whole name must fit, so anchors at the ends say nothing new; elsewhere they never fit.
                if byte == UInt8(ascii: "^"), position == 0 {
                    position += 1
                    continue
                }
                if byte == UInt8(ascii: "$"), position == bytes.count - 1 {
                    position += 1
                    continue
                }
                let atom = try atom(depth: depth)
                parts.append(try repeated(atom))
            }
            return .sequence(parts)
        }

        private mutating func repeated(_ atom: Node) throws(AdapterError) -> Node {
            var result = atom
            if accept("*") {
                result = .times(atom, least: 0, most: nil)
            } else if accept("+") {
                result = .times(atom, least: 1, most: nil)
            } else if accept("?") {
                result = .times(atom, least: 0, most: 1)
            } else if accept("{") {
                result = try counted(atom)
            } else {
                return atom
            }
            // A lazy or possessive mark changes nothing about whether the whole fits, but for possessive ones, which
            // are refused as a second operator.
            _ = accept("?")
            if let byte = next, "*+{".utf8.contains(byte) { throw error("two repetitions follow one another") }
            return result
        }

        private mutating func counted(_ atom: Node) throws(AdapterError) -> Node {
            let least = try number()
            var most: Int? = least
            if accept(",") { most = next == UInt8(ascii: "}") ? nil : try number() }
            guard accept("}") else { throw error("} expected") }
            if let most, most < least { throw error("a repetition ends before it begins") }
            return .times(atom, least: least, most: most)
        }

        private mutating func number() throws(AdapterError) -> Int {
            var value = 0
            let start = position
            while let byte = next, (0x30...0x39).contains(byte) {
                value = value * 10 + Int(byte - 0x30)
                guard value <= 1000 else { throw error("a repetition is larger than 1000") }
                position += 1
            }
            guard position > start else { throw error("a number expected") }
            return value
        }

        private mutating func atom(depth: Int) throws(AdapterError) -> Node {
            guard let byte = next else { throw error("the text ends") }
            position += 1
            switch Unicode.Scalar(byte) {
            case "(":
                if accept("?"), !accept(":") { throw error("only plain groups are known") }
                let inner = try choice(depth: depth + 1)
                guard accept(")") else { throw error(") expected") }
                return inner
            case "[": return .set(try characterClass())
            case ".": return .set(CharacterSet(ranges: [10...10], negated: true))
            case "\\": return .set(try escape())
            case "*", "+", "?", "{", "^", "$": throw error("an operator stands alone")
            default: return .set(CharacterSet(ranges: [byte...byte]))
            }
        }

        private mutating func escape() throws(AdapterError) -> CharacterSet {
            guard let byte = next else { throw error("the text ends after a backslash") }
            position += 1
            let digits: [ClosedRange<UInt8>] = [0x30...0x39]
            let word = digits + [0x41...0x5A, 0x61...0x7A, 0x5F...0x5F]
            switch Unicode.Scalar(byte) {
            case "d": return CharacterSet(ranges: digits)
            case "D": return CharacterSet(ranges: digits, negated: true)
            case "w": return CharacterSet(ranges: word)
            case "W": return CharacterSet(ranges: word, negated: true)
            case "s": return CharacterSet(ranges: [9...13, 32...32])
            case "S": return CharacterSet(ranges: [9...13, 32...32], negated: true)
            default:
                // Letters and digits after a backslash mean things that are not known here.
                guard !word.contains(where: { $0.contains(byte) }) || byte == 0x5F else {
                    throw error("an escape that is not known")
                }
                return CharacterSet(ranges: [byte...byte])
            }
        }

        private mutating func characterClass() throws(AdapterError) -> CharacterSet {
            var set = CharacterSet()
            set.negated = accept("^")
            var isFirst = true
            while let byte = next, byte != UInt8(ascii: "]") || isFirst {
                isFirst = false
                position += 1
                var low = byte
                if byte == UInt8(ascii: "\\") {
                    let escaped = try escape()
                    guard !escaped.negated, escaped.ranges.count == 1, let only = escaped.ranges.first,
                        only.count == 1
                    else {
                        guard !escaped.negated else { throw error("a negated class within a class") }
                        set.ranges += escaped.ranges
                        continue
                    }
                    low = only.lowerBound
                }
                if next == UInt8(ascii: "-"), position + 1 < bytes.count, bytes[position + 1] != UInt8(ascii: "]") {
                    position += 1
                    guard let high = next, high >= low, high != UInt8(ascii: "\\") else { throw error("a bad range") }
                    position += 1
                    set.ranges.append(low...high)
                } else {
                    set.ranges.append(low...low)
                }
            }
            guard accept("]") else { throw error("] expected") }
            return set
        }
    }
}
