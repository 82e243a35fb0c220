import Glibc
import Tensors

/// What a model makes of rows that it was not trained on.
public struct HeldOutScore: Sendable, Equatable, Codable {
    /// Mean −log p of a trained token, in nats.
    public var loss: Double
    /// The same by byte of text, in bits: comparable between vocabularies. Nil where the text's length is unknown.
    public var bitsPerByte: Double?
}

/// Rows that are kept back to see what training does for what was not trained on: rows like those that are trained on,
/// or general ones, which show what is forgotten.
public struct HeldOutRows: Sendable {
    private let rows: [TrainingRow]
    private let tokens: Int
    private let bytes: Int?

    /// Rows, and the bytes of text that their trained tokens stand for.
    public init(_ rows: [TrainingRow], bytes: Int?) {
        self.rows = rows
        self.bytes = bytes
        tokens = rows.reduce(0) { $0 + $1.trainedCount }
    }

    /// How many rows there are.
    public var count: Int { rows.count }

    /// The score of the model as it is now.
    func score(_ trainer: Trainer) throws -> HeldOutScore {
        let ratios = try trainer.model.magnitudeRatios(pool: trainer.pool)
        let parts = MicroBatches.cut(rows, tokens: trainer.settings.microBatchTokens, sharing: true)
        var own: [Int: [Double]] = [:]
        for number in trainer.communicator.ownIndices(of: parts.count) {
            let batch = TrainingBatch(Array(rows[parts[number]]))
            let space = try trainer.space(for: batch)
            let values = trainer.model.logProbabilities(batch, workspace: space, pool: trainer.pool, ratios: ratios)
            own[number] = [values.reduce(0) { $0 - Double($1) }]
        }
        let sum = try trainer.share(own, count: parts.count).reduce(0) { $0 + ($1.first ?? 0) }
        return score(loss: sum / Double(max(tokens, 1)))
    }

    func score(loss: Double) -> HeldOutScore {
        let bits = bytes.flatMap { $0 > 0 ? loss * Double(tokens) / log(2) / Double($0) : nil }
        return HeldOutScore(loss: loss, bitsPerByte: bits)
    }
}
