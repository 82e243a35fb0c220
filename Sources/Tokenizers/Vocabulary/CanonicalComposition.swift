internal import Foundation

/// Unicode normalisation form C.
///
/// Foundation, not FoundationEssentials: only it has the composition tables. Text that cannot change is not copied.
enum CanonicalComposition {
    /// `text[start..<end]` in form C, nil when it holds nothing that composition could change.
    ///
    /// Below U+0300 every scalar is in form C and none combines; CJK ideographs U+3400–9FFF and their punctuation
    /// from U+3000 to U+3029 are, too, which covers most text.
    static func composed(_ text: [UInt8], _ start: Int, _ end: Int) -> [UInt8]? {
        var place = start
        while place < end {
            let (scalar, length) = UTF8Scalar.decode(text, place)
            let inert =
                scalar < 0x300 || (0x3400...0x9FFF).contains(scalar) || (0x3000...0x3029).contains(scalar)
                || (0xFF00...0xFFEF).contains(scalar)
            if !inert {
                let string = String(decoding: text[start..<end], as: UTF8.self)
                return Array(string.precomposedStringWithCanonicalMapping.utf8)
            }
            place += length
        }
        return nil
    }
}
