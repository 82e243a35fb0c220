/// The distinct words of a corpus with how often each occurs, within a bound on memory.
///
/// When the bound is reached, the rarest words go (of equally rare ones the youngest), so that what stays takes half of
/// it. A word that comes back starts from zero; what a vocabulary is made of is frequent enough not to go.
struct WordCounts: Sendable {
    /// A word: its bytes are `bytes[start..<start + length]`.
    struct Word: Sendable {
        var start: Int
        var length: Int
        var count: Int
        fileprivate var hash: UInt64
    }

    /// What an entry takes besides its bytes: the entry and its part of the slots.
    static let overhead = 48

    private(set) var bytes: [UInt8] = []
    /// In the order in which they were first seen.
    private(set) var words: [Word] = []
    /// Occurrences of words that had to go.
    private(set) var droppedOccurrences = 0
    private let limit: Int
    /// Index into `words` plus one; 0 is a free slot.
    private var slots = [UInt32](repeating: 0, count: 1024)
    /// Random, so that no text can aim its words at one slot; no result depends on it.
    private let base = UInt64.random(in: .min ... .max) | 1

    /// An empty table that takes about `limit` bytes at most.
    init(limit: Int) {
        self.limit = limit
    }

    /// Counts the word `text[start..<end]` once.
    mutating func add(_ text: [UInt8], _ start: Int, _ end: Int) {
        var hash: UInt64 = 0
        for index in start..<end { hash = hash &* base &+ UInt64(text[index]) &+ 1 }
        let mask = slots.count - 1
        var slot = Self.first(hash) & mask
        while slots[slot] != 0 {
            let index = Int(slots[slot]) - 1
            if words[index].hash == hash && isEqual(words[index], text, start, end) {
                words[index].count += 1
                return
            }
            slot = (slot + 1) & mask
        }
        words.append(Word(start: bytes.count, length: end - start, count: 1, hash: hash))
        bytes.append(contentsOf: text[start..<end])
        slots[slot] = UInt32(truncatingIfNeeded: words.count)
        if bytes.count + words.count * Self.overhead > limit { prune() }
        if words.count * 2 > slots.count { rebuildSlots(count: slots.count * 2) }
    }

    private func isEqual(_ word: Word, _ text: [UInt8], _ start: Int, _ end: Int) -> Bool {
        if word.length != end - start { return false }
        for index in 0..<word.length where bytes[word.start + index] != text[start + index] { return false }
        return true
    }

    /// Indices of the words, most frequent first, of equally frequent ones the oldest first.
    func order() -> [Int] {
        words.indices.sorted { left, right in
            let (first, second) = (words[left].count, words[right].count)
            return first == second ? left < right : first > second
        }
    }

    private mutating func prune() {
        var keeps = [Bool](repeating: false, count: words.count)
        var taken = 0
        for index in order() {
            taken += words[index].length + Self.overhead
            if taken > limit / 2 { break }
            keeps[index] = true
        }
        var kept: [Word] = []
        var keptBytes: [UInt8] = []
        for (index, word) in words.enumerated() {
            guard keeps[index] else {
                droppedOccurrences += word.count
                continue
            }
            var moved = word
            moved.start = keptBytes.count
            keptBytes.append(contentsOf: bytes[word.start..<word.start + word.length])
            kept.append(moved)
        }
        words = kept
        bytes = keptBytes
        rebuildSlots(count: slots.count)
    }

    private mutating func rebuildSlots(count: Int) {
        slots = [UInt32](repeating: 0, count: count)
        for index in words.indices {
            var slot = Self.first(words[index].hash) & (count - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (count - 1) }
            slots[slot] = UInt32(truncatingIfNeeded: index + 1)
        }
    }

    /// The low bits of a polynomial hash are weak, so all bits are mixed in.
    @inline(__always)
    private static func first(_ hash: UInt64) -> Int {
        let mixed = (hash ^ (hash >> 32)) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed ^ (mixed >> 29))
    }
}
