extension KeyValueCache {
    /// What two caches must share so that one can take what the other held.
    public struct Layout: Hashable, Sendable {
        /// Layers, heads of keys and values, and the widths of a head.
        public var layers: Int, kvHeads: Int, keyLength: Int, valueLength: Int
        /// Positions and bytes of a page; the bytes tell element types apart.
        public var pageLength: Int, pageBytes: Int

        /// A layout, as a file states it.
        public init(layers: Int, kvHeads: Int, keyLength: Int, valueLength: Int, pageLength: Int, pageBytes: Int) {
            self.layers = layers
            self.kvHeads = kvHeads
            self.keyLength = keyLength
            self.valueLength = valueLength
            self.pageLength = pageLength
            self.pageBytes = pageBytes
        }

        /// Bytes that this many positions take: whole pages. Nil for numbers that no memory holds.
        public func bytes(ofPositions positions: Int) -> Int? {
            guard pageLength > 0, pageBytes > 0, positions >= 0, positions <= Int.max - pageLength else { return nil }
            let pages = (positions + pageLength - 1) / pageLength
            let (bytes, overflow) = pages.multipliedReportingOverflow(by: pageBytes)
            return overflow ? nil : bytes
        }
    }

    /// How this cache lays out what it holds.
    public var layout: Layout {
        Layout(
            layers: layers, kvHeads: kvHeads, keyLength: keyLength, valueLength: valueLength,
            pageLength: Self.pageLength, pageBytes: pageBytes)
    }

    /// Everything that the cache holds, page after page, as it lies in memory; positions of the last page behind
    /// `count` are zero, so that nothing of an earlier use is told.
    ///
    /// The order within a page is this program's own and may change with a version of it: whoever stores the bytes
    /// stores a version beside them.
    /// - Throws: `outOfMemory`.
    public func contents() throws(TensorError) -> [UInt8] {
        try clearRest()
        let used = (count + Self.pageLength - 1) / Self.pageLength
        var result: [UInt8] = []
        result.reserveCapacity(used * pageBytes)
        for index in 0..<used {
            unsafe result.append(contentsOf: UnsafeRawBufferPointer(start: table[index], count: pageBytes))
        }
        return result
    }

    /// Makes this cache hold `positions` positions from what `contents()` of a cache of the same layout gave, and nothing
    /// else.
    /// - Throws: `sizeOutOfRange` where the bytes are not those of so many positions, `outOfMemory`; the cache is empty
    ///   or as it was then.
    public func restore(_ bytes: ArraySlice<UInt8>, positions: Int) throws(TensorError) {
        guard let expected = layout.bytes(ofPositions: positions), bytes.count == expected else {
            throw .sizeOutOfRange(
                what: "The bytes of \(positions) stored positions", value: bytes.count,
                limit: layout.bytes(ofPositions: max(0, positions)) ?? 0)
        }
        truncate(to: 0)
        try reserve(positions: positions)
        unsafe bytes.withUnsafeBytes { source in
            guard let base = source.baseAddress else { return }
            for index in 0..<expected / pageBytes {
                unsafe UnsafeMutableRawPointer(table[index]).copyMemory(
                    from: base + index * pageBytes, byteCount: pageBytes)
            }
        }
        count = positions
    }

    /// Zeros in the positions of the last page that hold nothing.
    private func clearRest() throws(TensorError) {
        let end = (count + Self.pageLength - 1) / Self.pageLength * Self.pageLength
        let keys = try FloatBuffer(count: 16 * kvHeads * keyLength)
        let values = try FloatBuffer(count: 16 * kvHeads * valueLength)
        var start = count
        while start < end {
            // Up to the end of a block of 16, as `store` wants it.
            let block = start..<min(end, start / 16 * 16 + 16)
            for layer in 0..<layers {
                for head in 0..<kvHeads {
                    unsafe store(keys: keys.base, values: values.base, layer: layer, head: head, positions: block)
                }
            }
            start = block.upperBound
        }
    }
}
