/// The lines of a page, bounded, with blanks understood in the widest sense.
struct PageLines {
    static let byteLimit = 4 << 20
    static let lineLimit = 1 << 16

    /// Each line without blanks at its ends; the line number is the index plus one.
    let trimmed: [String]
    /// Lines as they stand.
    let raw: [Substring.UnicodeScalarView]

    var count: Int { raw.count }

    init(_ text: String) throws(SitePageError) {
        guard text.utf8.count <= Self.byteLimit else {
            throw .tooLarge(bytes: text.utf8.count, limit: Self.byteLimit)
        }
        var scalars = Substring(text).unicodeScalars
        if scalars.first == "\u{FEFF}" { scalars.removeFirst() }
        raw = Self.split(scalars)
        var lines: [String] = []
        lines.reserveCapacity(raw.count)
        for (index, line) in raw.enumerated() {
            guard line.count <= Self.lineLimit else {
                throw .lineTooLong(line: index + 1, scalars: line.count, limit: Self.lineLimit)
            }
            if let bad = line.first(where: { $0.value < 0x20 && !$0.isBlank || $0.value == 0x7F }) {
                throw .notText(line: index + 1, codePoint: bad.value)
            }
            lines.append(String(Substring(line.trimmed)))
        }
        trimmed = lines
        guard lines.contains(where: { !$0.isEmpty }) else { throw .empty }
    }

    /// Splits at LF, CRLF and CR. Scalars, not characters: CRLF is a single character to Swift.
    private static func split(_ text: Substring.UnicodeScalarView) -> [Substring.UnicodeScalarView] {
        var lines: [Substring.UnicodeScalarView] = []
        var start = text.startIndex
        var index = start
        while index < text.endIndex {
            let scalar = text[index]
            let next = text.index(after: index)
            if scalar == "\n" || scalar == "\r" {
                lines.append(text[start..<index])
                index = next
                if scalar == "\r", index < text.endIndex, text[index] == "\n" { index = text.index(after: index) }
                start = index
            } else {
                index = next
            }
        }
        if start < text.endIndex { lines.append(text[start...]) }
        return lines
    }

    /// The first line with text at or after an index.
    func firstWithText(from index: Int) -> Int? {
        guard index < trimmed.count else { return nil }
        return (index..<trimmed.count).first { !trimmed[$0].isEmpty }
    }

    /// A line with its number.
    func text(_ index: Int) -> PrintedText { PrintedText(printed: trimmed[index], line: index + 1) }
}

extension Unicode.Scalar {
    /// White space of any kind, and the characters of no width that editors and pages leave behind.
    var isBlank: Bool {
        properties.isWhitespace || self == "\u{FEFF}" || self == "\u{200B}" || self == "\u{2060}"
    }
}

extension Substring.UnicodeScalarView {
    /// Without blanks at both ends.
    var trimmed: Substring.UnicodeScalarView {
        guard let first = firstIndex(where: { !$0.isBlank }) else { return self[endIndex...] }
        guard let last = lastIndex(where: { !$0.isBlank }) else { return self[endIndex...] }
        return self[first...last]
    }
}

extension String {
    /// Words of a line: what stands between blanks and the marks with which lists are written.
    var listWords: [String] {
        let marks: Set<Unicode.Scalar> = ["、", "，", ",", "；", ";", "|", "｜", "：", ":", "/", "·"]
        return unicodeScalars.split { $0.isBlank || marks.contains($0) }.map { String(Substring($0)) }
    }

    /// Without blanks at both ends.
    var blankTrimmed: String { String(Substring(Substring(self).unicodeScalars.trimmed)) }
}
