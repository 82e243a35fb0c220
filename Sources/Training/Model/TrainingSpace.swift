import Tensors

/// Memory that the passes share, for up to `rows` rows of a micro-batch.
final class TrainingSpace: Sendable {
    /// Most rows.
    let rows: Int
    /// [rows, E]
    let normed: FloatBuffer, dHidden: FloatBuffer, dOutput: FloatBuffer, dNormed: FloatBuffer
    /// [rows, F]
    let wide: FloatBuffer, dWide: FloatBuffer
    /// As q, k, v and what attention gives.
    let dQ: FloatBuffer, dK: FloatBuffer, dV: FloatBuffer, dAttended: FloatBuffer
    private let packed: FloatBuffer
    /// [logitRows, V] and the states and gradients of as many rows.
    let logits: FloatBuffer, states: FloatBuffer, dStates: FloatBuffer
    /// How many rows of logits stand at once.
    let logitRows: Int

    var panels: PanelSpace { PanelSpace(packed) }

    /// Values of logits that stand at once: 160 MB.
    static let logitValues = 40 << 20
    /// Columns of the vocabulary that are packed at once on the way back.
    static let vocabularySlice = 8192

    init(_ shape: ModelShape, rows: Int, largestRank: Int) throws {
        self.rows = rows
        func buffer(_ width: Int) throws -> FloatBuffer { try FloatBuffer(count: rows * width) }
        normed = try buffer(shape.embedding)
        dHidden = try buffer(shape.embedding)
        dOutput = try buffer(shape.embedding)
        dNormed = try buffer(shape.embedding)
        wide = try buffer(shape.inner)
        dWide = try buffer(shape.inner)
        dQ = try buffer(shape.queries)
        dK = try buffer(shape.keys)
        dV = try buffer(shape.keys)
        dAttended = try buffer(shape.queries)
        logitRows = Self.logitRows(shape, rows: rows)
        logits = try FloatBuffer(count: logitRows * shape.vocabulary)
        states = try FloatBuffer(count: logitRows * shape.embedding)
        dStates = try FloatBuffer(count: logitRows * shape.embedding)
        packed = try FloatBuffer(count: Self.panelFloats(shape, rows: rows, rank: largestRank))
    }

    static func logitRows(_ shape: ModelShape, rows: Int) -> Int {
        min(rows, max(48, logitValues / shape.vocabulary / 12 * 12))
    }

    /// The most that one pass packs: two outputs of the feed-forward part with their adapters, or one turned weight
    /// gradient, or a slice of the logits.
    static func panelFloats(_ shape: ModelShape, rows: Int, rank: Int) -> Int {
        let widest = max(shape.inner, shape.embedding, shape.queries)
        let outputs = 3 * PackedFactor.floats(m: rows, depth: widest)
        let mids = 4 * PackedFactor.floats(m: rows, depth: max(rank, 1))
        let turned = PackedFactor.floats(m: widest, depth: rows)
        let chunk = logitRows(shape, rows: rows), slice = min(vocabularySlice, shape.vocabulary)
        let head =
            PackedFactor.floats(m: chunk, depth: max(slice, shape.embedding))
            + PackedFactor.floats(m: slice, depth: chunk)
        return max(outputs + mids + turned, head)
    }
}
