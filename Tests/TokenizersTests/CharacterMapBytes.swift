/// Writes a small `precompiled_charsmap`: a block of 256 units for each node of the trie, far from compact.
struct CharacterMapBytes {
    private(set) var units: [UInt32] = [UInt32](repeating: 0, count: 512)
    private(set) var replacements: [UInt8] = []
    private var blocks: [Int: Int] = [:]

    /// The root's children lie in the second block.
    init(_ pairs: [(String, String)]) {
        units[0] = Self.offset(from: 0, to: 256)
        blocks[0] = 256
        for (key, value) in pairs { add(Array(key.utf8), Array(value.utf8)) }
    }

    private static func offset(from unit: Int, to block: Int) -> UInt32 {
        UInt32((unit ^ block) << 10)
    }

    mutating func add(_ key: [UInt8], _ value: [UInt8]) {
        var node = 0
        for byte in key {
            let child = (blocks[node] ?? 0) ^ Int(byte)
            if blocks[child] == nil {
                blocks[child] = units.count
                units[child] = Self.offset(from: child, to: units.count) | UInt32(byte)
                units += [UInt32](repeating: 0, count: 256)
            }
            node = child
        }
        units[node] |= 0x100
        units[blocks[node] ?? 0] = 0x8000_0000 | UInt32(replacements.count)
        replacements += value + [0]
    }

    /// The map as a file holds it.
    var bytes: [UInt8] {
        Self.words([UInt32(units.count * 4)] + units) + replacements
    }

    static func words(_ values: [UInt32]) -> [UInt8] {
        values.flatMap { value in [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: value >> $0) } }
    }
}
