/// What is written of a step.
public struct StepMetrics: Sendable, Equatable {
    /// From 0.
    public var step: Int
    /// Before the step changed the weights.
    public var loss: Double
    /// Before clipping.
    public var gradientNorm: Double
    /// Used in this step.
    public var learningRate: Double
    /// Trained tokens of the batch.
    public var tokens: Int
    /// Tokens that were computed, those of shared beginnings once.
    public var computedTokens: Int
    /// What preference tuning adds.
    public var more: [String: Double] = [:]
    /// Loss of the held-out rows after the step, where they were looked at.
    public var heldOutLoss: Double?

    /// One JSON object, keys in order; numbers so that they read back as the same bits.
    public var json: String {
        var fields = [
            ("step", "\(step)"), ("loss", Self.number(loss)), ("grad_norm", Self.number(gradientNorm)),
            ("learning_rate", Self.number(learningRate)), ("tokens", "\(tokens)"),
        ]
        if let heldOutLoss { fields.append(("held_out_loss", Self.number(heldOutLoss))) }
        fields += more.sorted { $0.key < $1.key }.map { ($0.key, Self.number($0.value)) }
        return "{" + fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", ") + "}"
    }

    /// Names of the columns of `row`.
    public static let header = "step,loss,grad_norm,learning_rate,tokens,computed_tokens,held_out_loss"

    /// One line of a CSV file.
    public var row: String {
        "\(step),\(Self.number(loss)),\(Self.number(gradientNorm)),\(Self.number(learningRate)),\(tokens),"
            + "\(computedTokens),\(heldOutLoss.map(Self.number) ?? "")"
    }

    private static func number(_ value: Double) -> String { value.isFinite ? "\(value)" : "null" }
}
