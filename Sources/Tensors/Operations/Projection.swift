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
        // Rows that follow each other are one range: weights are read once for all of them.
        var ranges: [Range<Int>] = []
        for row in rows {
            if let last = ranges.last, last.upperBound == row {
                ranges[ranges.count - 1] = last.lowerBound..<row + 1
            } else {
                ranges.append(row..<row + 1)
            }
        }
        project(projections, input, inputRows: ranges)
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
        // The loop over chunks is in C: there is one every few microseconds, and counting references of what all workers
        // share costs as much as a barrier.
        unsafe withUnsafeTemporaryAllocation(of: ck_projection.self, capacity: projections.count) { list in
            unsafe withUnsafeTemporaryAllocation(of: ck_rows.self, capacity: inputRows.count) { ranges in
                for (index, projection) in projections.enumerated() {
                    let span = span(projection.weights, of: groups, rows: outputRows)
                    unsafe list.initializeElement(at: index, to: described(projection, input, span: span))
                }
                for (index, range) in inputRows.enumerated() {
                    unsafe ranges.initializeElement(
                        at: index, to: ck_rows(first: range.lowerBound, count: range.count))
                }
                guard let all = list.baseAddress, let rows = ranges.baseAddress else { return }
                unsafe ck_project_together(set.table, pool.pool, index, all, list.count, rows, ranges.count)
            }
        }
        barrier()
    }

    /// Groups of a chunk: enough chunks that a slow worker does not hold up the others, none so small that claiming
    /// shows. With few rows memory decides, and a chunk of 64 kB takes it a few microseconds: about as long as a worker that
    /// is done before waits without sleeping.
    private func span(_ weights: WeightMatrix, of groups: Int, rows: Int) -> Int {
        let most = rows > 4 ? 16 : max(1, 65536 / (weights.residentBytes / weights.groups))
        return min(16, most, max(1, groups / (count * 8)))
    }

    /// What the kernels need to know of a product. Nothing in it is counted: buffers outlive the product.
    private func described(_ projection: Projection, _ input: ActivationBuffer, span: Int) -> ck_projection {
        let isFloat = projection.weights.storedType.blockLength == 1
        let from = unsafe ck_input(
            blocks: input.codes, values: input.values.base, rows: isFloat ? input.rowCapacity : input.quantisedRows,
            columns: input.columns)
        let to = unsafe ck_output(
            values: projection.output.base, stride: projection.weights.rows, bias: projection.bias?.base,
            accumulate: projection.accumulate ? 1 : 0)
        return unsafe ck_projection(weights: projection.weights.matrix, input: from, output: to, span: span)
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
}
