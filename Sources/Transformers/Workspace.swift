import ModelFormats
import Tensors

/// Scratch memory of one computing loop: every activation of a forward step, sized once for `rows` tokens.
///
/// Shapes as in `BlockWeights`; M is the number of tokens of a step, at most `rows`.
public final class Workspace: Sendable {
    /// Most tokens of one step.
    public let rows: Int
    /// [M, E] residual stream.
    let hidden: FloatBuffer
    /// [M, E] normed input of attention, of the feed-forward part and, at the end, of the output matrix.
    let normed: ActivationBuffer
    /// [M, H·d], [M, G·d], [M, G·d]
    let query: FloatBuffer, key: FloatBuffer, value: FloatBuffer
    /// [M, H·d] output of attention before its projection.
    let attended: ActivationBuffer
    /// [M, F], [M, F]; of experts F is the width of one.
    let gate: FloatBuffer, up: FloatBuffer
    /// [M, F] activation(gate)·up
    let activated: ActivationBuffer
    /// [L, V] logits of the wanted rows; L is at most `logitRows`.
    let logits: FloatBuffer
    let logitRows: Int
    /// [M, R] each: A·x of an adapter, for up to three projections that share an input.
    let lowRank: [ActivationBuffer]
    /// [M, E] a product that DoRA scales before it is added to the residual stream.
    let unscaled: FloatBuffer
    /// [M, E] what a part of a block gives, where it is normed or summed up before it is added.
    let branch: FloatBuffer
    /// For a mixture of experts.
    let experts: ExpertWorkspace?

    /// - Parameters:
    ///   - rows: most tokens of one step.
    ///   - logitRows: most positions whose logits are computed at once; more are computed in several passes.
    public init(model: TransformerModel, rows: Int, logitRows: Int = 16) throws {
        let c = model.configuration
        let quantised = model.weights.usesQuantisedActivations
        self.rows = rows
        self.logitRows = logitRows
        hidden = try FloatBuffer(count: rows * c.embeddingLength)
        normed = try ActivationBuffer(rows: rows, columns: c.embeddingLength, quantised: quantised)
        query = try FloatBuffer(count: rows * c.headCount * c.keyLength)
        key = try FloatBuffer(count: rows * c.kvHeadCount * c.keyLength)
        value = try FloatBuffer(count: rows * c.kvHeadCount * c.valueLength)
        attended = try ActivationBuffer(rows: rows, columns: c.headCount * c.valueLength, quantised: quantised)
        let inner = c.experts?.feedForwardLength ?? c.feedForwardLength
        gate = try FloatBuffer(count: rows * inner)
        up = try FloatBuffer(count: rows * inner)
        activated = try ActivationBuffer(rows: rows, columns: inner, quantised: quantised)
        logits = try FloatBuffer(count: logitRows * model.vocabularySize)
        lowRank =
            try model.adapter.map { adapter in
                try (0..<3).map { _ in
                    try ActivationBuffer(rows: max(rows, logitRows), columns: adapter.rank, quantised: false)
                }
            } ?? []
        unscaled = try FloatBuffer(count: model.adapter?.hasFactors == true ? rows * c.embeddingLength : 0)
        let branches = c.architecture.normsOutputs || c.experts != nil
        branch = try FloatBuffer(count: branches ? rows * c.embeddingLength : 0)
        experts = try c.experts.map { experts in
            try ExpertWorkspace(rows: rows, width: c.embeddingLength, experts: experts.count, quantised: quantised)
        }
    }
}

/// Scratch memory of a mixture of N experts.
final class ExpertWorkspace: Sendable {
    /// [M, N] the router's probabilities.
    let routing: FloatBuffer
    /// [M, E] the tokens of one expert, side by side.
    let gathered: ActivationBuffer
    /// [M, E] what the expert gives for them.
    let output: FloatBuffer

    init(rows: Int, width: Int, experts: Int, quantised: Bool) throws {
        routing = try FloatBuffer(count: rows * experts)
        gathered = try ActivationBuffer(rows: rows, columns: width, quantised: quantised)
        output = try FloatBuffer(count: rows * width)
    }
}
