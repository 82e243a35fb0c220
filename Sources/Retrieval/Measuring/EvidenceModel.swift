import Foundation

/// Judges from retrieval alone whether the index answers a question: a logistic model over the features of the best
/// passages, with a threshold. Saved with the index once it was calibrated; `standard` serves until then.
public struct EvidenceModel: Codable, Sendable, Equatable {
    /// One weight per feature, in the order of `EvidenceFeatures.values`.
    public var weights: [Double]
    /// Log-odds where all features are 0.
    public var bias: Double
    /// Probability from which on a question counts as answerable.
    public var threshold: Double
    /// How it was made: `standard`, or what it was calibrated on and what cross-validation said.
    public var origin: String

    /// Makes the value from its parts.
    public init(weights: [Double], bias: Double, threshold: Double, origin: String) {
        self.weights = weights
        self.bias = bias
        self.threshold = threshold
        self.origin = origin
    }

    /// Fitted on questions to laws, encyclopaedia passages and an invented company, half of them without an answer.
    public static let standard = EvidenceModel(
        weights: [2.1, 3, 0, 1.3, -0.8, 0.6, 2, 3.7, -0.2, -1.8, -2.8, 0.5, 0], bias: -5.8, threshold: 0.4,
        origin: "standard")

    /// Probability that the passages answer the question; 0 when there are none.
    public func probability(_ found: FoundPassages) -> Double {
        guard let features = EvidenceFeatures(found) else { return 0 }
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

/// What the model looks at: the features of the best passage, of the best few together, and of their best sentence.
public struct EvidenceFeatures: Codable, Sendable, Equatable {
    /// Names of the values, in order.
    public static let names = [
        "coverage", "bm25Share", "unknown", "exact", "proximity", "together", "document", "sentence", "serving",
        "notServing", "gap", "known", "code",
    ]
    /// The values, in the order of `names`.
    public let values: [Double]

    /// Nil when nothing was found. Cost: reads the text of at most three passages.
    public init?(_ found: FoundPassages) {
        guard let best = found.hits.first?.features else { return nil }
        let top = found.hits.prefix(3)
        let sentence = Quotation.best(found, in: top.map(EvidenceText.init), minimum: 0)
        values = [
            top.map(\.features.coverage).max() ?? 0, best.bm25Share, best.unknown, best.exact, best.proximity,
            top.map(\.features.coverage).reduce(0, +) / Double(top.count),
            top.map(\.features.document).max() ?? 0, sentence?.coverage ?? 0, sentence?.isServing == true ? 1 : 0,
            sentence?.isServing == false ? 1 : 0, top.map(\.features.gap).min() ?? 1,
            top.map { min(1, $0.features.coverage / max(0.05, 1 - $0.features.unknown)) }.max() ?? 0, best.code,
        ]
    }
}
