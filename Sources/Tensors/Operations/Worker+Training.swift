internal import CKernels

/// How one step of AdamW changes its values (Loshchilov and Hutter, 2019).
public struct AdamWStep: Sendable {
    /// Learning rate, decay rates of the two moments, ε, weight decay λ.
    public var rate: Float, beta1: Float, beta2: Float, epsilon: Float, decay: Float
    /// Number of this step, from 1.
    public var number: Int
    /// What gradients are multiplied with first (clipping).
    public var gradientScale: Float

    /// See the properties.
    public init(
        rate: Float, beta1: Float, beta2: Float, epsilon: Float, decay: Float, number: Int, gradientScale: Float
    ) {
        self.rate = rate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.decay = decay
        self.number = number
        self.gradientScale = gradientScale
    }

    /// 1 − βᵗ by repeated multiplication in double precision: the same on every machine.
    private static func correction(_ beta: Float, _ number: Int) -> Double {
        var power = 1.0, base = Double(beta), n = number
        while n > 0 {
            if n & 1 == 1 { power *= base }
            base *= base
            n >>= 1
        }
        return 1 - power
    }

    var arguments: ck_adamw {
        ck_adamw(
            rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, decay: decay,
            correction1: Float(Self.correction(beta1, number)),
            correction2: Float(Self.correction(beta2, number).squareRoot()), gradient_scale: gradientScale)
    }
}

extension Worker {
    private var kernels: UnsafePointer<ck_training_set> { unsafe ck_training(set.table) }

    /// Calls the body for pieces of `length` of 0 ..< count, then a barrier.
    private func forPieces(_ count: Int, _ length: Int, _ body: (Range<Int>) -> Void) {
        forEachChunk((count + length - 1) / length) { body($0 * length..<min(count, ($0 + 1) * length)) }
        barrier()
    }

    /// y = x / √(mean x² + ε) · weight for rows of `columns` values. Ends with a barrier, as all below.
    public func rmsNorm(
        _ x: FloatBuffer, weight: MatrixView, epsilon: Float, rows: Int, columns: Int, into y: FloatBuffer
    ) {
        precondition(rows * columns <= min(x.count, y.count) && weight.columns == columns, "rows out of range")
        forPieces(rows, 16) { range in
            for row in range {
                unsafe set.table.pointee.rms_norm(
                    x.base + row * columns, weight.base, epsilon, columns, y.base + row * columns)
            }
        }
    }

    /// dx += the gradient of RMSNorm's input, and dweight += that of its weight, from dy.
    ///
    /// dweight is summed in order of rows within each 32 of them, and these sums in their order: no worker changes it.
    public func rmsNormBackward(
        _ x: FloatBuffer, weight: MatrixView, epsilon: Float, rows: Int, columns: Int, dy: FloatBuffer,
        dx: FloatBuffer, dweight: MatrixView?
    ) {
        precondition(rows * columns <= min(x.count, dy.count, dx.count) && weight.columns == columns, "out of range")
        let span = 32, pieces = (rows + span - 1) / span
        let sums = dweight == nil ? nil : unsafe ck_pool_shared_scratch(pool.pool, pieces * columns)
        if dweight != nil, unsafe sums == nil {
            preconditionFailure("no memory for \(pieces) sums of \(columns) values")
        }
        forPieces(rows, span) { range in
            let own = unsafe sums.map { unsafe $0 + range.lowerBound / span * columns }
            unsafe own?.update(repeating: 0, count: columns)
            for row in range {
                let at = row * columns
                unsafe kernels.pointee.rms_norm_backward(
                    x.base + at, weight.base, epsilon, columns, dy.base + at, dx.base + at, own)
            }
        }
        guard let dweight, let sums = unsafe sums else { return }
        forPieces(columns, 64) { range in
            for piece in 0..<pieces {
                unsafe kernels.pointee.add_scaled(
                    1, sums + piece * columns + range.lowerBound, range.count, dweight.base + range.lowerBound)
            }
        }
    }

    /// y = silu(gate) · up over `count` values.
    public func swiglu(gate: FloatBuffer, up: FloatBuffer, count: Int, into y: FloatBuffer) {
        precondition(count <= min(gate.count, up.count, y.count), "values out of range")
        forPieces(count, 8192) { range in
            let at = range.lowerBound
            unsafe set.table.pointee.swiglu(gate.base + at, up.base + at, range.count, y.base + at)
        }
    }

