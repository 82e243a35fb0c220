internal import CKernels

extension Worker {
    /// Softmax of each of `rows` rows of `columns` values, in place.
    public func softmaxRows(_ x: FloatBuffer, rows: Int, columns: Int) {
        precondition(rows >= 0 && columns > 0 && rows * columns <= x.count, "rows out of range")
        forEachChunk(rows) { row in unsafe set.table.pointee.softmax(x.base + row * columns, columns) }
        barrier()
    }

    /// y = the rows of x with these numbers, one behind the other, and their codes if y keeps some.
    public func gather(_ x: FloatBuffer, rows: [Int], into y: ActivationBuffer) {
        let n = y.columns
        precondition(rows.count <= y.rowCapacity, "too many rows")
        precondition(rows.allSatisfy { $0 >= 0 && ($0 + 1) * n <= x.count }, "rows out of range")
        if index == 0 { y.quantisedRows = rows.count }
        forEachChunk(rows.count) { place in
            unsafe (y.values.base + place * n).update(from: x.base + rows[place] * n, count: n)
            y.quantise(row: place, of: rows.count, blocks: 0..<y.blocks, set: set)
        }
        barrier()
    }

    /// Row `rows[i]` of y += `weights[i]` · row i of x, each of `columns` values, one fused multiply-add a value. No
    /// number may come twice.
    public func addWeighted(
        _ x: FloatBuffer, weights: [Float], to y: FloatBuffer, rows: [Int], columns: Int
    ) {
        precondition(weights.count == rows.count && rows.count * columns <= x.count, "rows out of range")
        precondition(rows.allSatisfy { $0 >= 0 && ($0 + 1) * columns <= y.count }, "rows out of range")
        forEachChunk(rows.count) { place in
            let from = unsafe x.base + place * columns, to = unsafe y.base + rows[place] * columns
            unsafe set.table.pointee.training.pointee.add_scaled(weights[place], from, columns, to)
        }
        barrier()
    }
}
