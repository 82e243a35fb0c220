internal import CKernels

/// Block formats to values and back, exactly and slowly: what converters and tests use. Products do not come here.
public struct Quantisation {
    /// The exact values of `count` weights in file order.
    ///
    /// Each value is (d · sub-scale) · code, then ± minimum, each step rounded to f32. Any bytes decode; blocks whose
    /// scales are not finite give values that are not either.
    /// - Throws: `typeNotComputable`, `raggedRow`, `byteCount` when the bytes are not exactly those of `count` weights.
    public static func dequantise(_ bytes: [UInt8], type: ElementType, count: Int) throws(TensorError) -> [Float] {
        guard let form = type.form else { throw .typeNotComputable(type) }
        guard let expected = type.byteCount(elements: count) else { throw .raggedRow(type: type, columns: count) }
        guard expected == bytes.count else { throw .byteCount(expected: expected, actual: bytes.count) }
        return unsafe [Float](unsafeUninitializedCapacity: count) { values, filled in
            unsafe bytes.withUnsafeBufferPointer { source in
                guard let to = values.baseAddress, let from = source.baseAddress else { return }
                _ = unsafe ck_dequantise(form, from, count, to)
            }
            filled = count
        }
    }

    /// The bytes of values in a block format: those without a search equal to llama.cpp's reference encoders, Q4_K, Q5_K
    /// and Q6_K at most 2 % worse in their error. Values that are not numbers give blocks that say nothing; see `convert`.
    /// - Throws: `typeNotEncodable` for formats that nothing here writes, `raggedRow`.
    public static func encode(_ values: [Float], type: ElementType) throws(TensorError) -> [UInt8] {
        guard type.isEncodable, let form = type.form else { throw .typeNotEncodable(type) }
        guard let size = type.byteCount(elements: values.count) else {
            throw .raggedRow(type: type, columns: values.count)
        }
        return unsafe [UInt8](unsafeUninitializedCapacity: size) { bytes, filled in
            unsafe values.withUnsafeBufferPointer { source in
                guard let to = bytes.baseAddress, let from = source.baseAddress else { return }
                _ = unsafe ck_encode(InstructionSet.current.table, form, from, values.count, to)
            }
            filled = size
        }
    }

    /// The same with all workers of a pool: each block is computed by one of them, so that the bytes are equal.
    public static func encode(
        _ values: [Float], type: ElementType, pool: WorkerPool
    ) throws(TensorError) -> [UInt8] {
        guard type.isEncodable, let form = type.form else { throw .typeNotEncodable(type) }
        guard let size = type.byteCount(elements: values.count) else {
            throw .raggedRow(type: type, columns: values.count)
        }
        let span = 64 * type.blockLength
        let chunks = (values.count + span - 1) / span
        return unsafe [UInt8](unsafeUninitializedCapacity: size) { bytes, filled in
            unsafe values.withUnsafeBufferPointer { source in
                guard let to = bytes.baseAddress, let from = source.baseAddress else { return }
                let target = unsafe Target(values: from, bytes: to)
                let unit = type.blockBytes, length = type.blockLength, count = values.count
                pool.run { worker in
                    worker.forEachChunk(chunks) { chunk in
                        let start = chunk * span, n = min(span, count - start)
                        _ = unsafe ck_encode(
                            worker.set.table, form, target.values + start, n, target.bytes + start / length * unit)
                    }
                }
            }
            filled = size
        }
    }

    /// Where values come from and bytes go: workers write disjoint blocks.
    @unsafe
    private struct Target: @unchecked Sendable {
        let values: UnsafePointer<Float>
        let bytes: UnsafeMutablePointer<UInt8>
    }
}
