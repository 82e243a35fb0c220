/// The printable characters by which byte-level vocabularies write bytes.
///
/// Bytes 21–7E, A1–AC and AE–FF are the character of the same number; all others, in rising order, are U+0100, U+0101
/// … (a space is Ġ, a newline Ċ). Source: the encoder published with GPT-2.
struct ByteAlphabet: Sendable {
    static let shared = ByteAlphabet()

    /// The character of each byte.
    static let characters: [Unicode.Scalar] = {
        var characters = [Unicode.Scalar](repeating: "\0", count: 256)
        for (scalar, byte) in shared.bytes.enumerated() where byte >= 0 {
            if let character = Unicode.Scalar(UInt32(scalar)) { characters[Int(byte)] = character }
        }
        return characters
    }()

    /// The byte for each scalar below U+0144; −1 where none is written so.
    private let bytes: [Int16]

    private init() {
        var bytes = [Int16](repeating: -1, count: 0x144)
        var extra: UInt32 = 0x100
        for byte in 0..<256 {
            let printable = (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE
            let scalar = printable ? UInt32(byte) : extra
            if !printable { extra += 1 }
            bytes[Int(scalar)] = Int16(byte)
        }
        self.bytes = bytes
    }

    /// Appends the bytes that `text[start..<end]`, well-formed UTF-8, stands for; false when a character of it is no
    /// byte's character (then a part may have been appended).
    func decode(_ text: [UInt8], _ start: Int, _ end: Int, into result: inout [UInt8]) -> Bool {
        var place = start
        while place < end {
            let (value, length) = UTF8Scalar.decode(text, place)
            guard value < UInt32(bytes.count), bytes[Int(value)] >= 0 else { return false }
            result.append(UInt8(truncatingIfNeeded: bytes[Int(value)]))
            place += length
        }
        return true
    }
}
