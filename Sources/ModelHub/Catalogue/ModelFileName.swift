/// Rules for names that become file names under `HOME/models`.
enum ModelFileName {
    /// True for a name of 1 to 120 letters, digits, dots, dashes, underscores or non-ASCII letters that neither begins
    /// with a dot nor holds a separator: it cannot leave the folder and cannot hide.
    static func isSafe(_ name: String) -> Bool {
        guard (1...120).contains(name.utf8.count), !name.hasPrefix("."), !name.hasPrefix("-") else { return false }
        return name.unicodeScalars.allSatisfy { scalar in
            switch scalar.value {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            case 0x2D, 0x2E, 0x5F, 0x2B: true
            case 0..<0x80: false
            default: scalar.properties.isAlphabetic
            }
        }
    }

    /// A safe name made of any: what is not allowed becomes a dash.
    static func made(from name: String) -> String {
        var out = ""
        for scalar in name.unicodeScalars where out.utf8.count < 110 {
            let one = String(Character(scalar))
            out += isSafe("a" + one) ? one : "-"
        }
        while let first = out.first, first == "." || first == "-" { out.removeFirst() }
        return out.isEmpty ? "model" : out
    }
}

/// Pinned requirements of Python packages.
enum WheelRequirement {
    /// `name==version` in the plain characters of PEP 508, with nothing that pip could read as an option or a URL.
    static func isPinned(_ requirement: String) -> Bool {
        let parts = requirement.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[1].isEmpty, requirement.utf8.count <= 200 else { return false }
        return isPlain(parts[0]) && isPlain(parts[2])
    }

    /// Letters, digits, `-`, `.` and `_`, the first one a letter or digit.
    static func isPlain(_ part: Substring) -> Bool {
        guard let first = part.utf8.first, isLetterOrDigit(first), part.utf8.count <= 200 else { return false }
        return part.utf8.allSatisfy { isLetterOrDigit($0) || [0x2D, 0x2E, 0x5F].contains($0) }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}

/// Hexadecimal digits.
enum HexDigits {
    static func isLowercase(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }

    /// Two digits in lower case per byte.
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}
