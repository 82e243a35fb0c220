internal import CKernels

/// The input of products: up to `rowCapacity` rows of `columns` values, and when `quantised` also their int8 codes.
///
/// Codes are valid for the rows of the last call that quantised (`rmsNorm`, `swiglu`, `attention`, `quantise`).
@safe
public final class ActivationBuffer: @unchecked Sendable {
    // @unchecked: workers of one region write disjoint rows between barriers of their pool.

    /// Most rows.
    public let rowCapacity: Int
    /// Width of a row.
    public let columns: Int
    /// Whether int8 codes are kept. Products with quantised weights need them, those with float weights do not.
    public let quantised: Bool
    /// The values, [rowCapacity, columns].
    public let values: FloatBuffer
    /// Blocks of 32 per row, the last one padded with zeros.
    let blocks: Int
    let codes: UnsafeMutablePointer<ck_block>?
    /// How many rows were quantised together: it decides the order of the codes. Written by worker 0 before a barrier.
    var quantisedRows = 0

    /// - Parameter rows: capacity.
    /// - Throws: `sizeOutOfRange`, `outOfMemory`.
    public init(rows: Int, columns: Int, quantised: Bool) throws(TensorError) {
        let limit = 1 << 30
        guard rows > 0, rows <= limit else {
            throw .sizeOutOfRange(what: "The number of activation rows", value: rows, limit: limit)
        }
        guard columns > 0, columns <= limit else {
            throw .sizeOutOfRange(what: "The width of an activation row", value: columns, limit: limit)
        }
        values = try FloatBuffer(count: rows * columns)
        rowCapacity = rows
        self.columns = columns
        self.quantised = quantised
        blocks = (columns + 31) / 32
        if quantised {
            let bytes = rows * blocks * MemoryLayout<ck_block>.stride
            guard let memory = unsafe ck_allocate(bytes) else { throw .outOfMemory(bytes: bytes) }
            unsafe codes = memory.bindMemory(to: ck_block.self, capacity: rows * blocks)
        } else {
            unsafe codes = nil
        }
    }

    deinit { unsafe ck_free(codes, rowCapacity * blocks * MemoryLayout<ck_block>.stride) }

    /// Quantises the blocks `span` of one of `rows` rows from its values. Nothing when the buffer keeps no codes.
    func quantise(row: Int, of rows: Int, blocks span: Range<Int>, set: InstructionSet) {
        guard let codes = unsafe codes, !span.isEmpty else { return }
        let tile = row / Int(CK_TILE) * Int(CK_TILE)
        let tileRows = min(Int(CK_TILE), rows - tile)
        let first = unsafe codes + tile * blocks + span.lowerBound * tileRows + (row - tile)
        let start = span.lowerBound * 32
        let n = min(span.upperBound * 32, columns) - start
        unsafe set.table.pointee.quantise(values.base + row * columns + start, n, first, tileRows)
    }
}
