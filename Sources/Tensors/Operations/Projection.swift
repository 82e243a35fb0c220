internal import CKernels

/// One product of an input with a matrix: output [m, weights.rows] = input · weightsᵀ + bias.
public struct Projection: Sendable {
    /// The weights [rows, columns]; columns = width of the input.
    public var weights: WeightMatrix
    /// [rows], added to each row of the product.
    public var bias: FloatBuffer?
    /// [m, rows]
    public var output: FloatBuffer
    /// Whether the product is added to what the output holds (the residual stream).
    public var accumulate: Bool

    /// A product; see the properties.
    public init(weights: WeightMatrix, bias: FloatBuffer? = nil, output: FloatBuffer, accumulate: Bool = false) {
        self.weights = weights
        self.bias = bias
        self.output = output
        self.accumulate = accumulate
    }
}

extension Worker {
    /// Computes products that share an input (Q, K and V; gate and up), with one barrier for all.
    ///
    /// - Parameters:
    ///   - rows: output rows; row i comes from input row `firstRow` + i.
    ///   - firstRow: the first input row that is wanted.
    public func project(_ projections: [Projection], _ input: ActivationBuffer, rows: Int, firstRow: Int = 0) {
        project(projections, input, inputRows: CollectionOfOne(firstRow..<firstRow + rows))
    }

    /// The same for chosen input rows, e.g. the last position of each sequence: output row i is input row `rows[i]`.
    public func project(_ projections: [Projection], _ input: ActivationBuffer, inputRows rows: [Int]) {
        project(projections, input, inputRows: rows.map { $0..<$0 + 1 })
    }

    private func project(
        _ projections: [Projection], _ input: ActivationBuffer, inputRows: some Collection<Range<Int>>
    ) {
        let outputRows = inputRows.reduce(0) { $0 + $1.count }
        var groups = 0
        for projection in projections {
            check(projection, input, inputRows, outputRows)
            groups += projection.weights.groups
        }
        // Enough chunks that a slow worker does not hold up the others, none so small that claiming shows.
        let span = min(16, max(1, groups / (count * 8)))
        let chunks = projections.reduce(0) { $0 + ($1.weights.groups + span - 1) / span }
        forEachChunk(chunks) { chunk in
            var chunk = chunk
            for projection in projections {
                let own = (projection.weights.groups + span - 1) / span
                if chunk < own {
                    let first = chunk * span
                    multiply(projection, input, inputRows, first..<min(first + span, projection.weights.groups))
                    return
                }
                chunk -= own
            }
        }
        barrier()
    }

    private func check(
        _ projection: Projection, _ input: ActivationBuffer, _ inputRows: some Collection<Range<Int>>,
        _ outputRows: Int
    ) {
        precondition(projection.weights.columns == input.columns, "widths of weights and input differ")
        precondition(outputRows * projection.weights.rows <= projection.output.count, "output too small")
        if let bias = projection.bias { precondition(bias.count >= projection.weights.rows, "bias too short") }
        let isFloat = projection.weights.storedType.blockLength == 1
        precondition(isFloat || input.quantised, "quantised weights need a quantised input")
        let most = isFloat ? input.rowCapacity : input.quantisedRows
        for range in inputRows {
            precondition(range.lowerBound >= 0 && range.upperBound <= most, "input rows out of range")
        }
    }

    private func multiply(
        _ projection: Projection, _ input: ActivationBuffer, _ inputRows: some Collection<Range<Int>>,
        _ groups: Range<Int>
    ) {
        var from = unsafe ck_input(
            blocks: input.codes, values: input.values.base, rows: input.quantisedRows, columns: input.columns)
        if projection.weights.storedType.blockLength == 1 { unsafe from.rows = input.rowCapacity }
        var done = 0
        for range in inputRows {
            var to = unsafe ck_output(
                values: projection.output.base + done * projection.weights.rows, stride: projection.weights.rows,
                bias: projection.bias?.base, accumulate: projection.accumulate ? 1 : 0)
            unsafe withUnsafePointer(to: projection.weights.matrix) { matrix in
                unsafe ck_project(
                    set.table, matrix, groups.lowerBound, groups.upperBound, &from, range.lowerBound, range.count, &to)
            }
            done += range.count
        }
    }
}
