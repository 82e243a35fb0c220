import Synchronization

/// Rows by group, and epochs in which groups stay together.
struct GroupedRows: Sendable {
    /// All rows, those of a group side by side in the order of the file.
    private let members: [Int]
    /// Where the rows of each group begin in `members`; one more at the end.
    private let starts: [Int]
    /// The epoch that was asked for last: places are asked for one after another.
    private let recent = RecentEpoch()

    init(_ groups: [Int]) {
        var numbers: [Int: Int] = [:]
        var lists: [[Int]] = []
        for (row, group) in groups.enumerated() {
            if let number = numbers[group] {
                lists[number].append(row)
            } else {
                numbers[group] = lists.count
                lists.append([row])
            }
        }
        members = lists.flatMap(\.self)
        var starts = [0]
        for list in lists { starts.append((starts.last ?? 0) + list.count) }
        self.starts = starts
    }

    func row(_ place: Int, key: UInt64) -> Int {
        recent.rows(key: key) { rows(key: key) }[place]
    }

    /// The rows of an epoch in order.
    func rows(key: UInt64) -> [Int] {
        let count = starts.count - 1
        let order = Permutation(count: count, key: key)
        var rows: [Int] = []
        rows.reserveCapacity(members.count)
        for place in 0..<count {
            let group = order[place]
            let range = starts[group]..<starts[group + 1]
            let inner = Permutation(count: range.count, key: SplitMix64.mixed(key ^ UInt64(group)))
            for member in 0..<range.count { rows.append(members[range.lowerBound + inner[member]]) }
        }
        return rows
    }
}

/// The order of one epoch, kept while it is used.
private final class RecentEpoch: Sendable {
    private let kept = Mutex<(key: UInt64, rows: [Int])?>(nil)

    func rows(key: UInt64, _ make: () -> [Int]) -> [Int] {
        kept.withLock { kept in
            if let kept, kept.key == key { return kept.rows }
            let rows = make()
            kept = (key, rows)
            return rows
        }
    }
}
