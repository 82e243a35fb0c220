/// Remembers the symbols of short words, since most words of a text come again and again.
///
/// Direct-mapped: a word of up to 15 bytes is its own key in two 64-bit words (with its length), so that a hit is
/// exact; a newer word takes the place of an older one. A result never depends on what the cache holds.
struct WordCache: Sendable {
    /// Words longer than this are not remembered.
    static let longestWord = 15

    /// A word's bytes and length.
    struct Key: Sendable {
        var low: UInt64
        var high: UInt64
    }

    private struct Entry: Sendable {
        var low: UInt64 = 0
        var high: UInt64 = 0
        var start: UInt32 = 0
        var count: UInt32 = 0
    }

    private var entries: [Entry] = []
    private var arena: [UInt32] = []
    private static let size = 1 << 14
    private static let arenaLimit = 1 << 17

    /// The key of `bytes[start..<end]`, at least 1 and at most 15 bytes.
    @inline(__always)
    static func key(_ bytes: [UInt8], _ start: Int, _ end: Int) -> Key {
        var low: UInt64 = 0
        var high = UInt64(end - start)
        var index = start
        let middle = min(end, start + 8)
        while index < middle {
            low = low << 8 | UInt64(bytes[index])
            index += 1
        }
        while index < end {
            high = high << 8 | UInt64(bytes[index])
            index += 1
        }
        return Key(low: low, high: high)
    }

    /// Appends a remembered word's symbols to `output`; false when it is not remembered.
    @inline(__always)
    func find(_ key: Key, appendingTo output: inout [Int]) -> Bool {
        if entries.isEmpty { return false }
        let entry = entries[Self.slot(key)]
        if entry.low != key.low || entry.high != key.high { return false }
        var index = Int(entry.start)
        let end = index + Int(entry.count)
        while index < end {
            output.append(Int(arena[index]))
            index += 1
        }
        return true
    }

    /// Remembers the ids that a word gave: those of `output` from `start` on.
    mutating func remember(_ key: Key, _ output: [Int], from start: Int) {
        if entries.isEmpty || arena.count > Self.arenaLimit {
            entries = [Entry](repeating: Entry(), count: Self.size)
            arena.removeAll(keepingCapacity: true)
        }
        let place = UInt32(arena.count)
        for index in start..<output.count { arena.append(UInt32(truncatingIfNeeded: output[index])) }
        entries[Self.slot(key)] = Entry(
            low: key.low, high: key.high, start: place, count: UInt32(output.count - start))
    }

    @inline(__always)
    private static func slot(_ key: Key) -> Int {
        var hash = (key.low ^ (key.high &* 0xD6E8_FEB8_6659_FD93)) &* 0x9E37_79B9_7F4A_7C15
        hash ^= hash >> 32
        hash = hash &* 0xD6E8_FEB8_6659_FD93
        return Int(truncatingIfNeeded: hash >> 40) & (size - 1)
    }
}

/// The memory that encoding takes, handed from call to call.
struct EncodingScratch: Sendable {
    var merge = MergeScratch()
    var cache = WordCache()
    /// The best ways to the places of a word of a unigram model.
    var lattice: [LatticePlace] = []
    /// The normal form of a text.
    var normal: [UInt8] = []

    /// False after a very long text, whose memory is not kept.
    var isWorthKeeping: Bool {
        merge.symbols.capacity < 1 << 20 && lattice.capacity < 1 << 18 && normal.capacity < 1 << 22
    }
}
