/// SHA-256 (FIPS 180-4) of bytes in memory: names a chat template in an inspection. Where files are checked the
/// program uses swift-crypto; this target depends on nothing but `Tensors`.
enum SHA256 {
    /// The digest as 64 hexadecimal digits.
    static func hexadecimal(of message: [UInt8]) -> String {
        digest(of: message).map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
    }

    private static func digest(of message: [UInt8]) -> [UInt32] {
        var state = firstFractions(of: 8, cubeRoot: false)
        let constants = firstFractions(of: 64, cubeRoot: true)
        var padded = message + [0x80]
        padded += [UInt8](repeating: 0, count: (120 - padded.count % 64) % 64)
        let bits = UInt64(message.count) * 8
        padded += (0..<8).map { UInt8(truncatingIfNeeded: bits >> (56 - 8 * $0)) }
        for start in stride(from: 0, to: padded.count, by: 64) {
            compress(Array(padded[start..<(start + 64)]), constants, &state)
        }
        return state
    }

    private static func compress(_ block: [UInt8], _ constants: [UInt32], _ state: inout [UInt32]) {
        var schedule = (0..<16).map { word in
            (0..<4).reduce(UInt32(0)) { $0 << 8 | UInt32(block[4 * word + $1]) }
        }
        for index in 16..<64 {
            let early = schedule[index - 15]
            let late = schedule[index - 2]
            let sigma0 = rotated(early, 7) ^ rotated(early, 18) ^ early >> 3
            let sigma1 = rotated(late, 17) ^ rotated(late, 19) ^ late >> 10
            schedule.append(schedule[index - 16] &+ sigma0 &+ schedule[index - 7] &+ sigma1)
        }
        var work = state
        for round in 0..<64 {
            let (a, b, c) = (work[0], work[1], work[2])
            let (e, f, g) = (work[4], work[5], work[6])
            let choice = (e & f) ^ (~e & g)
            let majority = (a & b) ^ (a & c) ^ (b & c)
            let sumE = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
            let sumA = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)
            let first = work[7] &+ sumE &+ choice &+ constants[round] &+ schedule[round]
            work = [first &+ sumA &+ majority, a, b, c, work[3] &+ first, e, f, g]
        }
        for index in 0..<8 { state[index] = state[index] &+ work[index] }
    }

    private static func rotated(_ value: UInt32, _ count: UInt32) -> UInt32 { value >> count | value << (32 - count) }

    /// The standard's constants: the first 32 bits of the fractions of square or cube roots of the first primes,
    /// computed in whole numbers.
    private static func firstFractions(of count: Int, cubeRoot: Bool) -> [UInt32] {
        var primes: [UInt64] = []
        var candidate: UInt64 = 2
        while primes.count < count {
            if primes.allSatisfy({ candidate % $0 != 0 }) { primes.append(candidate) }
            candidate += 1
        }
        return primes.map { prime in
            // The largest r with r^n ≤ prime · 2^(32 n), bit by bit; its low 32 bits are the fraction.
            var root: UInt64 = 0
            for bit in (0..<37).reversed() {
                let trial = root | 1 << UInt64(bit)
                if isAtMost(trial, prime, cubeRoot: cubeRoot) { root = trial }
            }
            return UInt32(truncatingIfNeeded: root)
        }
    }

    /// trial² ≤ prime · 2^64, or trial³ ≤ prime · 2^96, in 128 bits.
    private static func isAtMost(_ trial: UInt64, _ prime: UInt64, cubeRoot: Bool) -> Bool {
        let power = UInt128(trial) * UInt128(trial) * (cubeRoot ? UInt128(trial) : 1)
        return power <= UInt128(prime) << (cubeRoot ? 96 : 64)
    }
}
