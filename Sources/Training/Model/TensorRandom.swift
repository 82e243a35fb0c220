/// Random numbers of one tensor, from the seed and the tensor's name: the same on every machine, whatever else was
/// drawn before (SplitMix64, Steele et al., 2014).
struct TensorRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64, name: String, index: UInt64 = 0) {
        // FNV-1a over the name.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        state = hash ^ (seed &* 0x9E37_79B9_7F4A_7C15) ^ (index &* 0xD134_2543_DE82_EF95)
        _ = next()
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// In low ..< high, in steps of 2⁻²⁴ of the width.
    mutating func uniform(_ low: Float, _ high: Float) -> Float {
        low + (high - low) * (Float(next() >> 40) * 0x1p-24)
    }
}
