import ModelFormats
import Tensors

/// Reads and repacks weights, tensor by tensor, from the one view that all model files offer.
final class WeightReader {
    let file: ModelFile
    let precision: Precision
    /// Told after each tensor: name, tensors read so far, tensors in all.
    private let progress: (String, Int, Int) -> Void
    private var count = 0

    init(file: ModelFile, precision: Precision, progress: @escaping (String, Int, Int) -> Void) {
        self.file = file
        self.precision = precision
        self.progress = progress
    }

    /// A matrix [rows, columns] in the wanted precision, or in one of its own.
    func matrix(_ name: String, precision own: Precision? = nil) throws -> WeightMatrix {
        guard let tensor = file.tensor(name) else { throw TransformerError.missingTensor(name) }
        guard tensor.type.isComputable else {
            let known = ElementType.allCases.filter(\.isComputable).map(\.name)
            throw TransformerError.unsupportedWeightType(tensor: name, type: tensor.type.name, known: known)
        }
        let result = try WeightMatrix(
            rows: tensor.rows, columns: tensor.columns, type: tensor.type, precision: own ?? precision
        ) { try file.read(name, rows: $0) }
        done(name)
        return result
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
