internal import Foundation

/// What BERT's normaliser does to a text: controls dropped, ideographs set apart, accents dropped, lower case.
///
/// Foundation, not FoundationEssentials: only it has the decomposition tables.
struct WordNormalizer: Sendable {
    let lowercases: Bool
    let stripsAccents: Bool

    /// The text without controls, with spaces around ideographs and, if asked, decomposed without its marks.
    ///
    /// Cost: linear in the text.
    func prepared(_ text: [UInt8], _ start: Int, _ end: Int) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(end - start)
        var decomposes = false
        var place = start
        while place < end {
            let (scalar, length) = UTF8Scalar.decode(text, place)
            if Self.isIdeograph(scalar) {
                // Compatibility ideographs decompose, unified ones do not.
                if scalar >= 0xF900 { decomposes = true }
                result.append(0x20)
                result.append(contentsOf: text[place..<(place + length)])
                result.append(0x20)
            } else if scalar == 0x09 || scalar == 0x0A || scalar == 0x0D {
                result.append(0x20)
            } else if !Self.isDropped(scalar) {
                if scalar >= 0xC0 { decomposes = true }
                result.append(contentsOf: text[place..<(place + length)])
            }
            place += length
        }
        return stripsAccents && decomposes ? Self.withoutMarks(result) : result
    }

    /// Scalars that are decomposed together.
    ///
    /// Decomposition looks at each scalar alone, but then sorts neighbouring marks, and Foundation's time for that
    /// grows with the square of their number. The sorting is not needed: the marks are dropped.
    private static let together = 64

    private static func withoutMarks(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var part = String.UnicodeScalarView()
        var count = 0
        func take() {
            for scalar in String(part).decomposedStringWithCanonicalMapping.unicodeScalars where !isMark(scalar) {
                append(scalar, to: &result)
            }
            part.removeAll(keepingCapacity: true)
            count = 0
        }
        for scalar in String(decoding: text, as: UTF8.self).unicodeScalars where !isMark(scalar) {
            if scalar.value < 0xC0 {
                if count > 0 { take() }
                append(scalar, to: &result)
                continue
            }
            part.append(scalar)
            count += 1
            if count == together { take() }
        }
        if count > 0 { take() }
        return result
    }

    private static func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
        if scalar.value < 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: scalar.value))
        } else if let encoded = UTF8.encode(scalar) {
            bytes.append(contentsOf: encoded)
        }
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= 0x300 && scalar.properties.generalCategory == .nonspacingMark
    }

    /// Appends a scalar that stands at a place of a text, in lower case if asked; gives the number of code points.
    func append(
        _ scalar: UInt32, _ text: [UInt8], _ place: Int, _ length: Int, to word: inout [UInt8]
    ) -> Int {
        if lowercases && scalar < 0x80 {
            word.append((0x41...0x5A).contains(scalar) ? text[place] | 0x20 : text[place])
            return 1
        }
        if lowercases, !(0x3000...0x9FFF).contains(scalar), let value = Unicode.Scalar(scalar),
            value.properties.changesWhenLowercased
        {
            let lower = value.properties.lowercaseMapping
            word.append(contentsOf: lower.utf8)
            return lower.unicodeScalars.count
        }
        word.append(contentsOf: text[place..<(place + length)])
        return 1
    }

    /// A sign that is a word by itself: punctuation and the symbols of ASCII.
    static func isPunctuation(_ scalar: UInt32, _ classes: ScalarClasses) -> Bool {
        if scalar < 0x80 {
            return (0x21...0x2F).contains(scalar) || (0x3A...0x40).contains(scalar) || (0x5B...0x60).contains(scalar)
                || (0x7B...0x7E).contains(scalar)
        }
        return classes[scalar] == ScalarClasses.punctuation
    }

    /// Controls, format and private characters and the replacement character; not unassigned ones.
    private static func isDropped(_ scalar: UInt32) -> Bool {
        if scalar < 0x7F { return scalar < 0x20 }
        if scalar == 0xFFFD { return true }
        guard let value = Unicode.Scalar(scalar) else { return true }
        return switch value.properties.generalCategory {
        case .control, .format, .privateUse: true
        default: false
        }
    }

    /// The blocks that the published code names.
    private static func isIdeograph(_ scalar: UInt32) -> Bool {
        if scalar < 0x3400 { return false }
        return switch scalar {
        case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF, 0x2A700...0x2B73F,
            0x2B740...0x2B81F, 0x2B920...0x2CEAF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }
}
