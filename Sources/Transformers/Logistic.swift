/// Functions that turn a score into a share, in f64 and with nothing but the basic operations: the system's library
/// may give another last bit on another processor.
public enum Logistic {
    /// 1 / (1 + e⁻ˣ): what a reranker's logit means as a share between 0 and 1.
    public static func sigmoid(_ x: Double) -> Double {
        // The smaller power, so that nothing overflows and the value near 0 keeps its digits.
        let power = exponential(-abs(x))
        return x >= 0 ? 1 / (1 + power) : power / (1 + power)
    }

    /// The hyperbolic tangent.
    static func tanh(_ x: Double) -> Double {
        if abs(x) < 0.01 {
            // Near zero the quotient below loses digits; four terms of the series are exact to rounding here.
            let square = x * x
            return x * (1 + square * (-1.0 / 3 + square * (2.0 / 15 - square * (17.0 / 315))))
        }
        let power = exponential(-2 * abs(x))
        let value = (1 - power) / (1 + power)
        return x < 0 ? -value : value
    }

    /// eˣ for x ≤ 0: x = n ln 2 + r with |r| ≤ ln 2 / 2, the series of eʳ, then the exponent.
    private static func exponential(_ x: Double) -> Double {
        guard x > -700 else { return 0 }
        let n = (x * 1.4426950408889634).rounded()
        // ln 2 in two parts, the first with zeros at its end, so that n times it is exact.
        let r = x - n * 0.6931471803691238 - n * 1.9082149292705877e-10
        var sum = 1.0
        for term in stride(from: 14.0, to: 0, by: -1) { sum = 1 + sum * r / term }
        return Double(sign: .plus, exponent: Int(n), significand: sum)
    }
}
