import Text

/// Questions for the numbers, days, times and persons of a Chinese sentence: each is replaced by the word that asks for
/// it, in its own clause.
struct NumberDrafts {
    private let source: DraftSource
    private let scalars: [Unicode.Scalar]
    private let clauses: [Range<Int>]

    /// What stands in a sentence, with the words that ask for it.
    private struct Target {
        var range: Range<Int>
        var words: String
        var kind: TuningRowKind
    }

    init(_ source: DraftSource) {
        self.source = source
        scalars = Array(source.text.unicodeScalars)
        clauses = HanText.clauses(scalars)
    }

    func drafts() -> [DraftedQuestion] {
        (targets() + persons()).compactMap { target in
            question(for: target).map {
                DraftedQuestion(
                    question: $0, answer: source.text, kind: target.kind, passage: 0, record: "")
            }
        }
    }

    // MARK: What is asked for

    private func targets() -> [Target] {
        var result: [Target] = []
        let mentions = Numbers.mentions(in: source.text)
        var index = 0
        while index < mentions.count {
            let mention = mentions[index]
            var range = mention.range
            var isSpan = false
            // 5 至 7 天 and 8:30–17:30 are asked for as one.
            if index + 1 < mentions.count, joins(range.upperBound..<mentions[index + 1].range.lowerBound) {
                range = range.lowerBound..<mentions[index + 1].range.upperBound
                isSpan = true
                index += 1
            }
            index += 1
            let last = isSpan ? mentions[index - 1] : mention
            guard !isPartOfWord(range), !isTrivial(range) else { continue }
            if let target = target(last, range: range, isSpan: isSpan) { result.append(target) }
        }
        return result
    }

    /// φ8:21, M3-12: what hangs on a letter is a name; 1200 毫米乘 1000 毫米 one measure.
    private func isPartOfWord(_ range: Range<Int>) -> Bool {
        let before = range.lowerBound > 0 ? scalars[range.lowerBound - 1] : " "
        let after = range.upperBound < scalars.count ? scalars[range.upperBound] : " "
        let joiners: Set<Unicode.Scalar> = ["乘", "×", "*", "φ", "Φ", "/", "-"]
        return before.isASCIILetter || joiners.contains(before) || after == "乘" || after == "×" || after == "*"
    }

    /// 两人, 三个: nobody asks how many.
    private func isTrivial(_ range: Range<Int>) -> Bool {
        range.count <= 3 && scalars[range.lowerBound].isHan
            && "一两二三".unicodeScalars.contains(scalars[range.lowerBound])
    }

    private func joins(_ gap: Range<Int>) -> Bool {
        let text = scalars[gap].filter { !$0.isBlank }
        return text.count == 1 && text.allSatisfy { "至到-–—~～".unicodeScalars.contains($0) }
    }

    private func target(_ mention: NumberMention, range: Range<Int>, isSpan: Bool) -> Target? {
        switch mention.kind {
        case .money:
            return money(range)
        case .percentage: return Target(range: range, words: "百分之多少", kind: .number)
        case .quantity:
            let unit = unitText(mention)
            guard !unit.isEmpty, unit.count <= 4 else { return nil }
            if unit == "元" { return money(range) }
            let isSmall = mention.value.count <= 1 || (mention.value.count == 2 && mention.value < "21")
            let word = isSmall && unit.unicodeScalars.allSatisfy(\.isHan) ? "几" : "多少"
            let isTime = unit == "月" || unit == "年" || unit == "号"
            guard !isTime else { return nil }
            return Target(range: range, words: word + unit, kind: .number)
        case .date: return date(mention, range: range, isSpan: isSpan)
        case .time: return Target(range: range, words: isSpan ? "几点到几点" : "几点", kind: .time)
        case .weekday: return isSpan ? Target(range: range, words: "星期几到星期几", kind: .time) : nil
        case .phone: return Target(range: range, words: "多少", kind: .number)
        case .number, .ordinal: return nil
        }
    }

    private func date(_ mention: NumberMention, range: Range<Int>, isSpan: Bool) -> Target? {
        let after = range.upperBound < scalars.count ? scalars[range.upperBound] : "。"
        let isAtEnd = scalars[range.upperBound...].allSatisfy { $0.isBlank || "。；;.".unicodeScalars.contains($0) }
        // 2026 年的目标 names the year; 人力资源部 2025-04-02 signs.
        guard after != "的", !isAtEnd || range.lowerBound > 12 else { return nil }
        if isSpan { return Target(range: range, words: "哪天到哪天", kind: .time) }
        let isYear = mention.value.count == 4 && !mention.value.hasPrefix("-")
        let before = scalars[..<range.lowerBound].last { !$0.isBlank } ?? "，"
        let isFirst = clauses.contains { $0.lowerBound == range.lowerBound } || "，。；：,:".unicodeScalars.contains(before)
        if isYear, !isFirst, !"于在自从到至".unicodeScalars.contains(before), after != "起" { return nil }
        let isMonth = mention.value.hasPrefix("--") ? mention.value.count == 4 : mention.value.count == 7
        return Target(range: range, words: isYear ? "哪一年" : isMonth ? "几月" : "哪天", kind: .time)
    }

