/// SHA-256 (FIPS 180-4) for the few kilobytes of an article.
///
/// This target imports nothing that has one, and a fingerprint is no reason to link a whole cryptographic library.
/// Not for secrets, and not for large files.
enum SHA256Digest {
    /// The 64 hexadecimal digits of the digest.
    static func hex(of message: [UInt8]) -> String {
        var state: [UInt32] = [
            0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19,
        ]
        var padded = message
        padded.append(0x80)
        padded.append(contentsOf: repeatElement(0, count: (120 - padded.count % 64) % 64))
        let bits = UInt64(message.count) * 8
        for shift in stride(from: UInt64(56), through: 0, by: -8) { padded.append(UInt8(bits >> shift & 0xFF)) }
        for start in stride(from: 0, to: padded.count, by: 64) {
            compress(&state, padded[start..<start + 64])
        }
        let digits = Array("0123456789abcdef")
        return String(
            state.flatMap { word in
                stride(from: 28, through: 0, by: -4).map { digits[Int(word >> UInt32($0) & 0xF)] }
            })
    }

    private static func compress(_ state: inout [UInt32], _ block: ArraySlice<UInt8>) {
        var schedule = [UInt32](repeating: 0, count: 64)
        for (index, byte) in block.enumerated() {
            schedule[index / 4] = schedule[index / 4] << 8 | UInt32(byte)
        }
        for i in 16..<64 {
            let (near, far) = (schedule[i - 2], schedule[i - 15])
            let sigma0 = turn(far, 7) ^ turn(far, 18) ^ (far >> 3)
            let sigma1 = turn(near, 17) ^ turn(near, 19) ^ (near >> 10)
            schedule[i] = schedule[i - 16] &+ sigma0 &+ schedule[i - 7] &+ sigma1
        }
        var v = state
        for i in 0..<64 {
            let choice = (v[4] & v[5]) ^ (~v[4] & v[6])
            let sum1 = turn(v[4], 6) ^ turn(v[4], 11) ^ turn(v[4], 25)
            let first = v[7] &+ sum1 &+ choice &+ constants[i] &+ schedule[i]
            let majority = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2])
            let sum0 = turn(v[0], 2) ^ turn(v[0], 13) ^ turn(v[0], 22)
            v = [first &+ sum0 &+ majority, v[0], v[1], v[2], v[3] &+ first, v[4], v[5], v[6]]
        }
        for i in 0..<8 { state[i] = state[i] &+ v[i] }
    }

    private static func turn(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }

    /// The first 32 bits of the fractional parts of the cube roots of the first 64 primes, by exact integer roots.
    private static let constants: [UInt32] = {
        var primes: [UInt64] = []
        var candidate: UInt64 = 2
        while primes.count < 64 {
            if primes.allSatisfy({ candidate % $0 != 0 }) { primes.append(candidate) }
            candidate += 1
        }
        return primes.map { prime in
            // The largest r with r³ ≤ prime · 2⁹⁶; r has at most 35 bits, and its low 32 are the fraction.
            var root: UInt64 = 0
            for bit in stride(from: 34, through: 0, by: -1) {
                let next = root | 1 << UInt64(bit)
                if cubeIsAtMost(next, prime) { root = next }
            }
            return UInt32(truncatingIfNeeded: root)
        }
    }()

    /// r³ ≤ prime · 2⁹⁶, in arithmetic of two words: r² has up to 70 bits.
    private static func cubeIsAtMost(_ r: UInt64, _ prime: UInt64) -> Bool {
        let square = r.multipliedFullWidth(by: r)
        let low = square.low.multipliedFullWidth(by: r)
        let high = square.high * r + low.high
        return high < prime << 32 || (high == prime << 32 && low.low == 0)
    }
}
