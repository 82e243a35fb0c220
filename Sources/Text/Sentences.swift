/// A sentence and where it stands.
public struct Sentence: Sendable, Hashable {
    /// The sentence without blanks around it.
    public let text: String
    /// Its place in the source, in Unicode scalars.
    public let range: Range<Int>
}

/// Splits Chinese and English text into sentences.
///
/// A sentence ends at 。！？； … and at a line end; at `.`, `!`, `?`, `;` where a blank, a quote, the end or a Han
/// character follows and the stop is none of a number (3.5), version (v1.2), list mark (1.), initial or abbreviation.
/// Closing quotes and brackets stay with their sentence.
public enum Sentences {
    /// The sentences of `text` in order, empty ones left out.
    public static func split(_ text: String) -> [Sentence] {
        let scalars = Array(text.unicodeScalars)
        return ranges(in: scalars).map { range in
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars[range])
            return Sentence(text: String(view), range: range)
        }
    }

    /// The ranges of the sentences, without the blanks around them.
    public static func ranges(in scalars: [Unicode.Scalar]) -> [Range<Int>] {
        segments(of: scalars).compactMap { segment in
            var lower = segment.lowerBound
            var upper = segment.upperBound
            while lower < upper, scalars[lower].isBlank { lower += 1 }
            while upper > lower, scalars[upper - 1].isBlank { upper -= 1 }
            return lower < upper ? lower..<upper : nil
        }
    }

    /// Ranges that cover the whole text without gaps, one per sentence, blanks after a sentence belonging to it.
    public static func segments(of scalars: [Unicode.Scalar]) -> [Range<Int>] {
        var segments: [Range<Int>] = []
        var start = 0
        var index = 0
        while index < scalars.count {
            guard ends(scalars, at: index) else {
                index += 1
                continue
            }
            index += 1
            // Further stops (？！, ……) and closing signs belong to the same sentence, then the blanks.
            while index < scalars.count, closers.contains(scalars[index]) || isStop(scalars[index]) { index += 1 }
            while index < scalars.count, scalars[index].isBlank { index += 1 }
            segments.append(start..<index)
            start = index
        }
        if start < scalars.count { segments.append(start..<scalars.count) }
        return segments
    }

    private static let hardStops: Set<Unicode.Scalar> = ["。", "！", "？", "；", "｡", "…", "‼", "⁉"]
    private static let softStops: Set<Unicode.Scalar> = [".", "!", "?", ";", "．"]
    private static let closers: Set<Unicode.Scalar> = [
        "”", "’", "」", "』", "】", "）", ")", "]", "\"", "》", "〉", "］", "}",
    ]

    private static func isStop(_ scalar: Unicode.Scalar) -> Bool {
        hardStops.contains(scalar) || softStops.contains(scalar)
    }

    private static func ends(_ scalars: [Unicode.Scalar], at index: Int) -> Bool {
        let scalar = scalars[index]
        if scalar == "\n" || scalar == "\u{2028}" || scalar == "\u{2029}" || scalar == "\u{85}" { return true }
        if scalar == "…" { return endsEllipsis(scalars, at: index) }
        if hardStops.contains(scalar) { return true }
        guard softStops.contains(scalar) else { return false }
        var next = index + 1
        while next < scalars.count, closers.contains(scalars[next]) || isStop(scalars[next]) { next += 1 }
        guard next < scalars.count else { return true }
        let follows = scalars[next]
        let isFree =
            follows.isBlank || (follows.isHan && index > 0 && !scalars[index - 1].isASCIILetter)
            || "“‘「『（(\"".unicodeScalars.contains(follows)
        guard isFree else { return false }
        guard scalar == "." || scalar == "．" else { return true }
        return !FullStop.isInsideSentence(scalars, at: index, next: next)
    }

    /// An ellipsis ends a sentence unless the sentence plainly goes on (…… and then a comma or a lower-case word).
    private static func endsEllipsis(_ scalars: [Unicode.Scalar], at index: Int) -> Bool {
        var next = index + 1
        while next < scalars.count, scalars[next] == "…" || scalars[next] == " " { next += 1 }
        guard next < scalars.count else { return true }
        return
            !("，,、：:".unicodeScalars.contains(scalars[next])
            || (scalars[next].value >= 0x61 && scalars[next].value <= 0x7A))
    }
}

/// The cases in which an ASCII full stop does not end a sentence.
private enum FullStop {
    private static let abbreviations: Set<String> = [
        "mr", "mrs", "ms", "dr", "prof", "st", "no", "vs", "etc", "e.g", "i.e", "eg", "ie", "fig", "inc", "ltd", "co",
        "corp", "dept", "approx", "tel", "ext", "art", "sec", "vol", "pp", "p", "cf", "al", "jan", "feb", "mar", "apr",
        "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
    ]

    /// Abbreviations that may well end a sentence: they do when a capital or a Han character follows.
    private static let finalAbbreviations: Set<String> = ["etc", "inc", "ltd", "co", "corp"]

    static func isInsideSentence(_ scalars: [Unicode.Scalar], at index: Int, next: Int) -> Bool {
        guard index > 0 else { return true }
        var following = next
        while following < scalars.count, scalars[following].isBlank, scalars[following] != "\n" { following += 1 }
        let startsSentence = following >= scalars.count || beginsSentence(scalars[following])
        if !startsSentence { return true }
        if isListMark(scalars, at: index) { return true }
        let word = wordBefore(scalars, index)
        guard !word.isEmpty else { return false }
        if word.unicodeScalars.count == 1, word.unicodeScalars.allSatisfy(\.isASCIILetter),
            scalars[index - 1].properties.isUppercase
        {
            return true  // the initial of a name: J. Smith
        }
        let lower = word.lowercased()
        return abbreviations.contains(lower) && !finalAbbreviations.contains(lower)
    }

    private static func beginsSentence(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value >= 0x61 && scalar.value <= 0x7A { return false }
        return !",;:、，".unicodeScalars.contains(scalar)
    }

    /// `1.` or `a.` at the beginning of a line.
    private static func isListMark(_ scalars: [Unicode.Scalar], at index: Int) -> Bool {
        var start = index
        while start > 0, scalars[start - 1].isDigit || scalars[start - 1].isASCIILetter, index - start < 4 {
            start -= 1
        }
        guard start < index else { return false }
        let isMark = scalars[start..<index].allSatisfy(\.isDigit) || index - start == 1
        while start > 0, scalars[start - 1] == " " || scalars[start - 1] == "\t" || scalars[start - 1] == "\u{3000}" {
            start -= 1
        }
        return isMark && (start == 0 || scalars[start - 1] == "\n")
    }

    private static func wordBefore(_ scalars: [Unicode.Scalar], _ index: Int) -> String {
        var start = index
        while start > 0, scalars[start - 1].isASCIILetter || (scalars[start - 1] == "." && start < index) {
            start -= 1
            if index - start > 8 { return "" }
        }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[start..<index])
        return String(view)
    }
}
