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
                return Array(withSortedMarks(string).precomposedStringWithCanonicalMapping.utf8)
            }
            place += length
        }
        return nil
    }

    /// Marks side by side that are left to Foundation; no text that people write has as many.
    private static let longestRun = 32

    /// The text with long runs of marks in canonical order, which is the same text in form C.
    ///
    /// Foundation sorts marks in a time that grows with the square of their number, unless they are in order already:
    /// minutes for a text of nothing else. It also leaves marks that come out of other signs unsorted, and drops some
    /// in long runs.
    private static func withSortedMarks(_ text: String) -> String {
        var run = 0
        var longest = 0
        for scalar in text.unicodeScalars {
            run = scalar.value >= 0x300 && (isMark(scalar) || parts(of: scalar) != nil) ? run + 1 : 0
            longest = max(longest, run)
        }
        if longest <= longestRun { return text }
        var result = String.UnicodeScalarView()
        var marks: [Unicode.Scalar] = []
        func take() {
            // Sorting is stable, as canonical order is.
            marks.sort { $0.properties.canonicalCombiningClass < $1.properties.canonicalCombiningClass }
            result.append(contentsOf: marks)
            marks.removeAll(keepingCapacity: true)
        }
        for scalar in text.unicodeScalars {
            if let parts = parts(of: scalar) {
                marks += parts
            } else if isMark(scalar) {
                marks.append(scalar)
            } else {
                take()
                result.append(scalar)
            }
        }
        take()
        return String(result)
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.canonicalCombiningClass != .notReordered
    }

    /// The two marks of each of the four signs that decompose to nothing but marks.
    private static func parts(of scalar: Unicode.Scalar) -> [Unicode.Scalar]? {
        switch scalar.value {
        case 0x344: ["\u{308}", "\u{301}"]
        case 0xF73: ["\u{F71}", "\u{F72}"]
        case 0xF75: ["\u{F71}", "\u{F74}"]
        case 0xF81: ["\u{F71}", "\u{F80}"]
        default: nil
        }
    }
}
