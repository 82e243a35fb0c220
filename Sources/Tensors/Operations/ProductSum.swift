internal import CKernels

/// A matrix inside a buffer of f32 values: element (row, column) at `offset + row · stride + column`.
public struct MatrixView: Sendable {
    /// Where the values are.
    public var buffer: FloatBuffer
    /// Index of the first value.
    public var offset: Int
    /// Rows and columns.
    public var rows: Int, columns: Int
    /// From one row to the next.
    public var stride: Int

    /// A view; its last element must lie inside the buffer.
    public init(_ buffer: FloatBuffer, offset: Int = 0, rows: Int, columns: Int, stride: Int? = nil) {
        self.buffer = buffer
        self.offset = offset
        self.rows = rows
        self.columns = columns
        self.stride = stride ?? columns
        precondition(rows >= 0 && columns >= 0 && offset >= 0 && self.stride >= columns, "bad shape of a view")
        precondition(rows == 0 || offset + (rows - 1) * self.stride + columns <= buffer.count, "view out of bounds")
    }

    var base: UnsafeMutablePointer<Float> { unsafe buffer.base + offset }
}

/// The right factor of a product.
public enum RightFactor: Sendable {
    /// The matrix as it is, [depth, n].
    case values(MatrixView)
    /// A matrix [n, depth], turned.
    case turned(MatrixView)
    /// Weights [depth, n] as they are: from outputs back to inputs. Quantised ones are unpacked to their exact values.
    case weights(WeightMatrix)
    /// Some rows of weights; the first is a multiple of 16.
    case weightRows(WeightMatrix, Range<Int>)
    /// Weights [n, depth], turned: from inputs to outputs.
    case weightsTurned(WeightMatrix)

    func check(depth: Int, n: Int) {
        let shape: (Int, Int) =
            switch self {
            case .values(let view): (view.rows, view.columns)
            case .turned(let view): (view.columns, view.rows)
            case .weights(let matrix): (matrix.rows, matrix.columns)
            case .weightRows(let matrix, let rows): (rows.count, matrix.columns)
            case .weightsTurned(let matrix): (matrix.columns, matrix.rows)
            }
        if case .weightRows(let matrix, let rows) = self {
            precondition(rows.lowerBound % 16 == 0 && rows.upperBound <= matrix.rows, "rows of weights out of range")
        }
        precondition(shape == (depth, n), "shapes of factors differ: \(shape) for \((depth, n))")
    }

    /// The kernels' form of it. A matrix is lent for the call, so the body keeps it alive.
    func factor(_ matrix: UnsafePointer<ck_matrix>?) -> ck_factor {
        switch self {
        case .values(let view):
            unsafe ck_factor(kind: UInt32(CK_BY_ROWS), values: view.base, stride: view.stride, weights: nil)
        case .turned(let view):
            unsafe ck_factor(kind: UInt32(CK_BY_COLUMNS), values: view.base, stride: view.stride, weights: nil)
        case .weights:
            unsafe ck_factor(kind: UInt32(CK_WEIGHTS), values: nil, stride: 0, weights: matrix)
        case .weightRows(_, let rows):
            // For weights the stride is the first row that is meant.
            unsafe ck_factor(kind: UInt32(CK_WEIGHTS), values: nil, stride: rows.lowerBound, weights: matrix)
        case .weightsTurned:
            unsafe ck_factor(kind: UInt32(CK_WEIGHTS_TURNED), values: nil, stride: 0, weights: matrix)
        }
    }

    var matrix: WeightMatrix? {
        switch self {
        case .values, .turned: nil
        case .weights(let matrix), .weightsTurned(let matrix), .weightRows(let matrix, _): matrix
        }
    }
}

/// A left factor [m, depth] packed for products (`Worker.pack`).
public struct PackedFactor: Sendable {
    let buffer: FloatBuffer
    let offset: Int
    /// Rows.
    public let m: Int
    /// Columns: what is summed over.
    public let depth: Int

    /// Floats that a packed factor takes.
    public static func floats(m: Int, depth: Int) -> Int { ck_panel_floats(m, depth) }

    /// The place of a factor in a buffer that `Worker.pack` will fill.
    public init(in buffer: FloatBuffer, at offset: Int = 0, m: Int, depth: Int) {
        precondition(offset >= 0 && offset + Self.floats(m: m, depth: depth) <= buffer.count, "panels out of bounds")
        self.buffer = buffer
        self.offset = offset
        self.m = m
        self.depth = depth
    }
}

/// result [m, n] = (accumulate ? result : bias) + Σ left · right, in f32.
public struct ProductSum: Sendable {
    /// The products that are added up, in order.
    public var terms: [(left: PackedFactor, right: RightFactor)]
    /// [m, n]
    public var result: MatrixView
    /// [n], nil for none.
    public var bias: MatrixView?
    /// Whether the sum is added to what the result holds.
    public var accumulate: Bool

    /// A sum; see the properties.
    public init(
        _ terms: [(left: PackedFactor, right: RightFactor)], into result: MatrixView, bias: MatrixView? = nil,
        accumulate: Bool = false
    ) {
        self.terms = terms
        self.result = result
        self.bias = bias
        self.accumulate = accumulate
    }
}

