internal import CKernels

/// A fixed number of f32 values, 64-byte aligned, zero at first: what kernels read and write.
///
/// Not for general collections: it never grows, and whoever shares it between threads orders the accesses.
@safe
public final class FloatBuffer: @unchecked Sendable {
    // @unchecked: workers of one region write disjoint parts between barriers of their pool.

    /// How many values there are.
    public let count: Int
    let base: UnsafeMutablePointer<Float>

    /// The largest count that is accepted: 2^40 values.
    public static let largestCount = 1 << 40

    /// - Throws: `sizeOutOfRange` for a negative or absurd count, `outOfMemory`.
    public init(count: Int) throws(TensorError) {
        guard count >= 0, count <= Self.largestCount else {
            throw .sizeOutOfRange(what: "The number of values", value: count, limit: Self.largestCount)
        }
        let bytes = count * MemoryLayout<Float>.stride
        guard let memory = unsafe ck_allocate(bytes) else { throw .outOfMemory(bytes: bytes) }
        self.count = count
        unsafe base = memory.bindMemory(to: Float.self, capacity: count)
    }

    /// A buffer that holds these values.
    public convenience init(_ values: [Float]) throws(TensorError) {
        try self.init(count: values.count)
        store(values, at: 0)
    }

    deinit { unsafe ck_free(base, count * MemoryLayout<Float>.stride) }

    /// The value at an index in 0 ..< count.
    public subscript(index: Int) -> Float {
        get {
            precondition(index >= 0 && index < count, "index out of range")
            return unsafe base[index]
        }
        set {
            precondition(index >= 0 && index < count, "index out of range")
            unsafe base[index] = newValue
        }
    }

    /// A copy of a part.
    public func array(_ range: Range<Int>) -> [Float] {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "range out of bounds")
        return unsafe Array(UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
    }

    /// A copy of everything.
    public var array: [Float] { array(0..<count) }

    /// Writes values from an index on.
    public func store(_ values: [Float], at start: Int) {
        precondition(start >= 0 && values.count <= count - start, "range out of bounds")
        unsafe values.withUnsafeBufferPointer { source in
            guard let from = source.baseAddress else { return }
            unsafe base.advanced(by: start).update(from: from, count: values.count)
        }
    }

    /// Sets a part to one value.
    public func fill(_ range: Range<Int>, with value: Float) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "range out of bounds")
        unsafe base.advanced(by: range.lowerBound).update(repeating: value, count: range.count)
    }

    /// Calls the body with a read-only view of a part, without copying it.
    public func withValues<Result, Failure: Error>(
        _ range: Range<Int>, _ body: (Span<Float>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "range out of bounds")
        let part = unsafe UnsafeBufferPointer(start: base + range.lowerBound, count: range.count)
        return try unsafe body(Span(_unsafeElements: part))
    }
}
