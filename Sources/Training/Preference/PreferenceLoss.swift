import Glibc

/// How answers that people prefer are told from those they do not (README-training §6).
public enum PreferenceMethod: String, Sendable, CaseIterable, Codable {
    /// Rafailov et al., 2023.
    case dpo
    /// Azar et al., 2024, with means over tokens.
    case ipo
    /// Hong et al., 2024; β is λ.
    case orpo
    /// Ethayarajh et al., 2024.
    case kto
    /// Meng et al., 2024.
    case simpo
    /// Xu et al., 2024.
    case cpo

    /// Whether log-probabilities of a frozen reference model enter.
    public var needsReference: Bool { self == .dpo || self == .ipo || self == .kto }
}

/// What is known of one answer: Σ log p of its tokens under the model and under the reference, and their number.
public struct AnswerScore: Sendable, Equatable {
    /// Σ log p under the model, under the reference.
    public var sum: Double, reference: Double
    /// Tokens of the answer.
    public var count: Int

    /// See the properties.
    public init(sum: Double, reference: Double = 0, count: Int) {
        self.sum = sum
        self.reference = reference
        self.count = count
    }

    var mean: Double { sum / Double(max(count, 1)) }
    var ratio: Double { sum - reference }
    var meanRatio: Double { (sum - reference) / Double(max(count, 1)) }
}

/// The loss of a step over pairs or judged answers, its gradient by each answer's Σ log p, and what is logged.
public struct PreferenceLoss: Sendable {
    /// Mean over rows.
    public private(set) var loss = 0.0
    /// d loss / d Σ log p of each answer: chosen and rejected of row 0, of row 1, …; for KTO one a row.
    public private(set) var gradients: [Double] = []
    /// Logged beside the loss: `reward_chosen`, `reward_rejected`, `reward_margin`, `reward_accuracy`, …
    public private(set) var metrics: [String: Double] = [:]

    /// Of pairs: dpo, ipo, orpo, simpo, cpo.
    public init(
        _ method: PreferenceMethod, beta: Double, gamma: Double, pairs: [(chosen: AnswerScore, rejected: AnswerScore)]
    ) {
        let rows = Double(max(pairs.count, 1))
        var chosenReward = 0.0, rejectedReward = 0.0, accuracy = 0.0, extra: [String: Double] = [:]
        for (w, l) in pairs {
            let row = Self.row(method, beta, gamma, w, l)
            loss += row.loss / rows
            gradients += [row.chosen / rows, row.rejected / rows]
            chosenReward += row.rewards.0 / rows
            rejectedReward += row.rewards.1 / rows
            accuracy += (row.rewards.0 > row.rewards.1 ? 1 : 0) / rows
            for (name, value) in row.extra { extra[name, default: 0] += value / rows }
        }
        metrics = extra.merging([
            "reward_chosen": chosenReward, "reward_rejected": rejectedReward,
            "reward_margin": chosenReward - rejectedReward, "reward_accuracy": accuracy,
        ]) { own, _ in own }
    }

    private struct Row {
        var loss: Double, chosen: Double, rejected: Double
        var rewards: (Double, Double)
        var extra: [String: Double] = [:]
    }

    private static func row(
        _ method: PreferenceMethod, _ beta: Double, _ gamma: Double, _ w: AnswerScore, _ l: AnswerScore
    ) -> Row {
        let wn = Double(max(w.count, 1)), ln = Double(max(l.count, 1))
        switch method {
        case .dpo, .kto:
            let (loss, slope) = logistic(beta * (w.ratio - l.ratio))
            return Row(
                loss: loss, chosen: -beta * slope, rejected: beta * slope, rewards: (beta * w.ratio, beta * l.ratio))
        case .ipo:
            let distance = w.meanRatio - l.meanRatio - 1 / (2 * beta)
            return Row(
                loss: distance * distance, chosen: 2 * distance / wn, rejected: -2 * distance / ln,
                rewards: (beta * w.meanRatio, beta * l.meanRatio))
        case .simpo:
            let (loss, slope) = logistic(beta * (w.mean - l.mean) - gamma)
            return Row(
                loss: loss, chosen: -beta * slope / wn, rejected: beta * slope / ln,
                rewards: (beta * w.mean, beta * l.mean))
        case .cpo:
            let (loss, slope) = logistic(beta * (w.sum - l.sum))
            return Row(
                loss: loss - w.mean, chosen: -beta * slope - 1 / wn, rejected: beta * slope,
                rewards: (beta * w.sum, beta * l.sum), extra: ["nll": -w.mean])
        case .orpo:
            let (chosenOdds, chosenSlope) = odds(w.mean), (rejectedOdds, rejectedSlope) = odds(l.mean)
            let ratio = chosenOdds - rejectedOdds
            let (loss, slope) = logistic(ratio)
            return Row(
                loss: -w.mean + beta * loss, chosen: (-1 - beta * slope * chosenSlope) / wn,
                rejected: beta * slope * rejectedSlope / ln, rewards: (beta * w.mean, beta * l.mean),
                extra: ["nll": -w.mean, "log_odds_ratio": ratio])
        }
    }

    /// −log σ(x), and σ(−x), which is minus its derivative.
    private static func logistic(_ x: Double) -> (loss: Double, slope: Double) {
        let loss = x > 0 ? log1p(exp(-x)) : log1p(exp(x)) - x
        return (loss, 1 / (1 + exp(x)))
    }

    /// a − log(1 − eᵃ) and its derivative 1 / (1 − eᵃ), for a < 0.
    private static func odds(_ mean: Double) -> (Double, Double) {
        let a = min(mean, -1e-12)
        let rest = -expm1(a)
        return (a - log(rest), 1 / rest)
    }

    /// Of judged answers: kto.
    ///
    /// - Parameter mismatched: of row i the answer of the row before it after the prompt of row i, which gives the one
    ///   z of the step; no gradient flows through it.
    public init(
        beta: Double, judged: [(score: AnswerScore, isWanted: Bool)], mismatched: [AnswerScore]
    ) {
        let rows = Double(max(judged.count, 1))
        let divergence = mismatched.reduce(0) { $0 + $1.ratio } / Double(max(mismatched.count, 1))
        let z = max(0, divergence)
        var wanted: [Double] = [], unwanted: [Double] = []
        for (score, isWanted) in judged {
            let sign = isWanted ? 1.0 : -1.0
            let value = 1 / (1 + exp(-sign * beta * (score.ratio - z)))
            loss += (1 - value) / rows
            gradients.append(-sign * beta * value * (1 - value) / rows)
            if isWanted { wanted.append(beta * score.ratio) } else { unwanted.append(beta * score.ratio) }
        }
        func mean(_ values: [Double]) -> Double { values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count) }
        metrics = [
            "kl": z, "kl_unclamped": divergence, "reward_chosen": mean(wanted), "reward_rejected": mean(unwanted),
            "reward_margin": mean(wanted) - mean(unwanted),
        ]
    }
}
