internal import CKernels
import Synchronization

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
    private static let readSize = 4 << 20
    /// The same for each of several threads: what is read is packed while it is in the core's own cache. At least so
    /// many rows, since some sources read whole heads for a part of one.
    private static let pieceSize = 256 << 10, pieceRows = 128

    /// Reads and packs a matrix.
    ///
    /// - Parameter source: the file's bytes of a range of rows. It is called for consecutive ranges in file order,
    ///   each of about 4 MB or less (16 rows at least); its errors pass through.
    /// - Throws: `sizeOutOfRange`, `raggedRow`, `typeNotComputable`, `outOfMemory`, `byteCount`, or the source's.
    public convenience init(
        rows: Int, columns: Int, type: ElementType, precision: Precision,
        source: (Range<Int>) throws -> [UInt8]
    ) throws {
        try self.init(reserving: rows, columns: columns, type: type, precision: precision)
        for range in ranges(bytes: Self.readSize, rows: 16) { try pack(try source(range), range) }
    }

    /// Reads and packs a matrix with all threads of a pool.
    ///
    /// - Parameter source: as above, but called for ranges in any order and from several threads at once.
    /// - Throws: as above; where several pieces fail, the error of one of them.
    public convenience init(
        rows: Int, columns: Int, type: ElementType, precision: Precision, pool: WorkerPool,
        source: @Sendable (Range<Int>) throws -> [UInt8]
    ) throws {
        try self.init(reserving: rows, columns: columns, type: type, precision: precision)
        let ranges = ranges(bytes: Self.pieceSize, rows: Self.pieceRows)
        let failure = Mutex<(any Error)?>(nil)
        pool.run { worker in
            worker.forEachChunk(ranges.count) { index in
                guard failure.withLock({ $0 == nil }) else { return }
                do {
                    try pack(try source(ranges[index]), ranges[index])
                } catch {
                    failure.withLock { $0 = $0 ?? error }
                }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
    }

    /// Takes the memory of a matrix; whoever calls packs all rows.
    private init(reserving rows: Int, columns: Int, type: ElementType, precision: Precision) throws(TensorError) {
        let stored = precision == .exact ? ElementType.f32 : type
        guard type.form != nil, let form = stored.form else { throw .typeNotComputable(type) }
        let limit = 1 << 32
        guard rows > 0, rows <= limit else {
            throw .sizeOutOfRange(what: "The number of rows of a matrix", value: rows, limit: limit)
        }
        guard columns > 0, columns <= limit else {
            throw .sizeOutOfRange(what: "The number of columns of a matrix", value: columns, limit: limit)
        }
        guard type.byteCount(elements: columns) != nil else {
            throw .raggedRow(type: type, columns: columns)
        }
        var shape = unsafe ck_matrix()
        guard unsafe ck_matrix_shape(&shape, form, rows, columns) == 0 else {
            throw .sizeOutOfRange(what: "The size of a matrix", value: rows, limit: limit / columns)
        }
        let bytes = unsafe Int(shape.groups * shape.group_bytes)
        guard let memory = unsafe ck_allocate(bytes) else { throw .outOfMemory(bytes: bytes) }
        unsafe shape.data = memory.bindMemory(to: UInt8.self, capacity: bytes)
        self.rows = rows
        self.columns = columns
        self.type = type
        storedType = stored
        residentBytes = bytes
        unsafe matrix = shape
    }

    /// Ranges of rows of about so many file bytes, in order; groups of 16 rows stay together.
    private func ranges(bytes: Int, rows least: Int) -> [Range<Int>] {
        let rowBytes = type.byteCount(elements: columns) ?? 1
        let step = max(least, bytes / max(rowBytes, 1) / 16 * 16)
        return stride(from: 0, to: rows, by: step).map { $0..<min(rows, $0 + step) }
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

    /// The range begins with a group of 16 rows.
    private func pack(_ bytes: [UInt8], _ range: Range<Int>) throws(TensorError) {
        let expected = (type.byteCount(elements: columns) ?? 0) * range.count
        guard bytes.count == expected else { throw .byteCount(expected: expected, actual: bytes.count) }
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
