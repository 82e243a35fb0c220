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

    /// The bytes of values in a block format, equal to llama.cpp's reference encoders.
    /// - Throws: `typeNotEncodable` for formats that need a search, `raggedRow`.
    public static func encode(_ values: [Float], type: ElementType) throws(TensorError) -> [UInt8] {
        switch type {
        case .f32, .f16, .bf16, .q8_0, .q4_0, .q4_1, .q5_0, .q5_1: break
        default: throw .typeNotEncodable(type)
        }
        guard let form = type.form else { throw .typeNotEncodable(type) }
        guard let size = type.byteCount(elements: values.count) else {
            throw .raggedRow(type: type, columns: values.count)
        }
        return unsafe [UInt8](unsafeUninitializedCapacity: size) { bytes, filled in
            unsafe values.withUnsafeBufferPointer { source in
                guard let to = bytes.baseAddress, let from = source.baseAddress else { return }
                _ = unsafe ck_encode(form, from, values.count, to)
            }
            filled = size
        }
    }
}
