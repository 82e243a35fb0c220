import Text

/// Small readings of Chinese sentences that the drafts need.
enum HanText {
    /// A sentence cut at commas, semicolons, colons and stops, as ranges of its scalars.
    static func clauses(_ scalars: [Unicode.Scalar]) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var start = 0
        var depth = 0
        for (index, scalar) in scalars.enumerated() {
            if "（(“《".unicodeScalars.contains(scalar) { depth += 1 }
            if "）)”》".unicodeScalars.contains(scalar) { depth = max(0, depth - 1) }
            let isDigitComma =
                scalar == "," && index > 0 && index + 1 < scalars.count && scalars[index - 1].isDigit
                && scalars[index + 1].isDigit
            let isTime =
                (scalar == ":" || scalar == "：") && index > 0 && index + 1 < scalars.count
                && scalars[index - 1].isDigit && scalars[index + 1].isDigit
            guard depth == 0, !isDigitComma, !isTime, "，,；;：:。！!？?\n".unicodeScalars.contains(scalar) else { continue }
            if index > start { result.append(start..<index) }
            start = index + 1
        }
        if start < scalars.count { result.append(start..<scalars.count) }
        return result
    }

    /// Without what stands in round brackets.
    static func withoutBrackets(_ text: String) -> String {
        var depth = 0
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == "（" || scalar == "(" {
                depth += 1
            } else if scalar == "）" || scalar == ")" {
                if depth > 0 { depth -= 1 } else { result.append(scalar) }
            } else if depth == 0 {
                result.append(scalar)
            }
        }
        return depth == 0 ? String(result) : text
    }

    /// How many Han characters and Latin words a text has.
    static func content(_ text: String) -> Int { text.unicodeScalars.filter { $0.isHan || $0.isASCIILetter }.count }

    /// Whether a clause only goes on with what was said: 其, 该, 并, 但是.
    static func leansBack(_ clause: String) -> Bool {
        let openings = [
            "其", "该", "此", "并", "但", "而", "则", "也", "还", "又", "否则", "因此", "所以", "同时", "另", "即", "且", "以上", "上述", "他",
            "她", "它",
            "这", "那", "如", "再", "就", "原", "之后", "然后", "以后", "均", "都", "只", "仍",
        ]
        return openings.contains { clause.hasPrefix($0) }
    }

    /// Two texts put together where they share no pair of characters: a topic before its question.
    static func joined(_ topic: String, _ question: String) -> String {
        guard !topic.isEmpty, topic.unicodeScalars.count <= 14 else { return question }
        let mine = Set(SearchTerms.terms(in: topic).filter { $0.kind != .lastCharacter }.map(\.text))
        let theirs = Set(SearchTerms.terms(in: question).map(\.text))
        guard Double(mine.intersection(theirs).count) < 0.5 * Double(max(1, mine.count)) else { return question }
        return topic + "，" + question
    }
}
