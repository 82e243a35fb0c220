/// A trie over the bytes of all pieces, for finding every piece that begins at a place of a text.
///
/// The children of a node lie side by side, sorted by byte, so that a node takes 12 bytes and a step is a search among
/// a few neighbours. Building takes no luck: no vocabulary makes it large or slow.
struct PieceTrie: Sendable {
    private struct Node: Sendable {
        var firstChild: UInt32 = 0
        var piece: Int32 = -1
        var childCount: UInt16 = 0
        var byte: UInt8 = 0
    }

    private var nodes: [Node] = [Node()]
    /// The root's child for each byte; 0 where there is none.
    private var first = [UInt32](repeating: 0, count: 256)

    /// The root.
    static let root: UInt32 = 0

    /// Builds the trie of pieces, given by their ids, with different texts that are not empty.
    ///
    /// Cost: n log n in the number of pieces, linear in their bytes.
    init(_ tokens: [String], _ ids: [Int]) {
        var bytes: [UInt8] = []
        var keys: [Key] = []
        keys.reserveCapacity(ids.count)
        for id in ids {
            let start = bytes.count
            bytes.append(contentsOf: tokens[id].utf8)
            keys.append(Key(bytes, start, id))
        }
        keys.sort { $0.isBefore($1, bytes) }
        build(keys, bytes)
        for index in children(of: Self.root) { first[Int(nodes[index].byte)] = UInt32(index) }
    }

    /// A piece for sorting: its first eight bytes as a number, then the place of all of them.
    private struct Key {
        let head: UInt64
        let start: Int
        let end: Int
        let id: Int

        init(_ bytes: [UInt8], _ start: Int, _ id: Int) {
            var head: UInt64 = 0
            for offset in 0..<8 {
                head = head << 8 | (start + offset < bytes.count ? UInt64(bytes[start + offset]) : 0)
            }
            self.head = head
            self.start = start
            end = bytes.count
            self.id = id
        }

        func isBefore(_ other: Key, _ bytes: [UInt8]) -> Bool {
            if head != other.head { return head < other.head }
            // Equal heads of which one is padded with zeros: the lengths decide, or bytes after the eighth.
            var place = start + 8
            var otherPlace = other.start + 8
            while place < end && otherPlace < other.end {
                if bytes[place] != bytes[otherPlace] { return bytes[place] < bytes[otherPlace] }
                place += 1
                otherPlace += 1
            }
            return end - start < other.end - other.start
        }
    }

    /// Makes the nodes level by level, so that children of one node follow each other.
    private mutating func build(_ keys: [Key], _ bytes: [UInt8]) {
        /// The keys below each node of a level; the nodes are the last ones.
        var level: [Range<Int>] = [0..<keys.count]
        var depth = 0
        while !level.isEmpty {
            var below: [Range<Int>] = []
            let levelStart = nodes.count - level.count
            for (index, range) in level.enumerated() {
                let node = levelStart + index
                var low = range.lowerBound
                // Of all keys below a node the one that ends here comes first.
                if low < range.upperBound && keys[low].end - keys[low].start == depth {
                    nodes[node].piece = Int32(truncatingIfNeeded: keys[low].id)
                    low += 1
                }
                nodes[node].firstChild = UInt32(truncatingIfNeeded: nodes.count)
                while low < range.upperBound {
                    let byte = bytes[keys[low].start + depth]
                    var high = low + 1
                    while high < range.upperBound && bytes[keys[high].start + depth] == byte { high += 1 }
                    nodes.append(Node(byte: byte))
                    nodes[node].childCount += 1
                    below.append(low..<high)
                    low = high
                }
            }
            level = below
            depth += 1
        }
    }

    private func children(of node: UInt32) -> Range<Int> {
        let start = Int(nodes[Int(node)].firstChild)
        return start..<(start + Int(nodes[Int(node)].childCount))
    }

    /// The node that a byte leads to, `root` when there is none.
    @inline(__always)
    func child(of node: UInt32, _ byte: UInt8) -> UInt32 {
        if node == Self.root { return first[Int(byte)] }
        var low = Int(nodes[Int(node)].firstChild)
        var high = low + Int(nodes[Int(node)].childCount)
        while low < high {
            let middle = (low + high) >> 1
            let found = nodes[middle].byte
            if found == byte { return UInt32(truncatingIfNeeded: middle) }
            if found < byte { low = middle + 1 } else { high = middle }
        }
        return Self.root
    }

    /// The piece that ends at a node, negative when none does.
    @inline(__always)
    func piece(at node: UInt32) -> Int {
        Int(nodes[Int(node)].piece)
    }
}
