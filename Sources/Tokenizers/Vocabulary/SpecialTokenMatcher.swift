/// Finds the texts of special tokens in a text: at each place the longest one.
///
/// User-defined tokens are always found; control and unknown tokens only when special texts are parsed. A tree of
/// bytes holds the texts; per place at most as many steps are taken as the longest text has bytes.
struct SpecialTokenMatcher: Sendable {
    /// A special token found in a text.
    struct Match {
        /// Place of its first byte.
        var start: Int
        /// Place after its last byte.
        var end: Int
        /// Its id.
        var id: Int
    }

    /// (node, byte) → node; node 0 is the root.
    private var children = PairTable(capacity: 64)
    /// The token that ends at a node, −1 for none; and whether it is found without parsing.
    private var tokens: [Int32] = [-1]
    private var always: [Bool] = [false]
    /// Bytes that a text can begin with: bit 0 for user-defined ones, bit 1 for all.
    private var firstBytes = [UInt8](repeating: 0, count: 256)

    /// Gathers the special tokens of a vocabulary.
    init(_ tokens: [String], _ types: [TokenType]) {
        for (id, type) in types.enumerated() {
            switch type {
            case .userDefined: insert(tokens[id], id, always: true)
            case .control, .unknown: insert(tokens[id], id, always: false)
            case .normal, .unused, .byte: break
            }
        }
    }

    private mutating func insert(_ text: String, _ id: Int, always found: Bool) {
        guard let first = text.utf8.first else { return }
        firstBytes[Int(first)] |= found ? 3 : 2
        var node: UInt32 = 0
        for byte in text.utf8 {
            let child = children.value(node, UInt32(byte))
            if child != PairTable.absent {
                node = UInt32(truncatingIfNeeded: child)
                continue
            }
            let new = UInt32(truncatingIfNeeded: tokens.count)
            children.insertIfAbsent(node, UInt32(byte), UInt64(new))
            tokens.append(-1)
            always.append(false)
            node = new
        }
        tokens[Int(node)] = Int32(truncatingIfNeeded: id)
        always[Int(node)] = found
    }

    /// The first special text at or after `start`.
    func first(in text: [UInt8], from start: Int, parseSpecial: Bool) -> Match? {
        let bit: UInt8 = parseSpecial ? 2 : 1
        var place = start
        while place < text.count {
            if firstBytes[Int(text[place])] & bit != 0, let match = longest(text, place, parseSpecial) { return match }
            place += 1
        }
        return nil
    }

    private func longest(_ text: [UInt8], _ start: Int, _ parseSpecial: Bool) -> Match? {
        var node: UInt32 = 0
        var place = start
        var match: Match?
        while place < text.count {
            let child = children.value(node, UInt32(text[place]))
            if child == PairTable.absent { break }
            node = UInt32(truncatingIfNeeded: child)
            place += 1
            let token = tokens[Int(node)]
            if token >= 0 && (parseSpecial || always[Int(node)]) {
                match = Match(start: start, end: place, id: Int(token))
            }
        }
        return match
    }
}
