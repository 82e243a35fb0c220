import ModelFormats
import Tensors

/// Reads and repacks weights, tensor by tensor, from the one view that all model files offer.
final class WeightReader {
    let file: ModelFile
    let precision: Precision
    /// Told after each tensor: name, tensors read so far, tensors in all.
    private let progress: (String, Int, Int) -> Void
    private var count = 0
    private let pool: WorkerPool

    /// - Parameter threads: that read and repack.
    init(
        file: ModelFile, precision: Precision, threads: Int = 1, progress: @escaping (String, Int, Int) -> Void
    ) throws(TensorError) {
        pool = try WorkerPool(threads: threads)
        self.file = file
        self.precision = precision
        self.progress = progress
    }

    /// A matrix [rows, columns] in the wanted precision, or in one of its own.
    func matrix(_ name: String, precision own: Precision? = nil) throws -> WeightMatrix {
        let tensor = try computable(name)
        let result = try matrix(of: tensor, rows: 0..<tensor.rows, precision: own ?? precision)
        done(name)
        return result
    }

    /// The matrices of a stack [count, rows, columns], each on its own.
    func stack(_ name: String, of count: Int) throws -> [WeightMatrix] {
        let tensor = try computable(name)
        let rows = tensor.rows / max(1, count)
        let result = try (0..<count).map { index in
            try matrix(of: tensor, rows: index * rows..<(index + 1) * rows, precision: precision)
        }
        done(name)
        return result
    }

    private func matrix(of tensor: TensorDescription, rows: Range<Int>, precision: Precision) throws -> WeightMatrix {
        try WeightMatrix(
            rows: rows.count, columns: tensor.columns, type: tensor.type, precision: precision, pool: pool
        ) { [file] piece in
            try file.read(tensor.name, rows: rows.lowerBound + piece.lowerBound..<rows.lowerBound + piece.upperBound)
        }
    }

    private func computable(_ name: String) throws -> TensorDescription {
        guard let tensor = file.tensor(name) else { throw TransformerError.missingTensor(name) }
        guard tensor.type.isComputable else {
            let known = ElementType.allCases.filter(\.isComputable).map(\.name)
            throw TransformerError.unsupportedWeightType(tensor: name, type: tensor.type.name, known: known)
        }
        return tensor
    }

    /// A vector as f32.
    func vector(_ name: String) throws -> FloatBuffer {
        guard file.tensor(name) != nil else { throw TransformerError.missingTensor(name) }
        let buffer = try FloatBuffer(try file.readFloats(name))
        done(name)
        return buffer
    }

    /// A vector that not every model has.
    func optionalVector(_ name: String) throws -> FloatBuffer? {
        file.tensor(name) == nil ? nil : try vector(name)
    }

    private func done(_ name: String) {
        count += 1
        progress(name, count, file.tensors.count)
    }
}
