public import Tensors

/// Adds s·BA of a module to rows of its base's matrix: for merging, and for the lengths of rows that DoRA divides by.
///
/// Each value is computed by one worker in one order: the result does not depend on the number of threads.
public final class LowRankProduct {
    /// Columns of the product.
    public let columns: Int
    private let rank: Int
    /// s·B [outputs, rank].
    private let scaled: [Float]
    /// Aᵀ [inputs, rank].
    private let transposed: WeightMatrix
    private let input: ActivationBuffer
    private let sum: FloatBuffer
    private let pool: WorkerPool
    /// Rows that are computed at once.
    private let step: Int

    /// - Parameters:
    ///   - module: with B in the order of rows that will be asked for.
    ///   - scale: s.
    public init(_ module: LoRAModule, scale: Float, pool: WorkerPool) throws {
        columns = module.inputs
        rank = module.rank
        self.pool = pool
        scaled = module.b.map { $0 * scale }
        var values = [Float](repeating: 0, count: module.a.count)
        for row in 0..<module.rank {
            for column in 0..<module.inputs {
                values[column * module.rank + row] = module.a[row * module.inputs + column]
            }
        }
        transposed = try WeightMatrix(rows: module.inputs, columns: module.rank, values: values)
        step = max(1, min(64, module.outputs))
        input = try ActivationBuffer(rows: step, columns: module.rank, quantised: false)
        sum = try FloatBuffer(count: step * module.inputs)
    }

    /// `values` (of these rows, [rows.count, columns]) + s·BA of these rows.
    public func adding(to values: [Float], rows: Range<Int>) -> [Float] {
        precondition(values.count == rows.count * columns, "values are not those of the rows")
        precondition(rows.lowerBound >= 0 && rows.upperBound * rank <= scaled.count, "rows out of range")
        var result: [Float] = []
        result.reserveCapacity(values.count)
        for start in stride(from: rows.lowerBound, to: rows.upperBound, by: step) {
            let piece = start..<min(rows.upperBound, start + step)
            let first = (start - rows.lowerBound) * columns
            input.values.store(Array(scaled[(piece.lowerBound * rank)..<(piece.upperBound * rank)]), at: 0)
            sum.store(Array(values[first..<(first + piece.count * columns)]), at: 0)
            let projection = Projection(weights: transposed, output: sum, accumulate: true)
            pool.run { [input] worker in worker.project([projection], input, rows: piece.count) }
            result += sum.array(0..<(piece.count * columns))
        }
        return result
    }

    /// Length of each of the given rows of width `columns`, the squares summed in f64.
    public static func lengths(_ values: [Float], columns: Int) -> [Float] {
        stride(from: 0, to: values.count, by: max(1, columns)).map { start in
            var sum = 0.0
            for value in values[start..<(start + columns)] { sum += Double(value) * Double(value) }
            return Float(sum.squareRoot())
        }
    }
}
