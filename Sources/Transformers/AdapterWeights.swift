import ModelFormats
import Tensors

/// What an adapter adds to one projection: y = f ⊙ (Wx + B(Ax)) + b, with the scale s inside of B.
struct LowRankWeights: Sendable {
    /// [R, in]; rows behind the module's own rank are zero.
    let a: WeightMatrix
    /// s·B [out, R].
    let b: WeightMatrix
    /// DoRA's f = m/n [out], n being the lengths of the rows of W + s·BA; nil for plain LoRA.
    let factors: FloatBuffer?
}

/// The low-rank weights of a block, by projection; nil where the adapter changes nothing.
struct AdapterBlock: Sendable {
    var query: LowRankWeights?, key: LowRankWeights?, value: LowRankWeights?, output: LowRankWeights?
    var gate: LowRankWeights?, up: LowRankWeights?, down: LowRankWeights?
}

/// An adapter, ready to compute beside the weights of its base.
struct AdapterWeights: Sendable {
    /// R: the largest rank of all modules. Smaller ones are filled up with zeros, so that one scratch buffer fits all.
    let rank: Int
    /// Whether any projection has factors of its own (DoRA).
    let hasFactors: Bool
    let blocks: [AdapterBlock]
    /// For the output matrix.
    let head: LowRankWeights?
    /// Bytes that the matrices hold.
    let residentBytes: Int

    /// Takes the adapter in, against the base's weights in memory; n of DoRA is computed from them here, once.
    /// - Throws: `AdapterError` where the adapter does not fit the base.
    init(_ adapter: LoRAAdapter, base: TransformerWeights, configuration: ModelConfiguration, pool: WorkerPool) throws {
        var loader = AdapterLoader(adapter: adapter, configuration: configuration, pool: pool)
        blocks = try base.blocks.enumerated().map { index, block in
            let prefix = "blk.\(index).", dense = block.feedForward.dense
            return AdapterBlock(
                query: try loader.weights(prefix + "attn_q", block.query),
                key: try loader.weights(prefix + "attn_k", block.key),
                value: try loader.weights(prefix + "attn_v", block.value),
                output: try loader.weights(prefix + "attn_output", block.output),
                gate: try loader.weights(prefix + "ffn_gate", dense?.gate),
                up: try loader.weights(prefix + "ffn_up", dense?.up),
                down: try loader.weights(prefix + "ffn_down", dense?.down))
        }
        head = configuration.tiedOutput ? nil : try loader.weights("output", base.output)
        try loader.checkAllUsed()
        rank = loader.rank
        hasFactors = adapter.configuration.usesDoRA
        residentBytes = loader.bytes
    }
}

/// Takes modules in one after the other.
private struct AdapterLoader {
    let adapter: LoRAAdapter
    let configuration: ModelConfiguration
    let pool: WorkerPool
    let rank: Int
    private var open: [String: LoRAModule] = [:]
    private(set) var bytes = 0

    init(adapter: LoRAAdapter, configuration: ModelConfiguration, pool: WorkerPool) {
        self.adapter = adapter
        self.configuration = configuration
        self.pool = pool
        rank = adapter.modules.reduce(1) { max($0, $1.rank) }
        for module in adapter.modules { open[module.tensorName ?? module.name] = module }
    }

    /// nil for what the adapter does not change, and for what the base has not: that stays open.
    mutating func weights(_ name: String, _ base: WeightMatrix?) throws -> LowRankWeights? {
        guard let base, let found = open.removeValue(forKey: name + ".weight") else { return nil }
        try adapter.check(found, against: (base.rows, base.columns), baseName: configuration.name)
        let module = LoRAAdapter.inFileOrder(found, configuration)
        let scale = try adapter.configuration.scale(of: module.name)
        let rows = module.a + [Float](repeating: 0, count: (rank - module.rank) * module.inputs)
        var columns = [Float](repeating: 0, count: module.outputs * rank)
        for row in 0..<module.outputs {
            for index in 0..<module.rank {
                columns[row * rank + index] = module.b[row * module.rank + index] * scale
            }
        }
        let a = try WeightMatrix(rows: rank, columns: module.inputs, values: rows)
        let b = try WeightMatrix(rows: module.outputs, columns: rank, values: columns)
        bytes += a.residentBytes + b.residentBytes
        return LowRankWeights(a: a, b: b, factors: try factors(module, scale: scale, base))
    }

    private func factors(_ module: LoRAModule, scale: Float, _ base: WeightMatrix) throws -> FloatBuffer? {
        guard let magnitude = module.magnitude else { return nil }
        let product = try LowRankProduct(module, scale: scale, pool: pool)
        let step = 64
        let rows = try FloatBuffer(count: step * base.columns)
        var result: [Float] = []
        for start in stride(from: 0, to: base.rows, by: step) {
            let piece = start..<min(base.rows, start + step)
            for row in piece { base.decodeRow(row, into: rows, at: (row - start) * base.columns) }
            let sums = product.adding(to: rows.array(0..<piece.count * base.columns), rows: piece)
            let lengths = LowRankProduct.lengths(sums, columns: base.columns)
            // A row of zeros has no direction that could be stretched.
            result += zip(magnitude[piece], lengths).map { $1 > 0 ? $0 / $1 : 0 }
        }
        return try FloatBuffer(result)
    }

    /// A module that no projection of the base took is one that the base does not have.
    func checkAllUsed() throws {
        guard let name = open.values.map(\.name).sorted().first else { return }
        throw AdapterError.noSuchModule(
            module: name, adapterBase: adapter.baseName, base: configuration.name)
    }
}