extension Worker {
    /// Packs left factors: the values as they are, [m, depth], or turned ([depth, m] in the view). Ends with a barrier.
    public func pack(_ factors: [(view: MatrixView, turned: Bool, into: PackedFactor)]) {
        let span = 4, tile = Int(CK_TILE_ROWS)
        func chunks(_ m: Int) -> Int { (m + tile * span - 1) / (tile * span) }
        for (view, turned, packed) in factors {
            let shape = turned ? (view.columns, view.rows) : (view.rows, view.columns)
            precondition(shape == (packed.m, packed.depth), "a factor and its panels differ in shape")
        }
        forEachChunk(factors.reduce(0) { $0 + chunks($1.into.m) }) { chunk in
            var chunk = chunk
            for (view, turned, packed) in factors {
                guard chunk >= chunks(packed.m) else {
                    let kind = turned ? CK_BY_COLUMNS : CK_BY_ROWS
                    let left = unsafe ck_factor(
                        kind: UInt32(kind), values: view.base, stride: view.stride, weights: nil)
                    var term = unsafe ck_term(
                        left: left, right: left, depth: packed.depth, panels: packed.buffer.base + packed.offset)
                    unsafe ck_pack_left(
                        &term, packed.m, chunk * span, min((chunk + 1) * span, (packed.m + tile - 1) / tile))
                    return
                }
                chunk -= chunks(packed.m)
            }
        }
        barrier()
    }

    /// Packs one factor.
    public func pack(_ view: MatrixView, turned: Bool = false, into packed: PackedFactor) {
        pack([(view, turned, packed)])
    }

    /// Computes sums whose left factors are packed, spread over all workers. Ends with a barrier.
    ///
    /// Each element is one chain of fused multiply-adds over the depth, in steps of 512: the same bits for any number
    /// of workers and any other rows.
    public func compute(_ sums: [ProductSum]) {
        let columns = Int(CK_TILE_COLUMNS), tile = Int(CK_TILE_ROWS)
        var widest = 0, parts: [Int] = []
        for sum in sums {
            for term in sum.terms {
                precondition(term.left.m == sum.result.rows, "rows of a factor and the result differ")
                term.right.check(depth: term.left.depth, n: sum.result.columns)
            }
            if let bias = sum.bias { precondition(bias.columns == sum.result.columns, "bias of another width") }
        }
        // Few columns for many workers: rows are cut too, though weights are then unpacked more than once.
        let tiles = sums.reduce(0) { $0 + ($1.result.columns + columns - 1) / columns }
        let cuts = tiles >= 3 * count ? 1 : (3 * count + tiles - 1) / max(tiles, 1)
        let wide = tiles >= 24 * count ? 2 * columns : columns
        widest = wide
        func rowStep(_ m: Int) -> Int { max(tile, ((m + cuts - 1) / cuts + tile - 1) / tile * tile) }
        for sum in sums {
            let rows = sum.result.rows, step = rowStep(rows)
            parts.append(rows == 0 ? 0 : (sum.result.columns + wide - 1) / wide * ((rows + step - 1) / step))
        }
        forEachChunk(parts.reduce(0, +)) { chunk in
            var chunk = chunk
            for (sum, own) in zip(sums, parts) {
                guard chunk >= own else {
                    let rows = sum.result.rows, step = rowStep(rows), across = (sum.result.columns + wide - 1) / wide
                    let row = chunk / across * step, column = chunk % across * wide
                    part(
                        sum, rows: row..<min(row + step, rows),
                        columns: column..<min(column + wide, sum.result.columns), widest: widest)
                    return
                }
                chunk -= own
            }
        }
        barrier()
    }

    private func part(_ sum: ProductSum, rows: Range<Int>, columns: Range<Int>, widest: Int) {
        let needed = Int(CK_STEP) * (widest + 2 * Int(CK_TILE_COLUMNS))
        guard let scratch = unsafe ck_pool_scratch(pool.pool, index, needed) else {
            preconditionFailure("no memory for panels of \(needed) values")
        }
        var matrices = unsafe sum.terms.map { unsafe $0.right.matrix?.matrix ?? ck_matrix() }
        unsafe matrices.withUnsafeMutableBufferPointer { matrices in
            var terms: [ck_term] = unsafe []
            for (index, term) in sum.terms.enumerated() {
                let matrix = unsafe matrices.baseAddress.map { unsafe UnsafePointer($0 + index) }
                let right = unsafe term.right.factor(matrix)
                unsafe terms.append(
                    ck_term(
                        left: right, right: right, depth: term.left.depth,
                        panels: term.left.buffer.base + term.left.offset))
            }
            unsafe terms.withUnsafeBufferPointer { terms in
                guard let first = terms.baseAddress else { return }
                var whole = unsafe ck_sum(
                    terms: first, count: terms.count, m: sum.result.rows, n: sum.result.columns,
                    result: sum.result.base, stride: sum.result.stride, bias: sum.bias?.base,
                    accumulate: sum.accumulate ? 1 : 0)
                unsafe ck_sum_part(
                    set.table, &whole, rows.lowerBound, rows.upperBound, columns.lowerBound, columns.upperBound,
                    scratch)
            }
        }
    }
}
