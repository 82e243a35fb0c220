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
    /// Whether it was made for an index with vectors.
    public var hasVectors: Bool

    /// Makes the value from its parts.
    public init(weights: [Double], bias: Double, threshold: Double, origin: String, hasVectors: Bool) {
        self.hasVectors = hasVectors
        self.weights = weights
        self.bias = bias
        self.threshold = threshold
        self.origin = origin
    }

    /// Fitted on the questions to several invented companies of different trades; for indexes with vectors.
    public static let standard = EvidenceModel(
        weights: [0.1, -2.15, 1.75, -1, 0.65, 1.85, 0.4, 0.5], bias: -3.2, threshold: 0.5, origin: "standard",
        hasVectors: true)

    /// The same for indexes without vectors.
    public static let standardByWords = EvidenceModel(
        weights: [2.5, -2, 1.85, -1.3, 0.6, 0, 0, 0], bias: -2, threshold: 0.55, origin: "standard by words",
        hasVectors: false)

    /// What serves until an index is calibrated.
    public static func standard(hasVectors: Bool) -> EvidenceModel { hasVectors ? standard : standardByWords }

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
