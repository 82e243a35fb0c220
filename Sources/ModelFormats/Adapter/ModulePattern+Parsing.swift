extension ModulePattern {
    /// Reads the expression from left to right.
    struct Parser {
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
