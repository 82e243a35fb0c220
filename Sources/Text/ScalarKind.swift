/// What a scalar is for word splitting: the few classes that Chinese and Latin business text needs.
extension Unicode.Scalar {
    /// Han characters of all planes, the iteration mark 々 and the numeral 〇.
    public var isHan: Bool {
        switch value {
        case 0x3005, 0x3007, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x323AF: true
        default: false
        }
    }

    /// Scripts written without blanks between words (Han, kana) and Hangul: all are indexed by pairs of characters.
    public var isIdeographic: Bool {
        switch value {
        case 0x3041...0x3096, 0x30A1...0x30FA, 0x30FC, 0xAC00...0xD7A3: true
        default: isHan
        }
    }

    /// ASCII `0`–`9`. Other digits become these by `Normalisation.fold`.
    public var isDigit: Bool { value >= 0x30 && value <= 0x39 }

    /// ASCII `A`–`Z` and `a`–`z`.
    public var isASCIILetter: Bool {
        (value >= 0x41 && value <= 0x5A) || (value >= 0x61 && value <= 0x7A)
    }

    /// Letters of the scripts that write words with blanks between them (Latin, Greek, Cyrillic, …).
    public var isSpacedLetter: Bool {
        if value < 0x80 { return isASCIILetter }
        return !isIdeographic && properties.isAlphabetic
    }

    /// White space of any width, line ends included.
    public var isBlank: Bool {
        switch value {
        case 0x20, 0x09...0x0D, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }
}
