public import Tensors

/// How far the weights of a written model lie from those that it was made from, tensor by tensor, with the memory of
/// one piece: what shows a wrong order of rows, a wrong scale, a damaged disk.
public struct WeightComparison {
    /// One tensor.
    public struct Finding: Equatable, Sendable {
        /// Its name.
        public let tensor: String
        /// How it is stored.
        public let type: ElementType
        /// Σ(x − y)² / Σx².
        public let relativeError: Double
        /// The most that the type can be worth (`bound(_:)`).
        public let bound: Double

        /// Whether the error is one that the type explains.
        public var holds: Bool { relativeError <= bound }
    }

    private let origin: ModelFile
    private let written: ModelFile
    private let pool: WorkerPool?

    /// - Parameter pool: threads that decode and compare; no bit of the result depends on them.
    public init(_ written: ModelFile, with origin: ModelFile, pool: WorkerPool? = nil) {
        self.origin = origin
        self.written = written
        self.pool = pool
    }

    /// Compares all tensors that both have.
    ///
    /// - Parameter progress: weights compared so far, and in all.
    /// - Throws: `ModelFileError` where a tensor of the origin is missing or has another shape, and errors of reading.
    public func findings(progress: (Int, Int) -> Void = { _, _ in }) throws -> [Finding] {
        let total = origin.tensors.reduce(0) { $0 + $1.elementCount }
        var done = 0
        return try origin.tensors.map { tensor in
            guard let other = written.tensor(tensor.name) else {
                throw ModelFileError.missingTensor(name: tensor.name, shape: tensor.dimensions)
            }
            guard other.dimensions == tensor.dimensions else {
                throw ModelFileError.wrongShape(
                    tensor: tensor.name, expected: tensor.dimensions, actual: other.dimensions)
            }
            var errors = Quantisation.SquaredErrors()
            let step = max(1, ModelExporter.pieceLength / max(1, tensor.columns))
            for start in stride(from: 0, to: tensor.rows, by: step) {
                try Task.checkCancellation()
                let rows = start..<min(tensor.rows, start + step)
                let count = rows.count * tensor.columns
                errors += try Quantisation.squaredErrors(
                    of: try written.read(tensor.name, rows: rows), other.type,
                    from: try origin.read(tensor.name, rows: rows), tensor.type, count: count, pool: pool)
                done += count
                progress(done, total)
            }
            return Finding(
                tensor: tensor.name, type: other.type, relativeError: errors.relative, bound: Self.bound(other.type))
        }
    }

    /// The relative error that a type is worth in the worst case: the largest value of a block takes all of its scale,
    /// the others half a step of it each. Trained weights have a tenth of it, rows in a wrong order have 2.
    public static func bound(_ type: ElementType) -> Double {
        switch type {
        case .f32: 0
        case .f16: 1e-5
        case .bf16: 2e-5
        case .q8_0: 1e-3
        case .q6_k: 0.02
        case .q5_0, .q5_1, .q5_k: 0.05
        default: 0.2
        }
    }
}