    /// gate and up become their own gradients, from dy.
    public func swigluBackward(gate: FloatBuffer, up: FloatBuffer, dy: FloatBuffer, count: Int) {
        precondition(count <= min(gate.count, up.count, dy.count), "values out of range")
        forPieces(count, 8192) { range in
            let at = range.lowerBound
            unsafe kernels.pointee.swiglu_backward(gate.base + at, up.base + at, dy.base + at, range.count)
        }
    }

    /// Rotates back: the gradient of `rope`.
    public func ropeBackward(_ dx: FloatBuffer, heads: Int, headLength: Int, positions: [Int], table: RopeTable) {
        let width = heads * headLength
        precondition(heads > 0 && 2 * table.pairs <= headLength, "more pairs than the head has")
        precondition(positions.count * width <= dx.count, "rows out of range")
        forEachChunk(positions.count) { index in
            let row = table.angles.row(positions[index])
            let opposite = row.values[row.start + table.pairs..<row.start + 2 * table.pairs].map { -$0 }
            unsafe row.values.withUnsafeBufferPointer { values in
                unsafe opposite.withUnsafeBufferPointer { sines in
                    guard let base = values.baseAddress, let sines = sines.baseAddress else { return }
                    unsafe set.table.pointee.rope(
                        dx.base + index * width, heads, headLength, base + row.start, sines, table.pairs,
                        table.pairing == .adjacent ? 1 : 0)
                }
            }
        }
        barrier()
    }

    /// y += a · x over ranges of equal length.
    public func add(_ x: MatrixView, times a: Float = 1, to y: MatrixView) {
        let count = x.rows * x.columns
        precondition(count == y.rows * y.columns && x.stride == x.columns && y.stride == y.columns, "lengths differ")
        forPieces(count, 8192) { range in
            unsafe kernels.pointee.add_scaled(a, x.base + range.lowerBound, range.count, y.base + range.lowerBound)
        }
    }

    /// x = a · x.
    public func scale(_ a: Float, _ x: MatrixView) {
        precondition(x.stride == x.columns, "a view with gaps")
        forPieces(x.rows * x.columns, 8192) { range in
            let at = unsafe x.base + range.lowerBound
            unsafe kernels.pointee.scale(a, at, range.count, at)
        }
    }

    /// Each row of x times the factors [columns].
    public func scaleColumns(_ x: MatrixView, by factors: MatrixView) {
        precondition(factors.columns == x.columns, "widths differ")
        forPieces(x.rows, 8) { range in
            for row in range {
                let at = unsafe x.base + row * x.stride
                unsafe kernels.pointee.multiply(at, factors.base, x.columns, at, 0)
            }
        }
    }

    /// sums [columns] += Σ over rows of x (times z where given), rows in order.
    public func addColumnSums(of x: MatrixView, times z: MatrixView? = nil, to sums: MatrixView) {
        precondition(sums.columns == x.columns && (z?.columns ?? x.columns) == x.columns, "widths differ")
        forPieces(x.columns, 64) { range in
            for row in 0..<x.rows {
                let from = unsafe x.base + row * x.stride + range.lowerBound
                let to = unsafe sums.base + range.lowerBound
                if let z {
                    unsafe kernels.pointee.multiply(
                        from, z.base + row * z.stride + range.lowerBound, range.count, to, 1)
                } else {
                    unsafe kernels.pointee.add_scaled(1, from, range.count, to)
                }
            }
        }
    }

    /// y = x for views of equal shape.
    public func copy(_ x: MatrixView, to y: MatrixView) {
        precondition(x.rows == y.rows && x.columns == y.columns, "shapes differ")
        forPieces(x.rows, 8) { range in
            for row in range {
                unsafe (y.base + row * y.stride).update(from: x.base + row * x.stride, count: x.columns)
            }
        }
    }

    /// y = xᵀ
    public func turn(_ x: MatrixView, to y: MatrixView) {
        precondition(x.rows == y.columns && x.columns == y.rows, "shapes differ")
        forPieces(y.rows, 16) { range in
            for row in range {
                for column in 0..<y.columns {
                    unsafe y.base[row * y.stride + column] = x.base[column * x.stride + row]
                }
            }
        }
    }

