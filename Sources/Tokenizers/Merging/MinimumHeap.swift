/// A binary heap of 64-bit numbers, least first.
struct MinimumHeap: Sendable {
    private var items: [UInt64] = []

    /// Empties the heap and keeps its memory.
    mutating func removeAll() {
        items.removeAll(keepingCapacity: true)
    }

    /// Adds a number without restoring the order; `establish` must follow before anything is taken out.
    mutating func append(_ item: UInt64) {
        items.append(item)
    }

    /// Restores the order after appends: O(n).
    mutating func establish() {
        var index = items.count / 2 - 1
        while index >= 0 {
            sink(index)
            index -= 1
        }
    }

    /// Adds a number: O(log n).
    mutating func push(_ item: UInt64) {
        var index = items.count
        items.append(item)
        while index > 0 {
            let parent = (index - 1) / 2
            if items[parent] <= item { break }
            items[index] = items[parent]
            index = parent
        }
        items[index] = item
    }

    /// Takes out the least number: O(log n).
    mutating func popMinimum() -> UInt64? {
        guard let least = items.first, let last = items.popLast() else { return nil }
        if !items.isEmpty {
            items[0] = last
            sink(0)
        }
        return least
    }

    private mutating func sink(_ start: Int) {
        let item = items[start]
        let count = items.count
        var index = start
        while true {
            var child = index * 2 + 1
            if child >= count { break }
            if child + 1 < count && items[child + 1] < items[child] { child += 1 }
            if item <= items[child] { break }
            items[index] = items[child]
            index = child
        }
        items[index] = item
    }
}
