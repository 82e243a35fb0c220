internal import CKernels

/// Keys and values of one sequence, in pages of 256 positions that are taken when they are needed.
///
/// A page holds all layers and heads, each head's keys before its values (see `ck_cache_layout`). What a position's
/// elements are depends on that position's keys and values alone, never on its neighbours, and attention decodes them
/// to f32 exactly. One sequence is changed by one region or one task at a time.
@safe
public final class KeyValueCache: @unchecked Sendable {
    // @unchecked: see above; workers of a region write disjoint positions and heads.

    /// How keys and values are kept.
    public enum Element: String, Sendable, CaseIterable {
        /// As they were computed: 4 bytes a value.
        case f32
        /// Halves, rounded to nearest even: 2 bytes a value.
        case f16
        /// Codes of 8 bits with a half as scale for each 32 of a head's values: 1.0625 bytes a value.
        case q8_0

        var code: UInt32 {
            switch self {
            case .f32: UInt32(CK_F32)
            case .f16: UInt32(CK_F16)
            case .q8_0: UInt32(CK_Q8_0)
            }
        }
    }

    /// Positions of a page.
    public static let pageLength = 256

    /// Layers, heads of keys and values, and the widths of a head.
    public let layers: Int, kvHeads: Int, keyLength: Int, valueLength: Int
    /// How keys and values are kept.
    public let element: Element
    /// Positions that are stored.
    public internal(set) var count = 0
    let headLayout: ck_cache_layout
    private var pages: [KeyValuePage] = []
    /// Base addresses of the pages for the kernels.
    private(set) var table: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>>
    private var tableCapacity: Int

    /// - Throws: `sizeOutOfRange` for sizes that no model has.
    public init(
        layers: Int, kvHeads: Int, keyLength: Int, valueLength: Int, element: Element = .f32
    ) throws(TensorError) {
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
        self.element = element
        var layout = ck_cache_layout()
        _ = unsafe ck_cache_shape(&layout, element.code, keyLength, valueLength)
        headLayout = layout
        tableCapacity = 16
        unsafe table = .allocate(capacity: tableCapacity)
    }

    deinit { unsafe table.deallocate() }

    /// Bytes of memory that the pages hold.
    public var bytes: Int { pages.count * pageBytes }

    /// Bytes that one page of 256 positions takes.
    public var pageBytes: Int { layers * kvHeads * headLayout.head_bytes }

    /// Bytes that this many positions take: whole pages.
    public func bytes(positions: Int) -> Int { Self.pages(positions) * pageBytes }

    /// Positions that there is room for.
    public var capacity: Int { pages.count * Self.pageLength }

    private static func pages(_ positions: Int) -> Int { (positions + pageLength - 1) / pageLength }

    /// Makes room for this many positions in all; `count` stays. Call it before the region that stores them.
    /// - Throws: `outOfMemory`, `sizeOutOfRange`; what was there stays.
    public func reserve(positions: Int) throws(TensorError) {
        let limit = 1 << 28
        guard positions >= 0, positions <= limit else {
            throw .sizeOutOfRange(what: "The number of positions of a sequence", value: positions, limit: limit)
        }
        while pages.count < Self.pages(positions) {
            let page = try KeyValuePage(byteCount: pageBytes)
            if pages.count == tableCapacity { growTable() }
            unsafe table[pages.count] = page.base
            pages.append(page)
        }
    }

    private func growTable() {
        let larger = UnsafeMutablePointer<UnsafeMutablePointer<UInt8>>.allocate(capacity: tableCapacity * 2)
        unsafe larger.update(from: table, count: pages.count)
        unsafe table.deallocate()
        unsafe table = larger
        tableCapacity *= 2
    }

    /// Forgets the positions from `positions` on and gives back the pages that no position needs.
    public func truncate(to positions: Int) {
        count = min(count, max(0, positions))
        let needed = Self.pages(count)
        if pages.count > needed { pages.removeLast(pages.count - needed) }
    }

    /// Makes this cache hold the first `positions` positions of another one of the same shape, and nothing else.
    /// - Throws: `outOfMemory`; `sizeOutOfRange` when the other holds fewer or has another shape.
    public func copyPrefix(from other: KeyValueCache, count positions: Int) throws(TensorError) {
        guard positions >= 0, positions <= other.count, layers == other.layers, kvHeads == other.kvHeads,
            keyLength == other.keyLength, valueLength == other.valueLength, element == other.element
        else {
            throw .sizeOutOfRange(what: "The prefix of a sequence", value: positions, limit: other.count)
        }
        if other !== self {
            truncate(to: 0)
            try reserve(positions: positions)
            for index in pages.indices { pages[index].copy(from: other.pages[index]) }
            count = positions
        } else {
            truncate(to: positions)
        }
    }

    /// Bytes from the start of a page to the part of a layer's head.
    func offset(layer: Int, head: Int) -> Int { (layer * kvHeads + head) * headLayout.head_bytes }

    /// Writes keys and values of one head at consecutive positions of one block of 16. The pointers are to the first
    /// row's; rows are `kvHeads` heads wide. All instruction sets write the same bytes.
    func store(
        keys: UnsafePointer<Float>, values: UnsafePointer<Float>, layer: Int, head: Int, positions: Range<Int>,
        with set: InstructionSet = .current
    ) {
        let page = unsafe table[positions.lowerBound / Self.pageLength]
        unsafe withUnsafePointer(to: headLayout) { layout in
            unsafe set.table.pointee.store(
                layout, page + offset(layer: layer, head: head), positions.lowerBound % Self.pageLength,
                keys, kvHeads * keyLength, values, kvHeads * valueLength, positions.count)
        }
    }
}