    /// Adds one row to each row of x.
    public func addRow(_ row: MatrixView, to x: MatrixView) {
        precondition(row.columns == x.columns, "widths differ")
        forPieces(x.rows, 8) { range in
            for index in range {
                unsafe kernels.pointee.add_scaled(1, row.base, x.columns, x.base + index * x.stride)
            }
        }
    }

    /// Gathers rows of x: row i of y is row `rows[i]`.
    public func gather(_ x: MatrixView, rows: ArraySlice<Int>, to y: MatrixView) {
        precondition(rows.count <= y.rows && x.columns == y.columns, "shapes differ")
        forPieces(rows.count, 8) { range in
            for place in range {
                let row = rows[rows.startIndex + place]
                precondition(row >= 0 && row < x.rows, "row out of range")
                unsafe (y.base + place * y.stride).update(from: x.base + row * x.stride, count: x.columns)
            }
        }
    }

    /// Adds row i of x to row `rows[i]` of y; a row occurs once.
    public func scatterAdd(_ x: MatrixView, to y: MatrixView, rows: ArraySlice<Int>) {
        precondition(rows.count <= x.rows && x.columns == y.columns, "shapes differ")
        forPieces(rows.count, 8) { range in
            for place in range {
                let row = rows[rows.startIndex + place]
                precondition(row >= 0 && row < y.rows, "row out of range")
                unsafe kernels.pointee.add_scaled(
                    1, x.base + place * x.stride, x.columns, y.base + row * y.stride)
            }
        }
    }

    /// Adds row i of x to row `rows[i]` of y in order of i, blocks of columns in parallel: a row may occur often.
    public func accumulateRows(_ x: MatrixView, to y: MatrixView, rows: [Int]) {
        precondition(rows.count <= x.rows && x.columns == y.columns, "shapes differ")
        forPieces(x.columns, 64) { range in
            for (place, row) in rows.enumerated() {
                precondition(row >= 0 && row < y.rows, "row out of range")
                unsafe kernels.pointee.add_scaled(
                    1, x.base + place * x.stride + range.lowerBound, range.count,
                    y.base + row * y.stride + range.lowerBound)
            }
        }
    }

    /// Fills a range with zeros.
    public func clear(_ x: FloatBuffer, count: Int) {
        precondition(count <= x.count, "values out of range")
        forPieces(count, 1 << 16) { x.fill($0, with: 0) }
    }

    /// One step of AdamW over a range of four arenas.
    public func adamW(
        _ step: AdamWStep, values: FloatBuffer, gradients: FloatBuffer, first: FloatBuffer, second: FloatBuffer,
        range: Range<Int>
    ) {
        precondition(
            range.lowerBound >= 0
                && range.upperBound <= min(values.count, gradients.count, first.count, second.count), "out of range")
        var arguments = step.arguments
        forPieces(range.count, 1 << 14) { piece in
            let at = range.lowerBound + piece.lowerBound
            unsafe kernels.pointee.adamw(
                &arguments, values.base + at, gradients.base + at, first.base + at, second.base + at, piece.count)
        }
    }
}

extension FloatBuffer {
    /// Σ x² of ranges: 16 lanes in pieces of 4096, the pieces in double precision in order.
    public func sumOfSquares(_ ranges: [Range<Int>], pool: WorkerPool) throws(TensorError) -> Double {
        let pieces = ranges.flatMap { range in
            stride(from: range.lowerBound, to: range.upperBound, by: Self.squared).map {
                $0..<min($0 + Self.squared, range.upperBound)
            }
        }
        precondition(pieces.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= count }, "range out of bounds")
        let sums = try FloatBuffer(count: pieces.count)
        pool.run { worker in
            worker.forEachChunk(pieces.count) { sums[$0] = self.squares(pieces[$0], worker.set) }
        }
        return sums.array.reduce(0) { $0 + Double($1) }
    }

    /// The same of one range, without other workers.
    public func sumOfSquares(_ range: Range<Int>) -> Double {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "range out of bounds")
        return stride(from: range.lowerBound, to: range.upperBound, by: Self.squared).reduce(0) {
            $0 + Double(squares($1..<min($1 + Self.squared, range.upperBound), .current))
        }
    }

    private static var squared: Int { 4096 }

    private func squares(_ range: Range<Int>, _ set: InstructionSet) -> Float {
        let start = unsafe base + range.lowerBound
        return unsafe set.table.pointee.dot(start, start, range.count)
    }
}
