/// Which rows begin alike, so that what they share can be computed once.
public enum RowGroups {
    /// Fewer shared tokens are not worth it: a common header is shorter.
    public static let leastShared = 64

    /// The group of each row: rows of one group share a long beginning, and share with no other row one that is much
    /// longer. A system text that all rows have makes no group where some of them share passages behind it too.
    ///
    /// Rows are sorted by their tokens; neighbours then share the longest beginnings, and a group ends where two
    /// neighbours share less than four fifths of what one of them shares with its other neighbour. Cost: n log n comparisons.
    ///
    /// - Returns: numbers from 0 in the order of first rows; a row that shares nothing has one of its own.
    public static func groups(of rows: [TrainingRow], leastShared: Int = leastShared) -> [Int] {
        let order = rows.indices.sorted { first, second in
            let (first, second) = (rows[first].tokens, rows[second].tokens)
            let place = sharedCount(first, second)
            if place == first.count || place == second.count { return first.count < second.count }
            return first[place] < second[place]
        }
        let shared = zip(order, order.dropFirst()).map { sharedCount(rows[$0].tokens, rows[$1].tokens) }
        func best(_ place: Int) -> Int {
            max(place > 0 ? shared[place - 1] : 0, place < shared.count ? shared[place] : 0)
        }
        var number = [Int](repeating: 0, count: rows.count)
        var current = 0
        for (place, row) in order.enumerated() {
            if place > 0 {
                let own = shared[place - 1]
                if own < leastShared || 5 * own < 4 * max(best(place - 1), best(place)) { current += 1 }
            }
            number[row] = current
        }
        var renumbered: [Int: Int] = [:]
        return number.map { old in
            let new = renumbered[old] ?? renumbered.count
            renumbered[old] = new
            return new
        }
    }

    /// How many first tokens two rows share.
    static func sharedCount(_ first: [Int32], _ second: [Int32]) -> Int {
        let count = min(first.count, second.count)
        var place = 0
        while place < count, first[place] == second[place] { place += 1 }
        return place
    }

    /// A number for the first tokens of a row, for data of which not all rows are at hand. That other beginnings give
    /// other numbers is only very likely.
    static func hash(of tokens: [Int32], length: Int = leastShared) -> Int {
        var state = UInt64(0x243F_6A88_85A3_08D3)
        for token in tokens.prefix(length) { state = SplitMix64.mixed(state ^ UInt64(UInt32(bitPattern: token))) }
        return Int(truncatingIfNeeded: SplitMix64.mixed(state ^ UInt64(min(tokens.count, length)) << 32))
    }
}
