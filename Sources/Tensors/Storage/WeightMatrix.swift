internal import CKernels

/// How products with weights are computed.
public enum Precision: Sendable {
    /// Weights as they are; quantised ones against activations as int8 with one f32 scale per 32.
    case integer
    /// Weights dequantised to f32 when they are loaded, activations in f32: slower, and exact but for f32 rounding.
    case exact
}

/// Weights [rows, columns] in the order in which the kernels read them: groups of 16 rows, lane = row.
///
/// The matrix owns its memory; the file it came from is not needed afterwards. Size: the file's, plus up to 3 %, plus
/// padding to a multiple of 16 rows.
@safe
public final class WeightMatrix: @unchecked Sendable {
    // @unchecked: written in init only.

    /// Rows: the width of the output.
    public let rows: Int
    /// Columns: the width of the input.
    public let columns: Int
    /// The type in the file; `storedType` says what is in memory.
    public let type: ElementType
    /// The type in memory: `.f32` when the precision is exact.
    public let storedType: ElementType
    /// Bytes of memory that this matrix holds.
    public let residentBytes: Int
    let matrix: ck_matrix

    /// About how many file bytes are asked for at once.
    static let readSize = 4 << 20

    /// Reads and packs a matrix.
    ///
    /// - Parameter source: the file's bytes of a range of rows. It is called for consecutive ranges in file order,
    ///   each of about 4 MB or less (16 rows at least); its errors pass through.
    /// - Throws: `sizeOutOfRange`, `raggedRow`, `typeNotComputable`, `outOfMemory`, `byteCount`, or the source's.
    public init(
        rows: Int, columns: Int, type: ElementType, precision: Precision,
        source: (Range<Int>) throws -> [UInt8]
    ) throws {
        let stored = precision == .exact ? ElementType.f32 : type
        guard type.form != nil, let form = stored.form else { throw TensorError.typeNotComputable(type) }
        let limit = 1 << 32
        guard rows > 0, rows <= limit else {
            throw TensorError.sizeOutOfRange(what: "The number of rows of a matrix", value: rows, limit: limit)
        }
        guard columns > 0, columns <= limit else {
            throw TensorError.sizeOutOfRange(what: "The number of columns of a matrix", value: columns, limit: limit)
        }
        guard let rowBytes = type.byteCount(elements: columns) else {
            throw TensorError.raggedRow(type: type, columns: columns)
        }
        var shape = unsafe ck_matrix()
        guard unsafe ck_matrix_shape(&shape, form, rows, columns) == 0 else {
            throw TensorError.sizeOutOfRange(what: "The size of a matrix", value: rows, limit: limit / columns)
        }
        let bytes = unsafe Int(shape.groups * shape.group_bytes)
        guard let memory = unsafe ck_allocate(bytes) else { throw TensorError.outOfMemory(bytes: bytes) }
        unsafe shape.data = memory.bindMemory(to: UInt8.self, capacity: bytes)
        self.rows = rows
        self.columns = columns
        self.type = type
        storedType = stored
        residentBytes = bytes
        unsafe matrix = shape
        // From here on deinit frees the memory when an error is thrown.
        let step = max(16, Self.readSize / max(rowBytes, 1) / 16 * 16)
        var first = 0
        while first < rows {
            let range = first..<min(rows, first + step)
            let part = try source(range)
            guard part.count == rowBytes * range.count else {
                throw TensorError.byteCount(expected: rowBytes * range.count, actual: part.count)
            }
            try pack(part, range)
            first = range.upperBound
        }
    }

    /// A matrix of f32 values [rows, columns].
    public convenience init(rows: Int, columns: Int, values: [Float]) throws {
        guard values.count == rows * columns else {
            throw TensorError.byteCount(expected: rows * columns * 4, actual: values.count * 4)
        }
        try self.init(rows: rows, columns: columns, type: .f32, precision: .integer) { range in
            try Quantisation.encode(
                Array(values[range.lowerBound * columns..<range.upperBound * columns]), type: .f32)
        }
    }

    deinit { unsafe ck_free(matrix.data, residentBytes) }

    private func pack(_ bytes: [UInt8], _ range: Range<Int>) throws(TensorError) {
        if storedType == type {
            unsafe withUnsafePointer(to: matrix) { matrix in
                unsafe bytes.withUnsafeBufferPointer { source in
                    guard let from = source.baseAddress else { return }
                    unsafe ck_pack_rows(matrix, range.lowerBound, range.count, from)
                }
            }
            return
        }
        let values = try Quantisation.dequantise(bytes, type: type, count: range.count * columns)
        unsafe withUnsafePointer(to: matrix) { matrix in
            unsafe values.withUnsafeBufferPointer { source in
                guard let from = source.baseAddress else { return }
                unsafe ck_pack_values(matrix, range.lowerBound, range.count, from)
            }
        }
    }

    /// Writes the exact values of one row, e.g. of a token's embedding, from an offset of a buffer on.
    public func decodeRow(_ row: Int, into buffer: FloatBuffer, at offset: Int) {
        precondition(row >= 0 && row < rows, "row out of range")
        precondition(offset >= 0 && columns <= buffer.count - offset, "range out of bounds")
        unsafe withUnsafePointer(to: matrix) { matrix in
            unsafe ck_decode_row(matrix, row, buffer.base + offset)
        }
    }

    /// The values of one row.
    public func row(_ row: Int) throws(TensorError) -> [Float] {
        let buffer = try FloatBuffer(count: columns)
        decodeRow(row, into: buffer, at: 0)
        return buffer.array
    }

    /// Groups of 16 rows.
    var groups: Int { unsafe matrix.groups }
}
