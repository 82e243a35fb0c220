/// In which order rows are taken: a pure function of seed and epoch, so that going on needs nothing but the step.
///
/// A keyed permutation of 0 ..< count: a balanced Feistel network over the next power of four, walked until it lands
/// inside (cycle walking; four rounds on average less than four steps). Nothing is stored, whatever the number of rows.
public struct RowOrder: Sendable {
    /// How many rows an epoch has.
    public let count: Int
    private let seed: UInt64
    private let isShuffled: Bool
    /// Rows of each group in the order of the file; nil where rows are not grouped.
    private let groups: GroupedRows?

    /// The order of the file, again and again.
    public init(inFileOrder count: Int) {
        (self.count, seed, isShuffled, groups) = (max(0, count), 0, false, nil)
    }

    /// A new order in each epoch.
    public init(count: Int, seed: UInt64) {
        (self.count, self.seed, isShuffled, groups) = (max(0, count), seed, true, nil)
    }

    /// A new order of groups in each epoch; the rows of a group stay together, in a new order too, so that what they
    /// share is computed once.
    ///
    /// - Parameter groups: the group of each row.
    public init(groups: [Int], seed: UInt64) {
        (count, self.seed, isShuffled) = (groups.count, seed, true)
        self.groups = GroupedRows(groups)
    }

    /// The row at a place that counts on over all epochs; the data must not be empty.
    public func row(at place: Int) -> Int {
        guard count > 0, place >= 0 else { return 0 }
        return row(place % count, epoch: place / count)
    }

    /// The row at a place of an epoch.
    public func row(_ place: Int, epoch: Int) -> Int {
        guard isShuffled else { return place }
        let key = seed &+ UInt64(truncatingIfNeeded: epoch) &* 0x9E37_79B9_7F4A_7C15
        guard let groups else { return Permutation(count: count, key: key)[place] }
        return groups.row(place, key: key)
    }

    /// The rows of an epoch in order. Cost: linear.
    public func rows(epoch: Int) -> [Int] {
        guard isShuffled, let groups else { return (0..<count).map { row($0, epoch: epoch) } }
        let key = seed &+ UInt64(truncatingIfNeeded: epoch) &* 0x9E37_79B9_7F4A_7C15
        return groups.rows(key: key)
    }
}

/// A permutation of 0 ..< count that is a function of its key.
struct Permutation: Sendable {
    private let count: UInt64
    private let halfBits: UInt64
    private let keys: [UInt64]

    init(count: Int, key: UInt64) {
        self.count = UInt64(max(1, count))
        let bits = 64 - (self.count - 1).leadingZeroBitCount
        halfBits = UInt64(max(1, (bits + 1) / 2))
        var random = SplitMix64(state: key)
        keys = (0..<6).map { _ in random.next() }
    }

    /// The value at a place.
    subscript(place: Int) -> Int {
        var value = UInt64(place)
        repeat { value = encrypted(value) } while value >= count
        return Int(value)
    }

    private func encrypted(_ value: UInt64) -> UInt64 {
        let mask = (UInt64(1) << halfBits) - 1
        var left = value >> halfBits
        var right = value & mask
        for key in keys {
            (left, right) = (right, left ^ (SplitMix64.mixed(right &+ key) & mask))
        }
        return left << halfBits | right
    }
}

/// Vigna's SplitMix64: a counter and a mixing function.
struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Self.mixed(state)
    }

    static func mixed(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
