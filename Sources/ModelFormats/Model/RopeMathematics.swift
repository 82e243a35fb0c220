#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension YarnScaling {
    /// 0.1 · ln(factor) + 1, or 1 for factors up to 1: what YaRN scales cosine and sine by when nothing is stated.
    static func defaultAttentionFactor(_ factor: Double) -> Double { magnitude(factor, scale: 1) }

    /// 0.1 · scale · ln(factor) + 1, or 1 for factors up to 1.
    static func magnitude(_ factor: Double, scale: Double) -> Double {
        factor > 1 ? 0.1 * scale * log(factor) + 1 : 1
    }
}

extension LongRopeScaling {
    /// √(1 + ln S / ln C) for a context that is S times the trained C; 1 where it is no longer.
    static func defaultAttentionFactor(context: Int, original: Int) -> Double {
        context > original ? (1 + log(Double(context) / Double(original)) / log(Double(original))).squareRoot() : 1
    }
}

extension ModelConfiguration {
    /// The Llama 3.1 divisors of the rotary frequencies, one a pair, as a GGUF file holds them in
    /// `rope_freqs.weight`; nil for other scalings.
    ///
    /// With wavelength λ = 2π/f and original context C: 1 for λ < C/high, `factor` for λ > C/low, between them
    /// 1 / ((1 − s)/factor + s), s = (C/λ − low)/(high − low).
    func llama3FrequencyFactors() -> [Float]? {
        guard case .llama3(let factor, let low, let high, let original) = ropeScaling else { return nil }
        let context = Double(original)
        return (0..<(ropeDimensions / 2)).map { pair in
            let frequency = pow(ropeBase, -2 * Double(pair) / Double(ropeDimensions))
            let wavelength = 2 * Double.pi / frequency
            if wavelength < context / high { return 1 }
            if wavelength > context / low { return Float(factor) }
            let share = (context / wavelength - low) / (high - low)
            return Float(1 / ((1 - share) / factor + share))
        }
    }
}
