import Tensors

/// A matrix of the base with an adapter's weights taken in: W + s·BA, for DoRA (m/n) ⊙ rows of that.
struct MergedTensor {
    private let product: LowRankProduct
    private let magnitude: [Float]?

    /// - Parameter module: as the adapter has it; its rows are put in the file's order here.
    init(
        _ module: LoRAModule, _ adapter: LoRAAdapter, configuration: ModelConfiguration, pool: WorkerPool
    ) throws {
        let ordered = LoRAAdapter.inFileOrder(module, configuration)
        product = try LowRankProduct(
            ordered, scale: try adapter.configuration.scale(of: module.name), pool: pool)
        magnitude = ordered.magnitude
    }

    /// These rows of the merged matrix, from the base's values of them.
    func merged(_ values: [Float], rows: Range<Int>) -> [Float] {
        var result = product.adding(to: values, rows: rows)
        guard let magnitude else { return result }
        let columns = product.columns
        for (index, length) in LowRankProduct.lengths(result, columns: columns).enumerated() {
            let factor = length > 0 ? magnitude[rows.lowerBound + index] / length : 0
            for column in 0..<columns { result[index * columns + column] *= factor }
        }
        return result
    }
}
