import Text

/// Questions for the reason that a Chinese sentence gives, and for the meaning of a word that it explains.
enum MeaningDrafts {
    static func drafts(_ source: DraftSource) -> [DraftedQuestion] {
        var result: [DraftedQuestion] = []
        func add(_ question: String, _ kind: TuningRowKind) {
            result.append(
                DraftedQuestion(question: question, answer: source.text, kind: kind, passage: 0, record: ""))
        }
        if let question = reason(source) { add(question, .reason) }
        if let word = definedWord(source.text) { add("\(word)是什么意思？", .definition) }
        if let label = label(source.text) {
            add(HanText.joined(source.topic, label + (label.contains("的") ? "是什么？" : "有什么规定？")), .topic)
        }
        return result
    }

    private static func reason(_ source: DraftSource) -> String? {
        let scalars = Array(source.text.unicodeScalars)
        let clauses = HanText.clauses(scalars).map { String(scalars: scalars[$0]) }
        guard clauses.count >= 2 else { return nil }
        for (index, clause) in clauses.enumerated() {
            let causes = ["因为", "由于", "原因是", "以免", "以防", "防止", "避免"]
            guard causes.contains(where: { clause.hasPrefix($0) }) else { continue }
            // What has its reason stands before 以免, and before or behind 因为.
            let isFirst = index == 0
            guard !isFirst || clause.hasPrefix("因为") || clause.hasPrefix("由于") else { continue }
            var effect = isFirst ? clauses[1] : clauses[index - 1]
            for word in ["所以", "因此"] where effect.hasPrefix(word) { effect = String(effect.dropFirst(word.count)) }
            effect = HanText.withoutBrackets(effect)
            guard HanText.content(effect) >= 5, effect.unicodeScalars.count <= 36, !HanText.leansBack(effect) else {
                continue
            }
            return HanText.joined(HanText.content(effect) < 10 ? source.topic : "", "为什么\(effect)") + "？"
        }
        return nil
    }

    /// X：Y of a glossary, X 是指 Y, 所谓 X.
    private static func definedWord(_ text: String) -> String? {
        for mark in ["是指", "指的是"] {
            guard let place = text.firstRange(of: mark) else { continue }
            return word(String(text[..<place.lowerBound]), limit: 12)
        }
        guard let colon = text.firstIndex(where: { $0 == "：" || $0 == ":" }) else { return nil }
        let rest = text[text.index(after: colon)...]
        guard HanText.content(String(rest)) >= 14, rest.hasSuffix("。"),
            ["的", "指", "称", "叫", "表示"].contains(where: { rest.prefix(30).contains($0) }),
            Numbers.mentions(in: String(rest.prefix(8))).isEmpty, !tells(String(text[..<colon])),
            !["请", "应", "须", "不", "可", "由", "先", "别", "按"].contains(where: { rest.hasPrefix($0) })
        else { return nil }
        return word(String(text[..<colon]), limit: 8)
    }

    /// Words of what is told or done, not of a thing.
    private static func tells(_ label: String) -> Bool {
        label.unicodeScalars.contains { "有说支持举请要可能会应须做写问两三几为是也了".unicodeScalars.contains($0) }
    }

    private static func word(_ text: String, limit: Int) -> String? {
        let word = HanText.withoutBrackets(text).filter { !"“”\"".contains($0) }
        let count = word.unicodeScalars.count
        guard count >= 2, count <= limit,
            word.unicodeScalars.allSatisfy({ $0.isHan || $0.isASCIILetter || $0.isDigit }),
            !HanText.leansBack(word)
        else { return nil }
        return word
    }

    /// The label of a paragraph 退租：… where it is no definition and no bare value.
    private static func label(_ text: String) -> String? {
        guard definedWord(text) == nil, let colon = text.firstIndex(where: { $0 == "：" }) else { return nil }
        let rest = String(text[text.index(after: colon)...])
        guard HanText.content(rest) >= 12, rest.unicodeScalars.count <= 110 else { return nil }
        guard let label = word(String(text[..<colon]), limit: 8) else { return nil }
        let endings = [
            "日期", "时间", "注", "例", "比如", "例如", "说明", "主持", "参加", "记录", "发布", "名称", "决定", "前提", "电话", "地址", "作者", "答",
            "问",
        ]
        return tells(label) || endings.contains { label.hasSuffix($0) } ? nil : label
    }
}
