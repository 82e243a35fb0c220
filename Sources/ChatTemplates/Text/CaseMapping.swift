/// Upper and lower case as Python maps them: full mappings of Unicode, with the final sigma.
enum CaseMapping {
    private static func isASCII(_ text: PythonString) -> Bool { text.isASCII }

    private static func mapped(_ text: PythonString, _ change: (Unicode.Scalar) -> String) -> PythonString {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for scalar in text.scalars { bytes.append(contentsOf: change(scalar).utf8) }
        return PythonString(utf8: bytes, isMarkup: text.isMarkup)
    }

    static func upper(_ text: PythonString) -> PythonString {
        if text.isASCII {
            let bytes = text.utf8.map { (0x61...0x7A).contains($0) ? $0 - 0x20 : $0 }
            return PythonString(utf8: bytes, count: text.count, isMarkup: text.isMarkup)
        }
        return mapped(text) { $0.properties.uppercaseMapping }
    }

    static func lower(_ text: PythonString) -> PythonString {
        if text.isASCII {
            let bytes = text.utf8.map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
            return PythonString(utf8: bytes, count: text.count, isMarkup: text.isMarkup)
        }
        return withLower(text) { lower, _ in lower }
    }

    /// Maps every character, given its lower case (sigma at the end of a word is its final form) and itself.
    private static func withLower(
        _ text: PythonString, _ choose: (_ lower: String, _ scalar: Unicode.Scalar) -> String
    ) -> PythonString {
        let scalars = Array(text.scalars)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for (place, scalar) in scalars.enumerated() {
            var lower = scalar.properties.lowercaseMapping
            if scalar == "\u{3A3}" { lower = isFinalSigma(scalars, place) ? "\u{3C2}" : "\u{3C3}" }
            bytes.append(contentsOf: choose(lower, scalar).utf8)
        }
        return PythonString(utf8: bytes, isMarkup: text.isMarkup)
    }

    /// Whether the capital sigma at this place ends a word: a cased letter before it and none behind. The search
    /// passes what is ignored for case, at most some hundred characters of it.
    private static func isFinalSigma(_ scalars: [Unicode.Scalar], _ place: Int) -> Bool {
        let before = scalars[..<place].suffix(200).last { !$0.properties.isCaseIgnorable }
        guard before?.properties.isCased == true else { return false }
        let after = scalars[(place + 1)...].prefix(200).first { !$0.properties.isCaseIgnorable }
        return after?.properties.isCased != true
    }

    /// First character in title case, the rest in lower case.
    static func capitalize(_ text: PythonString) -> PythonString {
        var isFirst = true
        return withLower(text) { lower, scalar in
            defer { isFirst = false }
            return isFirst ? scalar.properties.titlecaseMapping : lower
        }
    }

    /// The method `title`: every run of cased characters begins with title case.
    static func title(_ text: PythonString) -> PythonString {
        var followsCased = false
        return withLower(text) { lower, scalar in
            defer { followsCased = scalar.properties.isCased }
            return followsCased ? lower : scalar.properties.titlecaseMapping
        }
    }

    static func swap(_ text: PythonString) -> PythonString {
        withLower(text) { lower, scalar in
            scalar.properties.isUppercase
                ? lower
                : scalar.properties.isLowercase ? scalar.properties.uppercaseMapping : String(scalar)
        }
    }

    /// Case folding: the lower case of the upper case, which is Unicode's full folding but for the characters named
    /// here.
    static func fold(_ text: PythonString) -> PythonString {
        if text.isASCII { return lower(text) }
        return mapped(text) { scalar in
            guard scalar.properties.changesWhenCaseFolded else { return String(scalar) }
            switch scalar.value {
            case 0x1E9E: return "ss"
            case 0x13F8...0x13FD, 0xAB70...0xABBF: return scalar.properties.uppercaseMapping
            default:
                return scalar.properties.uppercaseMapping.unicodeScalars.reduce(into: "") {
                    $0 += $1.properties.lowercaseMapping
                }
            }
        }
    }
}

/// Classes of characters as Python's `is…` methods have them; each is false for the empty string.
enum CharacterClass {
    static func all(_ text: PythonString, _ test: (Unicode.Scalar) -> Bool) -> Bool {
        !text.isEmpty && text.scalars.allSatisfy(test)
    }

    static func isAlpha(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: false
        }
    }

    static func isDecimal(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.numericType == .decimal }
    static func isNumeric(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.numericType != nil }

    static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
        let type = scalar.properties.numericType
        return type == .decimal || type == .digit
    }

    static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool { isAlpha(scalar) || isNumeric(scalar) }

    private static func isTitle(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .titlecaseLetter
    }

    /// One cased character at least, and none of them of another case.
    static func isLower(_ text: PythonString) -> Bool {
        var found = false
        for scalar in text.scalars {
            if scalar.properties.isUppercase || isTitle(scalar) { return false }
            if scalar.properties.isLowercase { found = true }
        }
        return found
    }

    static func isUpper(_ text: PythonString) -> Bool {
        var found = false
        for scalar in text.scalars {
            if scalar.properties.isLowercase || isTitle(scalar) { return false }
            if scalar.properties.isUppercase { found = true }
        }
        return found
    }

    /// Upper case only after what has no case, lower case only after what has.
    static func isTitle(_ text: PythonString) -> Bool {
        var found = false
        var followsCased = false
        for scalar in text.scalars {
            if scalar.properties.isUppercase || isTitle(scalar) {
                if followsCased { return false }
                followsCased = true
                found = true
            } else if scalar.properties.isLowercase {
                if !followsCased { return false }
                found = true
            } else {
                followsCased = false
            }
        }
        return found
    }

    static func isIdentifier(_ text: PythonString) -> Bool {
        var isFirst = true
        for scalar in text.scalars {
            let fits = scalar == "_" || (isFirst ? scalar.properties.isXIDStart : scalar.properties.isXIDContinue)
            guard fits else { return false }
            isFirst = false
        }
        return !isFirst
    }
}
