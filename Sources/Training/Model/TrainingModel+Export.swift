public import ModelFormats
import Tensors

extension TrainingModel {
    /// The base with the trained weights in place of its own, in f32: what an exporter writes. Nil for adapters.
    public func trainedFile(base: ModelFile) throws -> ModelFile? {
        guard case .everything = part else { return nil }
        let places = Dictionary(
            arena.parameters.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let values = arena.values
        return try base.replacingWeights(type: { places[$0.name] == nil ? $0.type : .f32 }) { name, rows in
            guard let place = places[name] else { return try base.read(name, rows: rows) }
            let first = place.offset + rows.lowerBound * place.columns
            return try Quantisation.encode(values.array(first..<first + rows.count * place.columns), type: .f32)
        }
    }
}
