import Training

/// How much of the machine's peak a run reaches: the operations of its steps, as `TrainingEstimate` counts them, over
/// what multiply-adds in registers would do in the same time.
struct PeakShare: Sendable {
    /// Floating-point operations a second of all processes' threads at most.
    let peak: Double
    private let perToken: Double
    private let perTarget: Double
    private var operations = 0.0

    /// - Parameter processes: of the run; they are taken to be as fast as this one.
    init(_ speed: MachineSpeed, _ estimate: TrainingEstimate, processes: Int) {
        peak = speed.peak * Double(processes)
        perToken = estimate.operationsPerToken
        perTarget = estimate.operationsPerTarget
    }

    mutating func add(_ step: StepMetrics) {
        operations += Double(step.computedTokens) * perToken + Double(step.tokens) * perTarget
    }

    /// The share of so many seconds, from 0 to 1; nil where nothing was done or measured.
    func share(of seconds: Double) -> Double? {
        guard operations > 0, seconds > 0, peak > 0, peak.isFinite else { return nil }
        return operations / seconds / peak
    }
}
