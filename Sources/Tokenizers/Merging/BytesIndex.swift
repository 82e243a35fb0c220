/// A hash table from byte strings to symbol numbers, with a polynomial hash, so that the hash of each part of a long
/// string follows in constant time from the hashes of its prefixes.
struct BytesIndex: Sendable {
    /// Random odd base of the polynomial; no result depends on it.
    let base: UInt64
    private var text: [UInt8] = []
    private var entries: [Entry] = []
    /// Index into `entries` plus one; 0 is a free slot.
    private var slots: [UInt32]
    private var mask: Int

    private struct Entry: Sendable {
        var hash: UInt64
        var start: Int
        var length: Int
        var symbol: UInt32
    }

    /// An empty index with room for a number of strings.
    init(capacity: Int) {
        base = UInt64.random(in: .min ... .max) | 1
        var size = 16
        while size < capacity * 2 { size *= 2 }
        mask = size - 1
        slots = [UInt32](repeating: 0, count: size)
        entries.reserveCapacity(capacity)
    }

    /// The hash of a string to which a byte was appended.
    @inline(__always)
    static func hash(_ hash: UInt64, appending byte: UInt8, _ base: UInt64) -> UInt64 {
        hash &* base &+ UInt64(byte) &+ 1
    }

    /// The hash of a part of a byte string; the empty part has hash 0.
    @inline(__always)
    func hash(of bytes: [UInt8], _ start: Int, _ end: Int) -> UInt64 {
        var result: UInt64 = 0
        for index in start..<end { result = Self.hash(result, appending: bytes[index], base) }
        return result
    }

    /// The symbol of `bytes[start..<end]`.
    func find(_ bytes: [UInt8], _ start: Int, _ end: Int) -> UInt32? {
        find(bytes, start, end, hash: hash(of: bytes, start, end))
    }

    /// The symbol of `bytes[start..<end]`, whose hash is known.
    func find(_ bytes: [UInt8], _ start: Int, _ end: Int, hash: UInt64) -> UInt32? {
        var slot = first(hash)
        while slots[slot] != 0 {
            let entry = entries[Int(slots[slot]) - 1]
            if entry.hash == hash && entry.length == end - start && equal(entry.start, bytes, start, entry.length) {
                return entry.symbol
            }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// Adds `bytes[start..<end]`; false when it is there already (its symbol stays).
    @discardableResult
    mutating func insert(_ bytes: [UInt8], _ start: Int, _ end: Int, symbol: UInt32) -> Bool {
        let hash = hash(of: bytes, start, end)
        if find(bytes, start, end, hash: hash) != nil { return false }
        if (entries.count + 1) * 2 > mask + 1 { grow() }
        entries.append(Entry(hash: hash, start: text.count, length: end - start, symbol: symbol))
        text.append(contentsOf: bytes[start..<end])
        place(entries.count - 1)
        return true
    }

    /// Adds a text; false when it is there already (its symbol stays).
    @discardableResult
    mutating func insert(_ text: String, symbol: UInt32) -> Bool {
        let bytes = Array(text.utf8)
        return insert(bytes, 0, bytes.count, symbol: symbol)
    }

    /// The symbol of a text.
    func find(_ text: String) -> UInt32? {
        let bytes = Array(text.utf8)
        return find(bytes, 0, bytes.count)
    }

    private mutating func grow() {
        mask = (mask + 1) * 2 - 1
        slots = [UInt32](repeating: 0, count: mask + 1)
        for index in entries.indices { place(index) }
    }

    private mutating func place(_ index: Int) {
        var slot = first(entries[index].hash)
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = UInt32(index + 1)
    }

    private func equal(_ own: Int, _ bytes: [UInt8], _ start: Int, _ length: Int) -> Bool {
        for index in 0..<length where text[own + index] != bytes[start + index] { return false }
        return true
    }

    /// The first slot: the low bits of a polynomial hash are weak, so all bits are mixed in.
    private func first(_ hash: UInt64) -> Int {
        var mixed = hash ^ (hash >> 32)
        mixed = mixed &* 0x9E37_79B9_7F4A_7C15
        mixed ^= mixed >> 29
        return Int(truncatingIfNeeded: mixed) & mask
    }
}
