import Tensors

/// Repeatable numbers for tests (splitmix64).
struct Generator: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// Sums of uniform numbers: bell-shaped, now and then a large one.
    mutating func values(_ count: Int, scale: Float = 1) -> [Float] {
        (0..<count).map { _ in
            let bell = Float.random(in: -1...1, using: &self) + Float.random(in: -1...1, using: &self)
            return bell * (next() % 97 == 0 ? 12 : 1) * scale
        }
    }

    /// Blocks with random codes and sub-scales and finite f16 scales of a sensible size.
    mutating func blocks(_ type: ElementType, elements: Int) -> [UInt8] {
        let size = type.blockBytes
        var bytes = (0..<elements / type.blockLength * size).map { _ in UInt8.random(in: 0...255, using: &self) }
        let halves: [Int] =
            switch type {
            case .q4_0, .q5_0, .q8_0: [0]
            case .q4_1, .q5_1, .q4_k, .q5_k: [0, 2]
            case .q6_k: [208]
            case .q2_k: [80, 82]
            case .q3_k: [108]
            case .iq4_nl, .iq4_xs: [0]
            default: []
            }
        for start in stride(from: 0, to: bytes.count, by: size) {
            for at in halves {
                let scale = Float16(Float.random(in: -0.02...0.02, using: &self)).bitPattern
                bytes[start + at] = UInt8(truncatingIfNeeded: scale)
                bytes[start + at + 1] = UInt8(truncatingIfNeeded: scale >> 8)
            }
        }
        if type == .f32 || type == .f16 || type == .bf16 {
            return (try? Quantisation.encode(values(elements, scale: 0.05), type: type)) ?? []
        }
        return bytes
    }
}

extension ElementType {
    static let computable = allCases.filter(\.isComputable)
}

/// How many values differ in a bit, zeros and NaNs included; a different count counts as all. (A number, because the
/// comparison of long arrays in an expectation prints them both.)
func unequal(_ a: some Collection<Float>, _ b: some Collection<Float>) -> Int {
    guard a.count == b.count else { return max(a.count, b.count, 1) }
    return zip(a, b).count { $0.bitPattern != $1.bitPattern }
}
