import Glibc
public import ModelFormats
import Tensors

/// What a run will take: memory by its parts, work by its parts, and from measured speed the time.
public struct TrainingEstimate: Sendable, Equatable {
    /// Bytes of frozen weights, of trained values, their gradients, the optimizer's moments, activations, panels and
    /// logits, a frozen reference model.
    public var frozen = 0, values = 0, gradients = 0, moments = 0, activations = 0, working = 0, reference = 0
    /// Values that are trained.
    public var trainedValues = 0
    /// Floating-point operations of a computed token, and of a trained token's logits.
    public var operationsPerToken = 0.0, operationsPerTarget = 0.0
    /// Bytes that go through memory beside the products: of a computed token's activations, of a micro-batch's weights
    /// and sums, of a step's update.
    public var bytesPerToken = 0.0, bytesPerMicroBatch = 0.0, bytesPerStep = 0.0

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
    ///   - forward: how frozen quantised weights are multiplied on the way forward.
    ///   - meanLength: tokens that a token sees, on the mean, for the work of attention.
    ///   - hasReference: whether a frozen second model is needed.
    public init(
        file: ModelFile, part: TrainedPart, rows: Int, microBatches: Int, recomputes: Bool, meanLength: Double,
        hasReference: Bool, forward: ForwardPrecision = .exact
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
        var mids = 0, factors = 1.0, adapterValues = 0, lowest = c.blockCount
        switch part {
        case .everything:
            trainedValues = file.tensors.reduce(0) { $0 + $1.elementCount }
            lowest = 0
        case .lowRank(let settings):
            frozen = stored
            for block in 0..<c.blockCount {
                for place in TrainingModelLoader.modules.indices {
                    let module = TrainingModelLoader.moduleName(block: block, place: place)
                    let name = "blk.\(block).\(TrainingModelLoader.modules[place].1).weight"
                    guard try settings.isTargeted(module), let tensor = file.tensor(name) else { continue }
                    lowest = min(lowest, block)
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
        // Below the lowest block that is trained nothing is done on the way back.
        let share = Double(c.blockCount - lowest) / Double(max(c.blockCount, 1))
        let isInteger = forward == .integer && factors == 0 && projections.contains { $0.rowBytes < 2 * $0.columns }
        let forwards = isInteger ? 2 * Self.integerShare : 2
        let passes = forwards + (2 + 2 * factors + (recomputes ? forwards : 0)) * share
        operationsPerToken =
            passes * blockValues + 6 * Double(adapterValues)
            + (4 + (recomputes ? 14 : 10) * share) * Double(c.blockCount * shape.queries) * meanLength
        bytesPerToken = Self.touches * 4 * Double(shape.blocks * perBlock + mids)
        bytesPerMicroBatch = Double(stored) * (1 + share) + 12 * Double(trainedValues)
        bytesPerStep = 28 * Double(trainedValues)
        operationsPerTarget = (4 + 2 * factors) * headValues
    }

    /// How often an activation that is kept is read or written, packing, norms and their gradients included.
    private static let touches = 8.0
    /// The time of a product by the serving kernels as a share of the same in f32.
    private static let integerShare = 0.6
    /// What threads wait for each other and for cold memory, over the work itself: 1.14, 1.22 and 1.2 in three runs
    /// (19M llama in full, LoRA on 0.5B in f32, and on its Q4_K_M with integer passes).
    private static let waiting = 1.17

    /// Seconds of work at a machine's speed.
    public func seconds(
        tokens: Double, targets: Double, microBatches: Double, steps: Double, at speed: MachineSpeed
    ) -> Double {
        Self.waiting
            * ((tokens * operationsPerToken + targets * operationsPerTarget) / speed.operations
                + (tokens * bytesPerToken + microBatches * bytesPerMicroBatch + steps * bytesPerStep) / speed.bytes)
    }

    private static func largestRank(_ part: TrainedPart) -> Int {
        if case .lowRank(let settings) = part { settings.rank } else { 1 }
    }
}
