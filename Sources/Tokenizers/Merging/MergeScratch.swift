/// Merges neighbouring symbols, best pair first, and holds the memory that this takes, to be used again.
///
/// The rule is that of byte-pair encoding and of SentencePiece alike: of all neighbouring pairs that a `PairTable`
/// knows take the one with the lowest rank, of equal ranks the leftmost; replace it by its merged symbol; go on until
/// no pair is known. A table's value is `rank << 32 | merged symbol`.
///
/// Short runs look at all pairs for each merge (n² steps on a few cache lines); long ones use a heap (n log n steps).
/// Both give the same result.
struct MergeScratch: Sendable {
    /// The symbols to merge, then the merged ones.
    var symbols: [UInt32] = []
    /// At i the table's value for symbols i and i + 1 (in the heap's way: i and its successor).
    private var pairs: [UInt64] = []
    private var previous: [Int32] = []
    private var next: [Int32] = []
    private var heap = MinimumHeap()

    /// Up to this length the plain search is faster than the heap.
    static let shortRun = 48

    /// Merges `symbols` in place.
    ///
    /// Cost: O(n²) for short runs, O(n log n) for long ones, n the number of symbols. A run of 2³¹ symbols, which no
    /// memory of today holds as a word, is left as it is: the heap counts places in 31 bits.
    mutating func merge(_ table: PairTable) {
        if symbols.count < 2 || symbols.count > Int(Int32.max) { return }
        if symbols.count <= Self.shortRun { mergeShort(table) } else { mergeLong(table) }
    }

    private mutating func mergeShort(_ table: PairTable) {
        pairs.removeAll(keepingCapacity: true)
        var count = symbols.count
        for index in 0..<(count - 1) { pairs.append(table.value(symbols[index], symbols[index + 1])) }
        while count > 1 {
            var best = 0
            var bestRank = pairs[0] >> 32
            var index = 1
            while index < count - 1 {
                let rank = pairs[index] >> 32
                if rank < bestRank {
                    best = index
                    bestRank = rank
                }
                index += 1
            }
            let found = pairs[best]
            if found == PairTable.absent { break }
            symbols[best] = UInt32(truncatingIfNeeded: found)
            // Close the gap: the symbol after `best` and the pair that began with it are gone.
            index = best + 1
            while index < count - 1 {
                symbols[index] = symbols[index + 1]
                pairs[index - 1] = pairs[index]
                index += 1
            }
            count -= 1
            if best > 0 { pairs[best - 1] = table.value(symbols[best - 1], symbols[best]) }
            if best < count - 1 { pairs[best] = table.value(symbols[best], symbols[best + 1]) }
        }
        symbols.removeLast(symbols.count - count)
    }

    private mutating func mergeLong(_ table: PairTable) {
        let count = symbols.count
        pairs.removeAll(keepingCapacity: true)
        previous.removeAll(keepingCapacity: true)
        next.removeAll(keepingCapacity: true)
        heap.removeAll()
        for index in 0..<count {
            previous.append(Int32(truncatingIfNeeded: index - 1))
            next.append(Int32(truncatingIfNeeded: index + 1))
            let value = index + 1 < count ? table.value(symbols[index], symbols[index + 1]) : PairTable.absent
            pairs.append(value)
            if value != PairTable.absent { heap.append(value & ~0xFFFF_FFFF | UInt64(index)) }
        }
        next[count - 1] = -1
        heap.establish()
        while let top = heap.popMinimum() {
            let left = Int(top & 0xFFFF_FFFF)
            let found = pairs[left]
            // An entry is stale when its place was merged away or has another pair by now.
            if found == PairTable.absent || found >> 32 != top >> 32 { continue }
            let right = Int(next[left])
            symbols[left] = UInt32(truncatingIfNeeded: found)
            pairs[right] = PairTable.absent
            let after = next[right]
            next[left] = after
            next[right] = Self.gone
            if after >= 0 { previous[Int(after)] = Int32(truncatingIfNeeded: left) }
            renew(left, table)
            if previous[left] >= 0 { renew(Int(previous[left]), table) }
        }
        var kept = 0
        var index = 0
        while index >= 0 {
            symbols[kept] = symbols[index]
            kept += 1
            index = Int(next[index])
        }
        symbols.removeLast(count - kept)
    }

    /// Marks a symbol that was merged into its left neighbour.
    private static let gone: Int32 = -2

    /// Looks up the pair that begins at a place anew.
    private mutating func renew(_ left: Int, _ table: PairTable) {
        let right = next[left]
        let value = right >= 0 ? table.value(symbols[left], symbols[Int(right)]) : PairTable.absent
        pairs[left] = value
        if value != PairTable.absent { heap.push(value & ~0xFFFF_FFFF | UInt64(left)) }
    }
}
