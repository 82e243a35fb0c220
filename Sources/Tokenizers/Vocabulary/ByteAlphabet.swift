/// The printable characters by which byte-level vocabularies write bytes.
///
/// Bytes 21–7E, A1–AC and AE–FF are the character of the same number; all others, in rising order, are U+0100, U+0101
/// … (a space is Ġ, a newline Ċ). Source: the encoder published with GPT-2.
struct ByteAlphabet: Sendable {
    static let shared = ByteAlphabet()

    /// The scalar for each byte.
    let scalars: [UInt32]
    /// The byte for each scalar below U+0144; −1 where none is written so.
    private let bytes: [Int16]

    private init() {
        var scalars: [UInt32] = []
        var bytes = [Int16](repeating: -1, count: 0x144)
        var extra: UInt32 = 0x100
        for byte in 0..<256 {
            let printable = (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE
            let scalar = printable ? UInt32(byte) : extra
            if !printable { extra += 1 }
            scalars.append(scalar)
            bytes[Int(scalar)] = Int16(byte)
        }
        self.scalars = scalars
        self.bytes = bytes
    }

    /// The bytes that a text stands for, nil when a character of it is no byte's character.
    func bytes(of text: some Sequence<Unicode.Scalar>) -> [UInt8]? {
        var result: [UInt8] = []
        for scalar in text {
            let value = Int(scalar.value)
            guard value < bytes.count, bytes[value] >= 0 else { return nil }
            result.append(UInt8(truncatingIfNeeded: bytes[value]))
        }
        return result
    }
}
