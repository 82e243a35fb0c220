/// A 128-bit hash of a text, as 32 hex digits: tells states of passages and documents apart.
///
/// FNV-1a with the 128-bit prime: fixed for all time and machines, and not meant against an adversary; what has to
/// hold against one (model files, keys) uses SHA-256.
public enum TextHash {
    /// The hash of the UTF-8 bytes.
    public static func hex(_ text: String) -> String {
        var high: UInt64 = 0x6C62_272E_07BB_0142
        var low: UInt64 = 0x62B8_2175_6295_C58D
        for byte in text.utf8 {
            low ^= UInt64(byte)
            // Times the prime 2^88 + 0x13B, modulo 2^128.
            let product = low.multipliedFullWidth(by: 0x13B)
            let shifted = low << 24
            high = product.high &+ high &* 0x13B &+ shifted
            low = product.low
        }
        return hex(high) + hex(low)
    }

    private static func hex(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
