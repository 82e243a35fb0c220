import Tensors

/// Muon (Jordan, 2024, with Nesterov momentum): the change of a matrix is its momentum made nearly orthogonal by five
/// steps of a polynomial of degree five (Newton and Schulz).
///
/// M ← μM + (1−μ)G; U = (1−μ)G + μM; X = U / (‖U‖ + 1e-7), turned if it has more rows than columns; five times
/// A = XXᵀ, X ← aX + (bA + cA²)X; W ← W(1 − lr λ) − lr √max(1, rows / columns) X. In f32.
final class MuonSpace: Sendable {
    private let x: FloatBuffer, next: FloatBuffer, a: FloatBuffer, square: FloatBuffer, packed: FloatBuffer
    private static let coefficients: (Float, Float, Float) = (3.4445, -4.7750, 2.0315)

    init(_ matrices: [Parameter]) throws {
        let largest = matrices.map(\.count).max() ?? 0
        let short = matrices.map { min($0.rows, $0.columns) }.max() ?? 0
        x = try FloatBuffer(count: largest)
        next = try FloatBuffer(count: largest)
        a = try FloatBuffer(count: short * short)
        square = try FloatBuffer(count: short * short)
        let long = matrices.map { max($0.rows, $0.columns) }.max() ?? 0
        packed = try FloatBuffer(count: PackedFactor.floats(m: short, depth: max(long, short)))
    }

    /// The orthogonal direction of U [rows, columns], which is in `x` from its start on; it is left there.
    private func orthogonalise(rows: Int, columns: Int, worker: Worker) {
        let turned = rows > columns, m = min(rows, columns), n = max(rows, columns)
        if turned {
            worker.turn(MatrixView(x, rows: rows, columns: columns), to: MatrixView(next, rows: m, columns: n))
            worker.copy(MatrixView(next, rows: m, columns: n), to: MatrixView(x, rows: m, columns: n))
        }
        let whole = MatrixView(x, rows: m, columns: n), product = MatrixView(next, rows: m, columns: n)
        let gram = MatrixView(a, rows: m, columns: m), twice = MatrixView(square, rows: m, columns: m)
        // All workers read the sum before any scales the values.
        let norm = Float(x.sumOfSquares(0..<m * n).squareRoot())
        worker.barrier()
        worker.scale(1 / (norm + 1e-7), whole)
        let (first, second, third) = Self.coefficients
        for _ in 0..<5 {
            let left = PackedFactor(in: packed, m: m, depth: n)
            worker.pack(whole, into: left)
            worker.compute([ProductSum([(left, .turned(whole))], into: gram)])
            let middle = PackedFactor(in: packed, m: m, depth: m)
            worker.pack(gram, into: middle)
            worker.compute([ProductSum([(middle, .values(gram))], into: twice)])
            worker.scale(third, twice)
            worker.add(gram, times: second, to: twice)
            worker.pack(twice, into: middle)
            worker.compute([ProductSum([(middle, .values(whole))], into: product)])
            worker.add(whole, times: first, to: product)
            worker.copy(product, to: whole)
        }
        guard turned else { return }
        worker.turn(whole, to: MatrixView(next, rows: rows, columns: columns))
        worker.copy(MatrixView(next, rows: rows, columns: columns), to: MatrixView(x, rows: rows, columns: columns))
    }

    /// One step of one matrix.
    func step(
        _ parameter: Parameter, arena: ParameterArena, momentum: FloatBuffer, settings: OptimizerSettings, rate: Float,
        clip: Float, worker: Worker
    ) {
        let mu = Float(settings.momentum), rows = parameter.rows, columns = parameter.columns
        let gradient = arena.gradient(parameter), value = arena.value(parameter)
        let kept = MatrixView(momentum, offset: parameter.offset, rows: rows, columns: columns)
        let direction = MatrixView(x, rows: rows, columns: columns)
        worker.scale(mu, kept)
        worker.add(gradient, times: (1 - mu) * clip, to: kept)
        worker.copy(gradient, to: direction)
        worker.scale((1 - mu) * clip, direction)
        worker.add(kept, times: mu, to: direction)
        orthogonalise(rows: rows, columns: columns, worker: worker)
        if parameter.decays, settings.weightDecay > 0 { worker.scale(1 - rate * Float(settings.weightDecay), value) }
        let stretch = max(1, Float(rows) / Float(columns)).squareRoot()
        worker.add(direction, times: -rate * stretch, to: value)
    }
}
