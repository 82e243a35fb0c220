public import ModelFormats
import Tensors

extension TransformerModel {
    /// The same model with an adapter laid beside its weights, which both share in memory.
    ///
    /// The adapter's part is computed in f32 whatever type the weights have. What comes out keeps the promises of
    /// `forward`. Caches of keys and values belong to one of the two and must not be handed to the other.
    ///
    /// - Parameter threads: for DoRA, whose row lengths are computed here.
    /// - Throws: `AdapterError` where the adapter was made for another base.
    public func adapted(by adapter: LoRAAdapter, threads: Int = 1) throws -> TransformerModel {
        let pool = try WorkerPool(threads: threads)
        let weights = try AdapterWeights(adapter, base: weights, configuration: configuration, pool: pool)
        return TransformerModel(base: self, adapter: weights)
    }

    /// One projection with what an adapter adds to it.
    struct AdaptedProjection {
        let projection: Projection
        let lowRank: LowRankWeights?

        init(_ projection: Projection, _ lowRank: LowRankWeights?) {
            self.projection = projection
            self.lowRank = lowRank
        }
    }

    /// Products that share an input, each with its adapter's part where there is one: first all base products, then
    /// all A·x, then B·(A·x) added to each; DoRA's factors and the bias come last.
    ///
    /// - Parameters:
    ///   - count: rows of the input that are taken, and of the outputs.
    ///   - multiply: computes products with these rows of the shared input.
    func project(
        _ parts: [AdaptedProjection], rows count: Int, _ s: Workspace, _ worker: Worker,
        multiply: ([Projection]) -> Void
    ) {
        if parts.allSatisfy({ $0.lowRank == nil }) { return multiply(parts.map(\.projection)) }
        // What is scaled later must stand alone first: without bias, and not yet added to the residual stream.
        let targets = parts.map { part in
            part.lowRank?.factors == nil || !part.projection.accumulate ? part.projection.output : s.unscaled
        }
        let base = zip(parts, targets).map { part, target in
            guard part.lowRank?.factors != nil else { return part.projection }
            return Projection(weights: part.projection.weights, output: target)
        }
        multiply(base)
        let changed = zip(parts, targets).compactMap { part, target in
            part.lowRank.map { (part: part.projection, target: target, weights: $0) }
        }
        guard !changed.isEmpty else { return }
        let lowered = zip(changed, s.lowRank).map { Projection(weights: $0.weights.a, output: $1.values) }
        multiply(lowered)
        for (item, low) in zip(changed, s.lowRank) {
            worker.project(
                [Projection(weights: item.weights.b, output: item.target, accumulate: true)], low, rows: count)
        }
        for item in changed {
            guard let factors = item.weights.factors else { continue }
            worker.scaleColumns(
                item.target, by: factors, bias: item.part.bias, rows: count, into: item.part.output,
                accumulate: item.part.accumulate)
        }
    }
}
