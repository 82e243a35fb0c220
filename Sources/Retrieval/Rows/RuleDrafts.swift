import Text

/// Questions of yes or no from the rules of a Chinese sentence: 不得 B → 可以 B 吗, 必须 B → 一定要 B 吗.
struct RuleDrafts {
    private let source: DraftSource

    /// Words of a rule, longest first, with the words that ask in their place.
    private static let rules: [(word: String, asks: [String])] = [
        ("不可以", ["可以", "能"]), ("不允许", ["允许", "可以"]), ("不需要", ["需要", "要"]), ("不支持", ["支持"]), ("不接受", ["接受"]),
        ("不提供", ["提供"]), ("不属于", ["属于", "算"]), ("不承担", ["承担"]), ("不另收", ["另收"]), ("不能", ["能", "可以"]),
        ("不得", ["可以", "能"]), ("不准", ["可以", "能"]), ("不许", ["可以", "能"]), ("不可", ["可以", "能"]), ("禁止", ["可以", "能"]),
        ("严禁", ["可以", "能"]), ("不要", ["可以", "能"]), ("请勿", ["可以", "能"]), ("不用", ["用", "需要"]), ("无需", ["需要"]),
        ("不必", ["需要"]), ("不收", ["收"]), ("不含", ["含", "包含"]), ("不计", ["计"]), ("不赔", ["赔"]), ("不退", ["退"]), ("不报", ["报"]),
        ("不怕", ["怕"]), ("不发", ["发"]), ("可以", ["可以", "能"]), ("允许", ["允许"]), ("必须", ["必须", "一定要"]), ("应当", ["要"]),
        ("需要", ["需要", "要"]), ("均可", ["可以"]),
    ]

    init(_ source: DraftSource) {
        self.source = source
    }

    func drafts() -> [DraftedQuestion] {
        let scalars = Array(source.text.unicodeScalars)
        let clauses = HanText.clauses(scalars).map { String(scalars: scalars[$0]) }
        var result: [DraftedQuestion] = []
        for (index, clause) in clauses.enumerated() {
            guard let question = question(clause, before: index > 0 ? clauses[index - 1] : nil) else { continue }
            result.append(
                DraftedQuestion(question: question, answer: source.text, kind: .yesNo, passage: 0, record: ""))
        }
        return Array(result.prefix(2))
    }

    private func question(_ clause: String, before: String?) -> String? {
        let text = HanText.withoutBrackets(clause)
        guard text.unicodeScalars.count <= 40, !text.contains("是否"), !text.contains("吗"), !text.contains("只"),
            !text.contains("能不能"), !text.unicodeScalars.contains(where: { "“”？?".unicodeScalars.contains($0) }),
            let (place, rule) = firstRule(in: text)
        else { return nil }
        let subject = String(text[..<place.lowerBound])
        let act = String(text[place.upperBound...])
        let isOther = ["的", "少于", "超过", "求", "低于", "高于", "大于", "小于"].contains { act.hasPrefix($0) }
        guard HanText.content(act) >= 2, !isOther, !subject.hasPrefix("是"), act.last != "的",
            !["不得", "不准", "不要", "不能", "不用", "不可"].contains(where: { act.contains($0) })
        else { return nil }
        // Which of the words that ask: by the text alone, so that the same document gives the same question.
        let asks = rule.asks[act.unicodeScalars.count % rule.asks.count]
        var question = subject + asks + act
        if HanText.content(subject) < 2 || HanText.leansBack(subject), let before,
            before.unicodeScalars.count <= 30, !HanText.leansBack(before), !Polarity.isNegative(before)
        {
            question = HanText.withoutBrackets(before) + "，" + question
        }
        guard !HanText.leansBack(question) else { return nil }
        if HanText.content(question) < 10 { question = HanText.joined(source.topic, question) }
        guard HanText.content(question) >= 5, question.unicodeScalars.count <= 50 else { return nil }
        return question + "吗？"
    }

    private func firstRule(in text: String) -> (Range<String.Index>, (word: String, asks: [String]))? {
        var best: (Range<String.Index>, (word: String, asks: [String]))?
        for rule in Self.rules {
            guard let place = text.firstRange(of: rule.word) else { continue }
            if let current = best?.0, current.lowerBound <= place.lowerBound { continue }
            best = (place, rule)
        }
        // 不 before the word itself turns it round: 不需要 is a rule of its own, 不一定需要 is none.
        guard let best, !text[..<best.0.lowerBound].hasSuffix("不"), !text[..<best.0.lowerBound].hasSuffix("非") else {
            return nil
        }
        return best
    }
}
