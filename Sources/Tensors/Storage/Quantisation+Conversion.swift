internal import CKernels

extension Quantisation {
    /// Weights that one worker converts at once: whole blocks of every type, and both forms stay in its cache.
    private static let span = 64 * 256

    /// The same weights in another type, decoded and encoded chunk by chunk.
    ///
    /// - Parameters:
    ///   - count: weights in `bytes`, in file order.
    ///   - pool: threads that share the chunks; without one the caller's thread does all. The bytes are equal.
    /// - Throws: `typeNotComputable`, `typeNotEncodable`, `raggedRow`, `byteCount`, and `notRepresentable` for the first
    ///   weight that is no number or larger than the type can hold.
    public static func convert(
        _ bytes: [UInt8], from source: ElementType, to target: ElementType, count: Int, pool: WorkerPool? = nil
    ) throws(TensorError) -> [UInt8] {
        guard let decoded = source.form else { throw .typeNotComputable(source) }
        guard target.isEncodable, let encoded = target.form else { throw .typeNotEncodable(target) }
        try check(bytes, source, count)
        guard let size = target.byteCount(elements: count) else { throw .raggedRow(type: target, columns: count) }
        let limit = target.largestEncodable
        let set = pool?.instructionSet ?? .current
        // The first weight of each chunk that does not fit, or the chunk's end.
        var firsts = [Int](repeating: count, count: chunks(count))
        let result = unsafe [UInt8](unsafeUninitializedCapacity: size) { room, filled in
            unsafe firsts.withUnsafeMutableBufferPointer { firsts in
                unsafe bytes.withUnsafeBufferPointer { all in
                    guard let to = room.baseAddress, let from = all.baseAddress, let firsts = firsts.baseAddress else {
                        return
                    }
                    let places = unsafe Places(from: from, to: to, firsts: firsts)
                    forEachChunk(count, pool) { start, n in
                        unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: n) { values in
                            guard let base = values.baseAddress else { return }
                            _ = unsafe ck_dequantise(decoded, places.from + source.offset(start), n, base)
                            let first = unsafe ck_first_beyond(base, n, limit)
                            if first < n { unsafe places.firsts[start / span] = start + first }
                            _ = unsafe ck_encode(set.table, encoded, base, n, places.to + target.offset(start))
                        }
                    }
                }
            }
            filled = size
        }
        if let first = firsts.first(where: { $0 < count }) {
            let block = first / source.blockLength * source.blockBytes
            let values = try dequantise(
                Array(bytes[block..<block + source.blockBytes]), type: source, count: source.blockLength)
            throw .notRepresentable(index: first, value: values[first % source.blockLength], type: target)
        }
        return result
    }

    /// What two forms of the same weights differ by.
    public struct SquaredErrors: Equatable, Sendable {
        /// Sum of (x − y)².
        public var error = 0.0
        /// Sum of x².
        public var power = 0.0

        /// No weights.
        public init() {}

        /// `error` of `power`; 0 for weights that are all 0 in both forms.
        public var relative: Double { power > 0 ? error / power : error > 0 ? .infinity : 0 }

        /// The sums over both parts.
        public static func += (left: inout SquaredErrors, right: SquaredErrors) {
            left.error += right.error
            left.power += right.power
        }
    }

    /// How far weights lie from another form of them: sums in double precision, in one order whatever the threads.
    ///
    /// - Throws: `typeNotComputable`, `raggedRow`, `byteCount`.
    public static func squaredErrors(
        of bytes: [UInt8], _ type: ElementType, from original: [UInt8], _ originalType: ElementType, count: Int,
        pool: WorkerPool? = nil
    ) throws(TensorError) -> SquaredErrors {
        guard let form = type.form else { throw .typeNotComputable(type) }
        guard let originalForm = originalType.form else { throw .typeNotComputable(originalType) }
        try check(bytes, type, count)
        try check(original, originalType, count)
        // A pair of sums per chunk, added in index order afterwards.
        var parts = [Double](repeating: 0, count: chunks(count) * 2)
        unsafe parts.withUnsafeMutableBufferPointer { sums in
            unsafe bytes.withUnsafeBufferPointer { new in
                unsafe original.withUnsafeBufferPointer { old in
                    guard let sums = sums.baseAddress, let new = new.baseAddress, let old = old.baseAddress else {
                        return
                    }
                    let places = unsafe Comparison(old: old, new: new, sums: sums)
                    forEachChunk(count, pool) { start, n in
                        unsafe withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * n) { values in
                            guard let base = values.baseAddress else { return }
                            let from = unsafe places.old + originalType.offset(start)
                            _ = unsafe ck_dequantise(originalForm, from, n, base)
                            _ = unsafe ck_dequantise(form, places.new + type.offset(start), n, base + n)
                            unsafe ck_squared_errors(base, base + n, n, places.sums + start / span * 2)
                        }
                    }
                }
            }
        }
        return stride(from: 0, to: parts.count, by: 2).reduce(into: SquaredErrors()) { sum, at in
            sum.error += parts[at]
            sum.power += parts[at + 1]
        }
    }

    private static func check(_ bytes: [UInt8], _ type: ElementType, _ count: Int) throws(TensorError) {
        guard let expected = type.byteCount(elements: count) else { throw .raggedRow(type: type, columns: count) }
        guard expected == bytes.count else { throw .byteCount(expected: expected, actual: bytes.count) }
    }

    private static func chunks(_ count: Int) -> Int { (count + span - 1) / span }

    /// Calls the body for each chunk with its first weight and number of weights.
    private static func forEachChunk(_ count: Int, _ pool: WorkerPool?, _ body: @Sendable (Int, Int) -> Void) {
        let chunks = chunks(count)
        guard let pool else {
            for chunk in 0..<chunks { body(chunk * span, min(span, count - chunk * span)) }
            return
        }
        pool.run { worker in
            worker.forEachChunk(chunks) { chunk in body(chunk * span, min(span, count - chunk * span)) }
        }
    }

    /// Where bytes come from and go: workers write disjoint blocks.
    @unsafe
    private struct Places: @unchecked Sendable {
        let from: UnsafePointer<UInt8>
        let to: UnsafeMutablePointer<UInt8>
        let firsts: UnsafeMutablePointer<Int>
    }

    /// Two forms of the same weights, and where the sums of each chunk go.
    @unsafe
    private struct Comparison: @unchecked Sendable {
        let old: UnsafePointer<UInt8>
        let new: UnsafePointer<UInt8>
        let sums: UnsafeMutablePointer<Double>
    }
}

extension ElementType {
    /// Bytes before the weight that starts a block.
    fileprivate func offset(_ weight: Int) -> Int { weight / blockLength * blockBytes }
}
