import Glibc
public import ModelFormats
public import Tensors

/// What a run will take: memory by its parts, work by its parts, and from measured speed the time.
public struct TrainingEstimate: Sendable, Equatable {
    /// Bytes of frozen weights, of trained values, their gradients, the optimizer's moments, activations, panels and
    /// logits, a frozen reference model.
    public var frozen = 0, values = 0, gradients = 0, moments = 0, activations = 0, working = 0, reference = 0
    /// Values that are trained.
    public var trainedValues = 0
    /// Floating-point operations of a computed token, and of a trained token's logits.
    public var operationsPerToken = 0.0, operationsPerTarget = 0.0

    /// Bytes in all, the program itself included.
    public var bytes: Int {
        frozen + values + gradients + moments + activations + working + reference + Self.program
    }

    /// What the program takes without a model: code, threads, the tokenizer.
    public static let program = 60 << 20

    /// - Parameters:
    ///   - file: the base.
    ///   - part: what is trained.
    ///   - rows: most tokens of a micro-batch.
    ///   - microBatches: of a step.
    ///   - recomputes: whether activations are computed again.
    ///   - meanLength: tokens that a token sees, on the mean, for the work of attention.
    ///   - hasReference: whether a frozen second model is needed.
    public init(
        file: ModelFile, part: TrainedPart, rows: Int, microBatches: Int, recomputes: Bool, meanLength: Double,
        hasReference: Bool
    ) throws {
        let c = file.configuration
        let shape = ModelShape(
            embedding: c.embeddingLength, heads: c.headCount, kvHeads: c.kvHeadCount, headLength: c.keyLength,
            inner: c.feedForwardLength, vocabulary: c.vocabularySize, blocks: c.blockCount, epsilon: c.normEpsilon)
        let stored = file.tensors.reduce(0) { sum, tensor in
            // Vectors are f32; matrices keep their type, in groups of 16 rows.
            sum
                + (tensor.dimensions.count < 2
                    ? 4 * tensor.elementCount : tensor.rowBytes * ((tensor.rows + 15) / 16 * 16))
        }
        let projections = file.tensors.filter { $0.name.hasPrefix("blk.") && $0.dimensions.count > 1 }
        let blockValues = Double(projections.reduce(0) { $0 + $1.elementCount })
        let headValues = Double(c.vocabularySize * c.embeddingLength)
        var mids = 0, factors = 1.0, adapterValues = 0
        switch part {
        case .everything: trainedValues = file.tensors.reduce(0) { $0 + $1.elementCount }
        case .lowRank(let settings):
            frozen = stored
            for block in 0..<c.blockCount {
                for place in TrainingModelLoader.modules.indices {
                    let module = TrainingModelLoader.moduleName(block: block, place: place)
                    let name = "blk.\(block).\(TrainingModelLoader.modules[place].1).weight"
                    guard try settings.isTargeted(module), let tensor = file.tensor(name) else { continue }
                    let rank = try settings.rank(of: module)
                    adapterValues += rank * (tensor.rows + tensor.columns) + (settings.usesDoRA ? tensor.rows : 0)
                    mids += rank + (settings.usesDoRA ? tensor.rows : 0)
                }
            }
            trainedValues = adapterValues
            factors = 0
        case .nothing: frozen = stored
        }
        values = 4 * trainedValues
        // Sums of several micro-batches wait in a tree.
        let waiting = microBatches > 1 ? Int(log2(Double(microBatches)).rounded(.up)) + 1 : 0
        gradients = 4 * trainedValues * (1 + waiting)
        moments = 8 * trainedValues
        reference = hasReference ? stored : 0
        let headNorms = file.tensor("blk.0.attn_q_norm.weight") == nil ? 0 : shape.queries + shape.keys
        let perBlock =
            2 * shape.embedding + 2 * shape.queries + 2 * shape.keys + shape.heads + 2 * shape.inner + headNorms
        let kept = recomputes ? perBlock + shape.blocks * shape.embedding : shape.blocks * perBlock
        activations = 4 * rows * (kept + mids + shape.embedding)
        let space =
            rows * (4 * shape.embedding + 2 * shape.inner + 2 * shape.queries + 2 * shape.keys)
            + TrainingSpace.logitRows(shape, rows: rows) * (shape.vocabulary + 2 * shape.embedding)
            + TrainingSpace.panelFloats(shape, rows: rows, rank: Self.largestRank(part))
        working = 4 * space
        let passes = 4 + 2 * factors + (recomputes ? 2 : 0)
        operationsPerToken =
            passes * blockValues + 6 * Double(adapterValues)
            + (recomputes ? 18 : 14) * Double(c.blockCount * shape.queries) * meanLength
        operationsPerTarget = (4 + 2 * factors) * headValues
    }

    private static func largestRank(_ part: TrainedPart) -> Int {
        if case .lowRank(let settings) = part { settings.rank } else { 1 }
    }

    /// Floating-point operations a second that products of a model's shape reach here: measured for about a third of
    /// a second with the widths of the feed-forward part.
    public static func measuredSpeed(file: ModelFile, rows: Int, pool: WorkerPool, seconds: () -> Double) throws
        -> Double
    {
        let c = file.configuration
        let m = min(max(rows, 48), 1024), depth = c.embeddingLength, n = c.feedForwardLength
        let x = try FloatBuffer(count: m * depth), y = try FloatBuffer(count: m * n)
        let weights = try FloatBuffer(count: n * depth)
        let panels = try FloatBuffer(count: PackedFactor.floats(m: m, depth: depth))
        var work = 0.0
        let start = seconds()
        repeat {
            pool.run { worker in
                let packed = PackedFactor(in: panels, m: m, depth: depth)
                worker.pack(MatrixView(x, rows: m, columns: depth), into: packed)
                worker.compute([
                    ProductSum(
                        [(packed, .turned(MatrixView(weights, rows: n, columns: depth)))],
                        into: MatrixView(y, rows: m, columns: n))
                ])
            }
            work += 2 * Double(m) * Double(n) * Double(depth)
        } while seconds() - start < 0.33
        return work / max(seconds() - start, 1e-9)
    }
}
