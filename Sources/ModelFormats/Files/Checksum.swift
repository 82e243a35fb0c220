/// A sum of 64 bits over bytes that finds damage: a changed word is always found, a longer change but once in 2^64.
///
/// Against accidents, not against people: whoever can change a file can change its sum too. Eight sums run side by
/// side, each s ← rotate((s ⊕ word) · odd), a step that no two words share a result of; at the end they and the length
/// are mixed the same way. Several gigabytes a second.
public struct Checksum: Sendable {
    private static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15
    private static let lanes = 8

    /// The sum of some bytes.
    public static func of(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        var sums = SIMD8<UInt64>(1, 2, 3, 4, 5, 6, 7, 8)
        let width = lanes * 8
        let whole = bytes.count / width * width
        unsafe bytes.withUnsafeBytes { source in
            for start in stride(from: 0, to: whole, by: width) {
                let words = unsafe source.loadUnaligned(fromByteOffset: start, as: SIMD8<UInt64>.self)
                let product = (sums ^ words) &* factor
                sums = product &<< 29 | product &>> 35
            }
        }
        var rest = [UInt8](bytes.suffix(bytes.count - whole))
        rest += [UInt8](repeating: 0, count: width - rest.count)
        var result = UInt64(bytes.count)
        func mix(_ word: UInt64) {
            let product = (result ^ word) &* factor
            result = product << 29 | product >> 35
        }
        for lane in 0..<lanes { mix(sums[lane]) }
        for start in stride(from: 0, to: width, by: 8) {
            mix((0..<8).reduce(UInt64(0)) { $0 | UInt64(rest[start + $1]) << UInt64(8 * $1) })
        }
        return result
    }
}
