import Foundation

/// Weighs what retrieval says of a question with what a model that was tuned to refuse thinks of the refusal.
///
/// Either alone errs where the other does not: retrieval knows what stands nowhere, the model whether the sentence
/// that was found answers the question. Added as log-odds, each with its weight (`docs/retrieval.md`).
public struct RefusalWeighing: Sendable, Equatable {
    /// Weight of the model's log-odds of not refusing beside retrieval's own.
    public var weight: Double
    /// What is added: how much more likely an answer is than retrieval and model say together.
    public var offset: Double

    /// Makes the value from its parts.
    public init(weight: Double, offset: Double) {
        self.weight = weight
        self.offset = offset
    }

    /// Fitted on invented companies of several trades.
    public static let standard = RefusalWeighing(weight: 0.5, offset: 0)

    /// Probability that the passages answer the question.
    /// - Parameters:
    ///   - evidence: what retrieval says, 0…1.
    ///   - refusal: the probability that the model gives to the refusal, 0…1.
    public func confidence(evidence: Double, refusal: Double) -> Double {
        let sum = Self.logOdds(evidence) - weight * Self.logOdds(refusal) + offset
        return 1 / (1 + exp(-sum))
    }

    /// Bounded: a model that is sure to the last bit still says no more than its experience bears.
    private static func logOdds(_ probability: Double) -> Double {
        let p = min(max(probability.isNaN ? 0.5 : probability, 1e-3), 1 - 1e-3)
        return log(p / (1 - p))
    }
}
