/// Random choices that are the same for the same seed on every machine (SplitMix64, Steele et al. 2014).
struct SeededChoice: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// True in `share` of all calls, 0…1.
    mutating func happens(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &self) < share }

    /// One of them; `first` where there is only that.
    mutating func pick(_ choices: [String]) -> String { choices.randomElement(using: &self) ?? "" }
}
