/// The learning rate of each step (README-training §3): a linear warm-up, then one of four shapes.
///
/// It depends on the number of the step and on the length of the whole run alone, so a resumed run goes on as if it
/// had not been stopped.
public struct LearningRateSchedule: Sendable, Equatable, Codable {
    /// What follows the warm-up.
    public enum Shape: String, Sendable, CaseIterable, Codable {
        case constant
        case linear
        /// Half a cosine (Loshchilov and Hutter, 2017).
        case cosine
        /// Warm-up, stable, decay (Hu et al., 2024): constant, then down over the last steps.
        case wsd
    }

    /// How `wsd` comes down.
    public enum Decay: String, Sendable, CaseIterable, Codable {
        case linear
        /// 1 − √q
        case oneMinusRoot = "1-sqrt"
    }

    /// The rate at the top.
    public var peak: Double
    /// What follows the warm-up.
    public var shape: Shape
    /// Steps of the whole run, of the warm-up, of wsd's decay.
    public var steps: Int, warmupSteps: Int, decaySteps: Int
    /// The lowest rate as a share of the peak.
    public var minimumRatio: Double
    /// How wsd comes down.
    public var decay: Decay

    /// See the properties.
    public init(
        peak: Double, shape: Shape = .constant, steps: Int, warmupSteps: Int = 0, decaySteps: Int = 0,
        minimumRatio: Double = 0, decay: Decay = .linear
    ) {
        self.peak = peak
        self.shape = shape
        self.steps = steps
        self.warmupSteps = warmupSteps
        self.decaySteps = decaySteps
        self.minimumRatio = minimumRatio
        self.decay = decay
    }

    /// The rate of a step, counted from 0.
    public func rate(at step: Int) -> Double {
        if step < warmupSteps { return peak * Double(step + 1) / Double(warmupSteps) }
        let low = minimumRatio
        let progress = min(1, Double(step - warmupSteps) / Double(max(1, steps - warmupSteps)))
        switch shape {
        case .constant: return peak
        case .linear: return peak * (1 - (1 - low) * progress)
        case .cosine: return peak * (low + (1 - low) * 0.5 * (1 + Self.cosine(ofHalfTurns: progress)))
        case .wsd:
            guard decaySteps > 0 else { return peak }
            let q = min(1, max(0, Double(step - (steps - decaySteps)) / Double(decaySteps)))
            return peak * (low + (1 - low) * (decay == .linear ? 1 - q : 1 - q.squareRoot()))
        }
    }

    /// cos(π x) for x in 0 … 1 by its Taylor series around the nearest quarter: no libm, the same on every machine.
    private static func cosine(ofHalfTurns x: Double) -> Double {
        if x > 0.5 { return -cosine(ofHalfTurns: 1 - x) }
        let isNearZero = x <= 0.25
        let angle = .pi * (isNearZero ? x : 0.5 - x), square = angle * angle
        var term = isNearZero ? 1.0 : angle, sum = 0.0, n = isNearZero ? 1.0 : 2.0
        for _ in 0..<12 {
            sum += term
            term *= -square / (n * (n + 1))
            n += 2
        }
        return sum
    }
}
