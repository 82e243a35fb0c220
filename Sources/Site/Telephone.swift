/// Telephone numbers as pages print them: mobile, fixed with area code, 400 and 800 numbers, with or without a label.
enum Telephone {
    private static let marks: Set<Unicode.Scalar> = [
        "-", "+", "(", ")", "（", "）", "－", "–", "—", "‐", "‑", "转", "*", "#",
    ]
    private static let between: Set<Unicode.Scalar> = ["/", "、", ",", "，", ";", "；", "或", "|", "｜"]

    /// Whether a line is nothing but numbers and a label.
    static func isLikely(_ line: String) -> Bool { !numbers(in: line).isEmpty }

    /// The numbers of a line that holds nothing else but a label before them; empty for any other line.
    static func numbers(in line: String) -> [(printed: String, digits: String)] {
        var scalars = Substring(line).unicodeScalars.trimmed
        guard scalars.count <= 120 else { return [] }
        if let colon = scalars.lastIndex(where: { $0 == ":" || $0 == "：" }) {
            guard scalars[..<colon].count <= 20 else { return [] }
            scalars = scalars[scalars.index(after: colon)...].trimmed
        } else if let first = scalars.firstIndex(where: { isDigit($0) || $0 == "+" || $0 == "(" || $0 == "（" }) {
            guard scalars[..<first].count <= 12 else { return [] }
            scalars = scalars[first...]
        }
        guard scalars.allSatisfy({ isDigit($0) || $0.isBlank || marks.contains($0) || between.contains($0) }),
            PrintedDate.first(in: String(Substring(scalars))) == nil
        else { return [] }
        var found: [(printed: String, digits: String)] = []
        for part in scalars.split(whereSeparator: between.contains) {
            let pieces = part.split(whereSeparator: \.isBlank).map { String(Substring($0)) }
            // Blanks split numbers from each other only where each piece is a whole number: 0755-8888 8888 is one.
            let whole = pieces.allSatisfy { digits($0).count >= 7 }
            found += (whole ? pieces : [String(Substring(part)).blankTrimmed]).map { ($0, digits($0)) }
        }
        return found.allSatisfy { (5...24).contains($0.digits.count) } ? found : []
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
        (0x30...0x39).contains(scalar.value) || (0xFF10...0xFF19).contains(scalar.value)
    }

    private static func digits(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars where isDigit(scalar) {
            let value = scalar.value >= 0xFF10 ? scalar.value - 0xFF10 : scalar.value - 0x30
            out += String(value)
        }
        return out
    }
}
