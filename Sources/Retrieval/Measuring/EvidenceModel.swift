import Foundation

/// Judges from retrieval alone whether the index answers a question: a logistic model over the features of the best
/// passages, with a threshold. Saved with the index once it was calibrated; `standard` serves until then.
public struct EvidenceModel: Codable, Sendable, Equatable {
    /// One weight per feature, in the order of `EvidenceFeatures.values`.
    public var weights: [Double]
    public var bias: Double
    /// Probability from which on a question counts as answerable.
    public var threshold: Double
    /// How it was made: `standard`, or what it was calibrated on and what cross-validation said.
    public var origin: String

    public init(weights: [Double], bias: Double, threshold: Double, origin: String) {
        self.weights = weights
        self.bias = bias
        self.threshold = threshold
        self.origin = origin
    }

    /// Fitted on questions to laws, encyclopaedia passages and an invented company, half of them without an answer.
    public static let standard = EvidenceModel(
        weights: [4, 2, -4, 1, 0.5, 0.5], bias: -3, threshold: 0.5, origin: "standard")

    /// Probability that the passages answer the question; 0 when there are none.
    public func probability(_ hits: [PassageHit]) -> Double {
        guard let features = EvidenceFeatures(hits) else { return 0 }
        return probability(features.values)
    }

    func probability(_ values: [Double]) -> Double {
        var sum = bias
        for (weight, value) in zip(weights, values) { sum += weight * value }
        return 1 / (1 + exp(-sum))
    }

    /// The JSON text that is kept with an index.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// Reads what `json` wrote; nil when it is of another form or does not fit the features.
    public init?(json: String) {
        guard let read = try? JSONDecoder().decode(EvidenceModel.self, from: Data(json.utf8)),
            read.weights.count == EvidenceFeatures.names.count, read.threshold >= 0, read.threshold <= 1
        else { return nil }
        self = read
    }
}

/// What the model looks at: the features of the best passage, and of the best few together.
struct EvidenceFeatures {
    static let names = ["coverage", "bm25Share", "unknown", "exact", "proximity", "together"]
    let values: [Double]

    init?(_ hits: [PassageHit]) {
        guard let best = hits.first?.features else { return nil }
        let top = hits.prefix(3)
        values = [
            top.map(\.features.coverage).max() ?? 0, best.bm25Share, best.unknown, best.exact, best.proximity,
            top.map(\.features.coverage).reduce(0, +) / Double(top.count),
        ]
    }
}
