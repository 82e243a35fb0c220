/// Two normal forms: `fold` for comparing and searching, `clean` (in `TextCleaning.swift`) for keeping.
public enum Normalisation {
    /// The form in which texts are compared and searched, after the compatibility forms of Unicode (NFKC) and case:
    /// full-width and circled forms become plain, Latin letters lose case and accents, compatibility ideographs
    /// become the unified ones, dashes and quotes their ASCII forms. Lossy, so never stored in place of the text.
    ///
    /// - Parameter text: any text.
    /// - Returns: the folded scalars with the index of the source scalar of each. Cost: one pass.
    public static func fold(_ text: String) -> FoldedText {
        var scalars: [Unicode.Scalar] = []
        var origins: [Int] = []
        scalars.reserveCapacity(text.utf8.count)
        origins.reserveCapacity(text.utf8.count)
        var index = 0
        for scalar in text.unicodeScalars {
            fold(scalar) {
                scalars.append($0)
                origins.append(index)
            }
            index += 1
        }
        return FoldedText(scalars: scalars, origins: origins, sourceCount: index)
    }

    /// The folded form without the way back: for keys and comparisons.
    public static func folded(_ text: String) -> String {
        var view = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { fold(scalar) { view.append($0) } }
        return String(view)
    }

    /// The folded form without blanks and punctuation: two texts with the same key say the same to a reader who
    /// does not look at typography. What exact de-duplication compares.
    public static func comparisonKey(_ text: String) -> String {
        var view = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            fold(scalar) {
                if $0.isIdeographic || $0.isDigit || $0.isSpacedLetter { view.append($0) }
            }
        }
        return String(view)
    }

    /// Calls `emit` with each scalar that `scalar` folds to.
    static func fold(_ scalar: Unicode.Scalar, emit: (Unicode.Scalar) -> Void) {
        let value = scalar.value
        switch value {
        case 0x41...0x5A: emitScalar(value + 0x20, emit)
        case 0..<0x80: emit(scalar)
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2F7FF: emit(scalar)
        case 0xFF01...0xFF5E: fold(ascii(value - 0xFEE0), emit: emit)
        case 0x3000, 0xA0, 0x2000...0x200A, 0x202F, 0x205F: emit(" ")
        case 0x300...0x36F, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x206F, 0xAD, 0xFE00...0xFE0F, 0xFEFF: break
        case 0x2010...0x2015, 0x2212, 0xFE58, 0xFE63: emit("-")
        case 0x2018, 0x2019, 0x201B, 0x2032: emit("'")
        case 0x201C, 0x201D, 0x201F, 0x2033: emit("\"")
        case 0xD7, 0x2715, 0x2716: emit("×")
        case 0xF900...0xFAFF, 0x2F800...0x2FA1F: emit(CompatibilityIdeographs.unified(scalar))
        default: foldOther(scalar, emit: emit)
        }
    }

    private static func foldOther(_ scalar: Unicode.Scalar, emit: (Unicode.Scalar) -> Void) {
        if let replacement = CompatibilityForms.replacement(of: scalar) {
            for part in replacement.unicodeScalars { emit(part) }
            return
        }
        for lower in scalar.properties.lowercaseMapping.unicodeScalars where !(0x300...0x36F).contains(lower.value) {
            if let base = LatinAccents.base[lower] {
                for part in base.unicodeScalars { emit(part) }
            } else {
                emit(lower)
            }
        }
    }

    private static func emitScalar(_ value: UInt32, _ emit: (Unicode.Scalar) -> Void) {
        if let scalar = Unicode.Scalar(value) { emit(scalar) }
    }

    private static func ascii(_ value: UInt32) -> Unicode.Scalar {
        Unicode.Scalar(UInt8(truncatingIfNeeded: value))
    }
}
