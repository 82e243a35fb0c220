internal import CKernels

extension Worker {
    /// y = x / √(mean x² + ε) · weight for each of `rows` rows of the buffer's width, and its codes if it keeps some.
    public func rmsNorm(
        _ x: FloatBuffer, weight: FloatBuffer, epsilon: Float, rows: Int, into y: ActivationBuffer
    ) {
        let n = y.columns
        precondition(rows >= 0 && rows <= y.rowCapacity && rows * n <= x.count, "rows out of range")
        precondition(weight.count >= n, "weight too short")
        if index == 0 { y.quantisedRows = rows }
        forEachChunk(rows) { row in
            unsafe set.table.pointee.rms_norm(x.base + row * n, weight.base, epsilon, n, y.values.base + row * n)
            y.quantise(row: row, of: rows, blocks: 0..<y.blocks, set: set)
        }
        barrier()
    }

    /// The same in place, e.g. for each head of each token (`rows` = tokens · heads, `columns` = head length).
    public func rmsNormInPlace(_ x: FloatBuffer, weight: FloatBuffer, epsilon: Float, rows: Int, columns: Int) {
        precondition(rows >= 0 && columns > 0 && rows * columns <= x.count, "rows out of range")
        precondition(weight.count >= columns, "weight too short")
        let span = 16
        forEachChunk((rows + span - 1) / span) { chunk in
            for row in chunk * span..<min(rows, (chunk + 1) * span) {
                let start = unsafe x.base + row * columns
                unsafe set.table.pointee.rms_norm(start, weight.base, epsilon, columns, start)
            }
        }
        barrier()
    }

    /// y = (x − mean x) / √(variance x + ε) · weight + bias for each of `rows` rows of the buffer's width (Ba et al.,
    /// 2016), and its codes if it keeps some. x may be the buffer's own values.
    public func layerNorm(
        _ x: FloatBuffer, weight: FloatBuffer, bias: FloatBuffer, epsilon: Float, rows: Int, into y: ActivationBuffer
    ) {
        let n = y.columns
        precondition(rows >= 0 && rows <= y.rowCapacity && rows * n <= x.count, "rows out of range")
        precondition(weight.count >= n && bias.count >= n, "weight or bias too short")
        if index == 0 { y.quantisedRows = rows }
        forEachChunk(rows) { row in
            unsafe set.table.pointee.layer_norm(
                x.base + row * n, weight.base, bias.base, epsilon, n, y.values.base + row * n)
            y.quantise(row: row, of: rows, blocks: 0..<y.blocks, set: set)
        }
        barrier()
    }

    /// y = x / 2 · (1 + erf(x / √2)) for `rows` rows of the buffer's width (Hendrycks and Gimpel, 2016, the exact form),
    /// and its codes if it keeps some. x may be the buffer's own values.
    public func gelu(_ x: FloatBuffer, rows: Int, into y: ActivationBuffer) {
        let n = y.columns
        precondition(rows >= 0 && rows <= y.rowCapacity && rows * n <= x.count, "rows out of range")
        if index == 0 { y.quantisedRows = rows }
        let span = Self.blockSpan, spans = (y.blocks + span - 1) / span
        forEachChunk(rows * spans) { chunk in
            let row = chunk / spans, first = chunk % spans * span, last = min(first + span, y.blocks)
            let start = row * n + first * 32, length = min(last * 32, n) - first * 32
            unsafe set.table.pointee.gelu(x.base + start, length, y.values.base + start)
            y.quantise(row: row, of: rows, blocks: first..<last, set: set)
        }
        barrier()
    }

    /// Makes the codes of the first `rows` rows from their values.
    public func quantise(_ a: ActivationBuffer, rows: Int) {
        precondition(rows >= 0 && rows <= a.rowCapacity, "rows out of range")
        if index == 0 { a.quantisedRows = rows }
        let span = Self.blockSpan, spans = (a.blocks + span - 1) / span
        forEachChunk(a.quantised ? rows * spans : 0) { chunk in
            let first = chunk % spans * span
            a.quantise(row: chunk / spans, of: rows, blocks: first..<min(first + span, a.blocks), set: set)
        }
        barrier()
    }

    /// y = silu(gate) · up for `rows` rows of the buffer's width, and its codes when it keeps some.
    public func swiglu(gate: FloatBuffer, up: FloatBuffer, rows: Int, into y: ActivationBuffer) {
        unsafe gated(gate, up, rows: rows, into: y, set.table.pointee.swiglu)
    }

    /// y = gelu(gate) · up, GELU in its tanh form (Hendrycks and Gimpel, 2016), as `swiglu`.
    public func geglu(gate: FloatBuffer, up: FloatBuffer, rows: Int, into y: ActivationBuffer) {
        unsafe gated(gate, up, rows: rows, into: y, set.table.pointee.geglu)
    }

    private func gated(
        _ gate: FloatBuffer, _ up: FloatBuffer, rows: Int, into y: ActivationBuffer,
        _ kernel: @convention(c) (UnsafePointer<Float>, UnsafePointer<Float>, Int, UnsafeMutablePointer<Float>) -> Void
    ) {
        let n = y.columns
        precondition(rows >= 0 && rows <= y.rowCapacity, "rows out of range")
        precondition(rows * n <= gate.count && rows * n <= up.count, "rows out of range")
        if index == 0 { y.quantisedRows = rows }
        let span = Self.blockSpan, spans = (y.blocks + span - 1) / span
        forEachChunk(rows * spans) { chunk in
            let row = chunk / spans, first = chunk % spans * span, last = min(first + span, y.blocks)
            let start = row * n + first * 32, length = min(last * 32, n) - first * 32
            unsafe kernel(gate.base + start, up.base + start, length, y.values.base + start)
            y.quantise(row: row, of: rows, blocks: first..<last, set: set)
        }
        barrier()
    }

    /// x = cap · tanh(x / cap) for the first `count` values, in place.
    public func softCap(_ x: FloatBuffer, cap: Float, count: Int) {
        precondition(count >= 0 && count <= x.count && cap > 0, "count or bound out of range")
        forEachSpan(of: count) { range in
            unsafe set.table.pointee.soft_cap(x.base + range.lowerBound, range.count, 1, cap)
        }
    }

    /// x = factor · x for the first `count` values, in place.
    public func scale(_ x: FloatBuffer, by factor: Float, count: Int) {
        precondition(count >= 0 && count <= x.count, "count out of range")
        forEachSpan(of: count) { range in
            for index in range { unsafe x.base[index] *= factor }
        }
    }

    /// Pieces of 4096 values, one claim each, and a barrier.
    private func forEachSpan(of count: Int, _ body: (Range<Int>) -> Void) {
        let span = 4096
        forEachChunk((count + span - 1) / span) { chunk in
            body(chunk * span..<min(count, (chunk + 1) * span))
        }
        barrier()
    }

    /// y += x for the first `count` values.
    public func add(_ x: FloatBuffer, to y: FloatBuffer, count: Int) {
        precondition(count >= 0 && count <= x.count && count <= y.count, "count out of range")
        let span = 4096
        forEachChunk((count + span - 1) / span) { chunk in
            let start = chunk * span
            unsafe set.table.pointee.add(x.base + start, min(span, count - start), y.base + start)
        }
        barrier()
    }

    /// Blocks of 32 that one claim covers: 512 values.
    static var blockSpan: Int { 16 }
}
