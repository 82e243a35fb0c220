/// A hash table from a pair of 32-bit numbers to a 64-bit value: open addressing, linear probing, half full at most.
///
/// Keys and values lie side by side, so that a lookup touches one cache line; this is the innermost read of all
/// encoding. The seed is random, so that a hostile vocabulary cannot aim its pairs at one slot; no result depends on
/// it.
struct PairTable: Sendable {
    /// The value of a pair that is not in the table.
    static let absent = UInt64.max

    /// Two words a slot: key, value. A free slot's key is `absent`.
    private var slots: [UInt64]
    private var mask: Int
    private let seed: UInt64
    private(set) var count = 0

    /// An empty table with room for a number of pairs; it grows beyond that by itself.
    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        mask = size - 1
        slots = [UInt64](repeating: Self.absent, count: size * 2)
        seed = UInt64.random(in: .min ... .max)
    }

    /// The value of a pair, or `absent`.
    @inline(__always)
    func value(_ left: UInt32, _ right: UInt32) -> UInt64 {
        let key = Self.key(left, right)
        var slot = start(key)
        while true {
            let found = slots[slot &* 2]
            if found == key { return slots[slot &* 2 &+ 1] }
            if found == Self.absent { return Self.absent }
            slot = (slot &+ 1) & mask
        }
    }

    /// Stores a value unless the pair has one. The pair (2³² − 1, 2³² − 1) and the value `absent` cannot be stored.
    mutating func insertIfAbsent(_ left: UInt32, _ right: UInt32, _ value: UInt64) {
        if (count + 1) * 2 > mask + 1 { grow() }
        let key = Self.key(left, right)
        var slot = start(key)
        while slots[slot * 2] != Self.absent {
            if slots[slot * 2] == key { return }
            slot = (slot + 1) & mask
        }
        slots[slot * 2] = key
        slots[slot * 2 + 1] = value
        count += 1
    }

    /// All pairs with their values, in no order.
    func entries() -> [(left: UInt32, right: UInt32, value: UInt64)] {
        stride(from: 0, to: slots.count, by: 2).compactMap { index in
            let key = slots[index]
            if key == Self.absent { return nil }
            return (UInt32(truncatingIfNeeded: key >> 32), UInt32(truncatingIfNeeded: key), slots[index + 1])
        }
    }

    private mutating func grow() {
        let old = slots
        mask = (mask + 1) * 2 - 1
        slots = [UInt64](repeating: Self.absent, count: (mask + 1) * 2)
        for index in stride(from: 0, to: old.count, by: 2) where old[index] != Self.absent {
            var slot = start(old[index])
            while slots[slot * 2] != Self.absent { slot = (slot + 1) & mask }
            slots[slot * 2] = old[index]
            slots[slot * 2 + 1] = old[index + 1]
        }
    }

    @inline(__always)
    private static func key(_ left: UInt32, _ right: UInt32) -> UInt64 {
        UInt64(left) << 32 | UInt64(right)
    }

    /// The first slot to look at: two rounds of multiply and shift spread all bits of key and seed.
    @inline(__always)
    private func start(_ key: UInt64) -> Int {
        var hash = (key ^ seed) &* 0x9E37_79B9_7F4A_7C15
        hash ^= hash >> 32
        hash = hash &* 0xD6E8_FEB8_6659_FD93
        hash ^= hash >> 32
        return Int(truncatingIfNeeded: hash) & mask
    }
}
