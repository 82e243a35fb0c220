internal import CKernels

/// Keys and values of one sequence, f32, in pages of 256 positions that are taken when they are needed.
///
/// A page holds all layers and heads: keys as [16 blocks][keyLength][16 positions], so that 16 scores are computed at
/// once, values as [256][valueLength rounded up to 16]. One sequence is changed by one region or one task at a time.
@safe
public final class KeyValueCache: @unchecked Sendable {
    // @unchecked: see above; workers of a region write disjoint positions and heads.

    /// Positions of a page.
    public static let pageLength = 256

    /// Layers, heads of keys and values, and the widths of a head.
    public let layers: Int, kvHeads: Int, keyLength: Int, valueLength: Int
    /// Positions that are stored.
    public internal(set) var count = 0
    let valueStride: Int
    let headFloats: Int
    private var pages: [FloatBuffer] = []
    /// Base addresses of the pages for the kernels.
    private(set) var table: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
    private var tableCapacity: Int

    /// - Throws: `sizeOutOfRange` for sizes that no model has.
    public init(layers: Int, kvHeads: Int, keyLength: Int, valueLength: Int) throws(TensorError) {
        let parts = [("layers", layers), ("key-value heads", kvHeads), ("the key width", keyLength)]
        for (what, value) in parts + [("the value width", valueLength)] {
            let limit = what.hasSuffix("width") ? Int(CK_VALUES) : 1 << 16
            guard value > 0, value <= limit else {
                throw .sizeOutOfRange(what: "Of a key-value cache, \(what)", value: value, limit: limit)
            }
        }
        self.layers = layers
        self.kvHeads = kvHeads
        self.keyLength = keyLength
        self.valueLength = valueLength
        valueStride = (valueLength + 15) / 16 * 16
        headFloats = Self.pageLength * (keyLength + valueStride)
        tableCapacity = 16
        unsafe table = .allocate(capacity: tableCapacity)
    }

    deinit { unsafe table.deallocate() }

    /// Bytes of memory that the pages hold.
    public var bytes: Int { pages.count * pageFloats * MemoryLayout<Float>.stride }

    /// Bytes that one page of 256 positions takes.
    public var pageBytes: Int { pageFloats * MemoryLayout<Float>.stride }

    /// Positions that there is room for.
    public var capacity: Int { pages.count * Self.pageLength }

    private var pageFloats: Int { layers * kvHeads * headFloats }

    /// Makes room for this many positions in all; `count` stays. Call it before the region that stores them.
    /// - Throws: `outOfMemory`, `sizeOutOfRange`; what was there stays.
    public func reserve(positions: Int) throws(TensorError) {
        let limit = 1 << 28
        guard positions >= 0, positions <= limit else {
            throw .sizeOutOfRange(what: "The number of positions of a sequence", value: positions, limit: limit)
        }
        let needed = (positions + Self.pageLength - 1) / Self.pageLength
        while pages.count < needed {
            let page = try FloatBuffer(count: pageFloats)
            if pages.count == tableCapacity { growTable() }
            unsafe table[pages.count] = page.base
            pages.append(page)
        }
    }

    private func growTable() {
        let larger = UnsafeMutablePointer<UnsafeMutablePointer<Float>>.allocate(capacity: tableCapacity * 2)
        unsafe larger.update(from: table, count: pages.count)
        unsafe table.deallocate()
        unsafe table = larger
        tableCapacity *= 2
    }

    /// Forgets the positions from `positions` on and gives back the pages that no position needs.
    public func truncate(to positions: Int) {
        count = min(count, max(0, positions))
        let needed = (count + Self.pageLength - 1) / Self.pageLength
        if pages.count > needed { pages.removeLast(pages.count - needed) }
    }

    /// Makes this cache hold the first `positions` positions of another one of the same shape, and nothing else.
    /// - Throws: `outOfMemory`; `sizeOutOfRange` when the other holds fewer or has another shape.
    public func copyPrefix(from other: KeyValueCache, count positions: Int) throws(TensorError) {
        guard positions >= 0, positions <= other.count, pageFloats == other.pageFloats,
            keyLength == other.keyLength, kvHeads == other.kvHeads
        else {
            throw .sizeOutOfRange(what: "The prefix of a sequence", value: positions, limit: other.count)
        }
        if other !== self {
            truncate(to: 0)
            try reserve(positions: positions)
            for index in pages.indices {
                unsafe pages[index].base.update(from: other.pages[index].base, count: pageFloats)
            }
            count = positions
        } else {
            truncate(to: positions)
        }
    }

    /// Floats from the start of a page to the keys of a layer's head; its values follow after the keys.
    func offset(layer: Int, head: Int) -> Int { (layer * kvHeads + head) * headFloats }

    /// Writes keys and values of one head at consecutive positions of one block of 16. The pointers are to the first
    /// row's; rows are `kvHeads` heads wide.
    func store(
        keys: UnsafePointer<Float>, values: UnsafePointer<Float>, layer: Int, head: Int, positions: Range<Int>
    ) {
        let page = unsafe table[positions.lowerBound / Self.pageLength] + offset(layer: layer, head: head)
        unsafe ck_store_keys_values(
            keys, kvHeads * keyLength, values, kvHeads * valueLength, positions.count, positions.lowerBound, page,
            keyLength, page + Self.pageLength * keyLength, valueLength, valueStride)
    }
}
