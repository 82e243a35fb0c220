/// A binary heap of symbol pairs: the most frequent first, of equally frequent ones the pair with the lower left, then
/// the lower right symbol. That is the order in which Hugging Face's trainer merges, too.
struct FrequentPairHeap: Sendable {
    /// A pair as it was counted when it was put in; counts fall later, so who takes one out asks again.
    struct Entry: Sendable {
        var count: Int
        /// Left symbol in the upper, right symbol in the lower 32 bits.
        var key: UInt64
        /// Number of the pair in the learner's lists.
        var pair: Int32

        func goesBefore(_ other: Entry) -> Bool {
            count == other.count ? key < other.key : count > other.count
        }
    }

    private var entries: [Entry] = []

    /// Adds an entry: O(log n).
    mutating func push(_ entry: Entry) {
        var index = entries.count
        entries.append(entry)
        while index > 0 {
            let parent = (index - 1) / 2
            if !entry.goesBefore(entries[parent]) { break }
            entries[index] = entries[parent]
            index = parent
        }
        entries[index] = entry
    }

    /// Takes out the first entry: O(log n).
    mutating func pop() -> Entry? {
        guard let first = entries.first, let last = entries.popLast() else { return nil }
        if entries.isEmpty { return first }
        let count = entries.count
        var index = 0
        while true {
            var child = index * 2 + 1
            if child >= count { break }
            if child + 1 < count && entries[child + 1].goesBefore(entries[child]) { child += 1 }
            if !entries[child].goesBefore(last) { break }
            entries[index] = entries[child]
            index = child
        }
        entries[index] = last
        return first
    }
}
