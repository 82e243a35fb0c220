internal import CKernels

extension Worker {
    /// y = factors ⊙ x + bias for each of `rows` rows, each column with a factor of its own (DoRA); x may be y.
    ///
    /// - Parameters:
    ///   - x: [rows, factors.count]
    ///   - bias: [factors.count], not scaled.
    ///   - accumulate: whether the result is added to what y holds.
    public func scaleColumns(
        _ x: FloatBuffer, by factors: FloatBuffer, bias: FloatBuffer?, rows: Int, into y: FloatBuffer, accumulate: Bool
    ) {
        let n = factors.count
        precondition(rows >= 0 && rows * n <= x.count && rows * n <= y.count, "rows out of range")
        if let bias { precondition(bias.count >= n, "bias too short") }
        forEachChunk(rows) { row in
            let from = unsafe x.base + row * n, to = unsafe y.base + row * n, factor = unsafe factors.base
            for column in 0..<n {
                var value = unsafe from[column] * factor[column]
                if let bias { unsafe value += bias.base[column] }
                unsafe to[column] = accumulate ? to[column] + value : value
            }
        }
        barrier()
    }
}