    /// A day at the beginning says when the rest happened: 3 月 12 日，郑州仓开仓 → 郑州仓开仓是什么时候.
    private func whenQuestion(_ target: Target) -> String? {
        guard target.kind == .time, target.words == "哪天" || target.words == "哪一年" || target.words == "几月",
            let place = clauses.firstIndex(where: { $0.lowerBound == target.range.lowerBound })
        else { return nil }
        var rest = scalars[target.range.upperBound..<clauses[place].upperBound]
        if rest.first == "起" || rest.first == "以" || rest.first == "前" || rest.first == "之" { return nil }
        if HanText.content(String(scalars: rest)) < 2, place + 1 < clauses.count { rest = scalars[clauses[place + 1]] }
        let event = HanText.withoutBrackets(String(scalars: rest[...].trimmed))
        let isLine = event.unicodeScalars.contains { "·•：:　/｜|".unicodeScalars.contains($0) }
        guard !isLine, HanText.content(event) >= 4, event.unicodeScalars.count <= 30, !HanText.leansBack(event) else {
            return nil
        }
        return event + (target.words == "哪一年" ? "是哪一年？" : "是什么时候？")
    }

    /// 1.2 元/片 → 多少钱一片.
    private func money(_ range: Range<Int>) -> Target {
        var end = range.upperBound
        var words = "多少钱"
        if end < scalars.count, scalars[end] == "/" || scalars[end] == "／" {
            var unit = String.UnicodeScalarView()
            var place = end + 1
            while place < scalars.count, scalars[place].isHan, unit.count < 2 {
                unit.append(scalars[place])
                place += 1
            }
            if !unit.isEmpty {
                words += "一" + String(unit)
                end = place
            }
        }
        return Target(range: range.lowerBound..<end, words: words, kind: .number)
    }

    /// The unit as it is written behind the number.
    private func unitText(_ mention: NumberMention) -> String {
        let numerals = "0123456789.,，〇零一二三四五六七八九十百千万亿两半几+-±".unicodeScalars
        let rest = scalars[mention.range].drop { numerals.contains($0) || $0.isBlank }
        return String(scalars: rest)
    }

    private static let titles = [
        "经理", "主任", "主管", "组长", "班长", "队长", "站长", "厂长", "部长", "总监", "董事长", "专员", "负责人", "联系人", "老师", "师傅", "工程师", "主席",
        "总指挥", "指挥", "仓管", "会计", "出纳", "厨师长", "店长", "校长", "院长", "法定代表人", "经办人",
    ]

    private func persons() -> [Target] {
        Names.mentions(in: source.text).filter { $0.kind == .person && $0.range.count >= 2 }.compactMap { mention in
            let before = scalars[..<mention.range.lowerBound]
            guard let last = before.last(where: { !$0.isBlank }) else { return nil }
            if "由找向给请叫为是：:".unicodeScalars.contains(last) {
                return Target(range: mention.range, words: "谁", kind: .person)
            }
            let head = String(scalars: before.suffix(6))
            guard Self.titles.contains(where: { head.hasSuffix($0) }) else { return nil }
            // What stands behind a name with its title is another matter than who that is.
            return Target(
                range: mention.range.lowerBound..<clauseEnd(mention.range.upperBound), words: "是谁", kind: .person)
        }
    }

    private func clauseEnd(_ index: Int) -> Int { clauses.first { $0.contains(index - 1) }?.upperBound ?? index }

    // MARK: The question

    private func question(for target: Target) -> String? {
        guard let place = clauses.firstIndex(where: { $0.overlaps(target.range) }) else { return nil }
        if clauses[place].lowerBound == target.range.lowerBound, target.kind == .time,
            target.words.hasPrefix("哪") || target.words == "几月",
            !target.words.contains("到")
        {
            if let question = whenQuestion(target) { return question }
            let next = target.range.upperBound < scalars.count ? scalars[target.range.upperBound] : "。"
            guard "起以前之".unicodeScalars.contains(next) else { return nil }
        }
        var lower = min(clauses[place].lowerBound, target.range.lowerBound)
        let upper = max(clauses[place].upperBound, target.range.upperBound)
        let own = clause(lower..<upper, replacing: target)
        let rest = HanText.content(own) - HanText.content(target.words)
        // A clause without a subject of its own takes the one before it along.
        if place > 0, rest < 4 || HanText.leansBack(own), upper - clauses[place - 1].lowerBound <= 60 {
            lower = clauses[place - 1].lowerBound
        }
        var text = clause(lower..<upper, replacing: target)
        guard !HanText.leansBack(text) else { return nil }
        let words = HanText.content(text) - HanText.content(target.words)
        if words < 8 { text = HanText.joined(source.topic.isEmpty ? source.title : source.topic, text) }
        let all = HanText.content(text) - HanText.content(target.words)
        let isQuoted = text.unicodeScalars.contains { "“”\"？?".unicodeScalars.contains($0) }
        guard all >= 4, text.unicodeScalars.count <= 56, !isQuoted || text.contains("“") && text.contains("”") else {
            return nil
        }
        return text + "？"
    }

    private func clause(_ range: Range<Int>, replacing target: Target) -> String {
        let before = String(scalars: scalars[range.lowerBound..<max(range.lowerBound, target.range.lowerBound)])
        let after = String(scalars: scalars[min(range.upperBound, target.range.upperBound)..<range.upperBound])
        var head = HanText.withoutBrackets(before)
        for word in ["大约", "约", "共计", "共"] where head.hasSuffix(word) { head = String(head.dropLast(word.count)) }
        let text = head + target.words + HanText.withoutBrackets(after)
        let isTight = text.unicodeScalars.filter { !$0.isBlank }
        // Blanks only stand around what was a number.
        let hasLatin = text.unicodeScalars.contains(where: \.isASCIILetter)
        return hasLatin
            ? text.replacing(" " + target.words, with: target.words).replacing(target.words + " ", with: target.words)
            : String(scalars: isTight)
    }
}
