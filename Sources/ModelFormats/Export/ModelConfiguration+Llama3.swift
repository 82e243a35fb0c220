extension ModelConfiguration {
    /// The Llama 3.1 rule that gives these divisors of the rotary frequencies, or nil when none of the published
    /// kind does: a GGUF file holds only the divisors, config.json only the rule.
    ///
    /// The largest divisor is the factor. Original contexts are powers of two; the bounds are 1 and 4 in every
    /// published model. The rule must give every divisor within 1e-5.
    func llama3Scaling(of factors: [Float]) -> RopeScaling? {
        guard let largest = factors.max(), factors.count == ropeDimensions / 2 else { return nil }
        var trial = self
        trial.ropeFrequencyFactors = nil
        for exponent in 4...24 {
            let rule = RopeScaling.llama3(
                factor: Double(largest.description) ?? Double(largest), lowFrequencyFactor: 1,
                highFrequencyFactor: 4, originalContextLength: 1 << exponent)
            trial.ropeScaling = rule
            guard let computed = trial.llama3FrequencyFactors() else { continue }
            let equal = zip(computed, factors).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) }
            if equal { return rule }
        }
        return nil
    }
}
