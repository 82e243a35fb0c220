import Text

/// Whether a clause says yes or no to something. Knows only the plain words of negation in Chinese and English.
enum Polarity {
    /// A yes or no at the beginning of an answer.
    enum Leading: Sendable {
        case yes
        case no
    }

    private static let yes = ["是的", "可以的", "能的", "有的", "需要的", "对的", "可以", "能", "是", "有", "对", "需要", "会", "yes"]
    private static let no = [
        "不是的", "不是", "不可以", "不能", "没有", "不需要", "不用", "不会", "不对", "不行", "否", "不", "no",
    ]

    /// The yes or no before the first comma or full stop, and the rest of the sentence.
    static func leading(of sentence: String) -> (Leading?, String) {
        let head = sentence.prefix { !"，,。.！!；;：:\n".contains($0) }
        let word = head.lowercased().filter { !$0.isWhitespace }
        let rest = String(sentence[head.endIndex...].drop { "，,。.！!；;：: \n".contains($0) })
        if no.contains(word) { return (.no, rest) }
        if yes.contains(word) { return (.yes, rest) }
        return (nil, sentence)
    }

    /// Without the 答： or A: before an answer.
    static func withoutSpeaker(_ text: String) -> String {
        for mark in ["答：", "答:", "A：", "A:", "答案："] where text.hasPrefix(mark) {
            return String(text.dropFirst(mark.count).drop { $0 == " " })
        }
        return text
    }

    /// Words with 不, 无, 未, 非 that deny nothing.
    private static let neutral = [
        "不锈钢", "不同", "不仅", "不但", "不管", "不论", "不少于", "不超过", "不低于", "不高于", "不大于", "不小于", "不足", "不满", "不断",
        "不久", "差不多", "无论", "未来", "非常", "非标", "无锡", "无人", "无纸", "无线", "而不是", "不只", "不限", "无限", "不定期", "不等",
    ]
    private static let negations = ["不", "没", "无", "未", "禁止", "勿", "免", "拒绝", "除外", "非", "暂停", "停止"]
    private static let english: Set<String> = [
        "not", "no", "never", "without", "cannot", "none", "neither", "nor", "isn", "aren", "doesn", "don", "won",
        "can't",
    ]

    /// Whether the clause denies something.
    static func isNegative(_ clause: String) -> Bool {
        var text = Normalisation.folded(clause)
        for word in neutral where text.contains(word) { text = text.split(separator: word).joined(separator: "○") }
        // 有没有, 是不是, 能不能 ask and deny nothing.
        for word in ["有没有", "是不是", "能不能", "可不可以", "要不要", "会不会"] where text.contains(word) {
            text = text.split(separator: word).joined(separator: "○")
        }
        if negations.contains(where: { text.contains($0) }) { return true }
        return SearchTerms.terms(in: text).contains { $0.kind != .bigram && english.contains($0.text) }
    }

    /// Clauses of a sentence: between commas, semicolons and stops.
    static func clauses(_ sentence: String) -> [String] {
        sentence.split { "，,；;。！!？?\n|".contains($0) }.map(String.init)
    }
}
