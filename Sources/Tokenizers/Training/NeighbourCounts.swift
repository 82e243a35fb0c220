/// What stands before and after a symbol at all its places: by neighbour the frequency and the places of the pair.
///
/// Looked up by symbol number in plain arrays; a stamp tells the entries of this step from older ones, so that
/// beginning a step costs nothing.
struct NeighbourCounts: Sendable {
    fileprivate struct Side: Sendable {
        /// Step in which the entry of a symbol was made.
        var stamps: [UInt32] = []
        /// Index into the lists.
        var slots: [Int32] = []
        var symbols: [Int32] = []
        var counts: [Int] = []
        var places: [[Int32]] = []
    }

    /// Numbers of the pairs that a merge takes apart, by neighbour: one look into the table of pairs for each.
    fileprivate struct Former: Sendable {
        var stamps: [UInt32] = []
        var numbers: [Int32] = []
    }

    private var step: UInt32 = 0
    private var left = Side()
    private var right = Side()
    private var leftFormer = Former()
    private var rightFormer = Former()

    /// Begins a step with all counts at zero.
    mutating func begin(symbolCount: Int) {
        step += 1
        left.clear(symbolCount)
        right.clear(symbolCount)
        leftFormer.grow(symbolCount)
        rightFormer.grow(symbolCount)
    }

    /// The symbol stands after `other`; the pair begins at `place`.
    @inline(__always)
    mutating func addLeft(_ other: Int32, _ frequency: Int, _ place: Int32) {
        left.add(other, frequency, place, step)
    }

    /// The symbol stands before `other`; the pair begins at `place`.
    @inline(__always)
    mutating func addRight(_ other: Int32, _ frequency: Int, _ place: Int32) {
        right.add(other, frequency, place, step)
    }

    /// A pair with a right neighbour that was counted in this step is no more.
    mutating func removeRight(_ other: Int32, _ frequency: Int) {
        if right.stamps[Int(other)] == step { right.counts[Int(right.slots[Int(other)])] -= frequency }
    }

    /// The number of the pair (`other`, `symbol`), −1 when it has none.
    @inline(__always)
    mutating func formerLeft(_ other: Int32, _ pairs: borrowing PairTable, _ symbol: Int32) -> Int32 {
        if leftFormer.stamps[Int(other)] != step {
            leftFormer.remember(other, pairs.value(UInt32(bitPattern: other), UInt32(bitPattern: symbol)), step)
        }
        return leftFormer.numbers[Int(other)]
    }

    /// The number of the pair (`symbol`, `other`), −1 when it has none.
    @inline(__always)
    mutating func formerRight(_ other: Int32, _ pairs: borrowing PairTable, _ symbol: Int32) -> Int32 {
        if rightFormer.stamps[Int(other)] != step {
            rightFormer.remember(other, pairs.value(UInt32(bitPattern: symbol), UInt32(bitPattern: other)), step)
        }
        return rightFormer.numbers[Int(other)]
    }

    /// The neighbours before the symbol.
    func takeLeft() -> [(symbol: Int32, count: Int, places: [Int32])] { left.entries() }

    /// The neighbours after it.
    func takeRight() -> [(symbol: Int32, count: Int, places: [Int32])] { right.entries() }
}

extension NeighbourCounts.Side {
    mutating func clear(_ symbolCount: Int) {
        while stamps.count < symbolCount {
            stamps.append(0)
            slots.append(0)
        }
        symbols.removeAll(keepingCapacity: true)
        counts.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
    }

    @inline(__always)
    mutating func add(_ other: Int32, _ frequency: Int, _ place: Int32, _ step: UInt32) {
        if stamps[Int(other)] != step {
            stamps[Int(other)] = step
            slots[Int(other)] = Int32(truncatingIfNeeded: symbols.count)
            symbols.append(other)
            counts.append(0)
            places.append([])
        }
        let slot = Int(slots[Int(other)])
        counts[slot] += frequency
        places[slot].append(place)
    }

    func entries() -> [(symbol: Int32, count: Int, places: [Int32])] {
        symbols.indices.map { (symbols[$0], counts[$0], places[$0]) }
    }
}

extension NeighbourCounts.Former {
    mutating func grow(_ symbolCount: Int) {
        while stamps.count < symbolCount {
            stamps.append(0)
            numbers.append(0)
        }
    }

    @inline(__always)
    mutating func remember(_ other: Int32, _ value: UInt64, _ step: UInt32) {
        stamps[Int(other)] = step
        numbers[Int(other)] = value == PairTable.absent ? -1 : Int32(truncatingIfNeeded: value)
    }
}
