/// Finds the texts of special tokens in a text: at each place the longest one.
///
/// User-defined tokens are always found; control and unknown tokens only when special texts are parsed.
///
/// The automaton of Aho and Corasick (1975, "Efficient string matching") over the reversed texts reads a text from its
/// end: its state at a place knows the longest special text that begins there. So one pass answers for all places, and
/// its cost is linear whatever the vocabulary holds; a tree walked from each place would take, for a text made for it,
/// as many steps per place as the longest special text has bytes.
struct SpecialTokenMatcher: Sendable {
    /// A special token found in a text.
    struct Match: Equatable {
        /// Place of its first byte.
        var start: Int
        /// Place after its last byte.
        var end: Int
        /// Its id.
        var id: Int
    }

    /// The token that a state has found, −1 for none, and the length of its text.
    private struct Found: Sendable {
        var id: Int32 = -1
        var length: Int32 = 0
    }

    /// (node, byte) → node; node 0 is the root.
    private var children = PairTable(capacity: 64)
    /// The node of the longest proper end of a node's text that is a node, too.
    private var failures: [UInt32] = [0]
    /// What is found at a node with and without parsing of special texts.
    private var all: [Found] = [Found()]
    private var always: [Found] = [Found()]
    /// Bytes that a text can end with: bit 0 for user-defined ones, bit 1 for all.
    private var lastBytes = [UInt8](repeating: 0, count: 256)

    /// Gathers the special tokens of a vocabulary. Cost: linear in the bytes of their texts.
    init(_ tokens: [String], _ types: [TokenType]) {
        /// Nodes by depth with the byte that leads to them, parents first.
        var levels: [[(parent: UInt32, byte: UInt8, node: UInt32)]] = []
        for (id, type) in types.enumerated() {
            switch type {
            case .userDefined: insert(tokens[id], id, always: true, &levels)
            case .control, .unknown: insert(tokens[id], id, always: false, &levels)
            case .normal, .unused, .byte: break
            }
        }
        for (depth, level) in levels.enumerated() {
            for (parent, byte, node) in level {
                let failure = depth == 0 ? 0 : next(failures[Int(parent)], byte)
                failures[Int(node)] = failure
                if all[Int(node)].id < 0 { all[Int(node)] = all[Int(failure)] }
                if always[Int(node)].id < 0 { always[Int(node)] = always[Int(failure)] }
            }
        }
    }

    private mutating func insert(
        _ text: String, _ id: Int, always isAlways: Bool,
        _ levels: inout [[(parent: UInt32, byte: UInt8, node: UInt32)]]
    ) {
        guard let last = text.utf8.last else { return }
        lastBytes[Int(last)] |= isAlways ? 3 : 2
        var node: UInt32 = 0
        for (depth, byte) in text.utf8.reversed().enumerated() {
            let child = children.value(node, UInt32(byte))
            if child != PairTable.absent {
                node = UInt32(truncatingIfNeeded: child)
                continue
            }
            let new = UInt32(truncatingIfNeeded: failures.count)
            children.insertIfAbsent(node, UInt32(byte), UInt64(new))
            failures.append(0)
            all.append(Found())
            always.append(Found())
            if depth == levels.count { levels.append([]) }
            levels[depth].append((node, byte, new))
            node = new
        }
        let found = Found(id: Int32(truncatingIfNeeded: id), length: Int32(truncatingIfNeeded: text.utf8.count))
        all[Int(node)] = found
        if isAlways { always[Int(node)] = found }
    }

    /// The state after one more byte.
    @inline(__always)
    private func next(_ state: UInt32, _ byte: UInt8) -> UInt32 {
        var node = state
        while true {
            let child = children.value(node, UInt32(byte))
            if child != PairTable.absent { return UInt32(truncatingIfNeeded: child) }
            if node == 0 { return 0 }
            node = failures[Int(node)]
        }
    }

    /// For each place of a text at which special texts begin the longest of them, in the order of places. They may
    /// overlap: who takes one goes on with the first that begins after it.
    func candidates(in text: [UInt8], parseSpecial: Bool) -> [Match] {
        let bit: UInt8 = parseSpecial ? 2 : 1
        if lastBytes.allSatisfy({ $0 & bit == 0 }) { return [] }
        var matches: [Match] = []
        var node: UInt32 = 0
        for place in text.indices.reversed() {
            let byte = text[place]
            // Most of a text ends no special text.
            if node == 0 && lastBytes[Int(byte)] & bit == 0 { continue }
            node = next(node, byte)
            let found = parseSpecial ? all[Int(node)] : always[Int(node)]
            if found.id >= 0 {
                matches.append(Match(start: place, end: place + Int(found.length), id: Int(found.id)))
            }
        }
        matches.reverse()
        return matches
    }
}
