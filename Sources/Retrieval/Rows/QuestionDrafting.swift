import Storage
import Text

/// Makes questions from a passage: from its tables, sentences, lists and from questions that stand in it.
///
/// Chinese leaves the word that asks where the answer stands (押金在 7 个工作日内退回 → 押金在几个工作日内退回), so a
/// sentence with its number replaced is a question that people understand. What is plain to see by its form is taken,
/// all else left alone: a question less is better than one that nobody would ask.
enum QuestionDrafting {
    /// All drafts of a passage, in the order of the text.
    static func drafts(of passage: StoredPassage) -> [DraftedQuestion] {
        let evidence = EvidenceText(passage)
        let title = topic(of: passage.document.title)
        var drafts = TableDrafts(evidence: evidence, title: title).drafts()
        drafts += SectionDrafts(evidence: evidence, title: title).drafts()
        var label = ""
        for piece in evidence.pieces where piece.kind == .sentence && piece.above.asked.isEmpty {
            guard !DateLine.isDateLine(piece.text) else { continue }
            let (text, isItem) = withoutListMark(piece.text)
            if isItem { label = "" }
            // 一、下单时间。 names what the sentences behind it are about.
            if isItem, text.unicodeScalars.count <= 10, text.hasSuffix("。") {
                label = String(text.dropLast())
                continue
            }
            let section = topic(of: piece.above.section.isEmpty ? lastHeading(of: passage) : piece.above.section)
            let source = DraftSource(
                text: text, topic: label.isEmpty ? (section == title ? "" : section) : label, title: title)
            drafts += sentenceDrafts(source)
        }
        return drafts.map { draft in
            var draft = draft
            draft.passage = passage.id
            draft.record = passage.document.record
            return draft
        }
    }

    private static func sentenceDrafts(_ source: DraftSource) -> [DraftedQuestion] {
        let count = source.text.unicodeScalars.count
        let isSigned = source.text.unicodeScalars.contains { $0 == "｜" || $0 == "|" || $0 == "\t" }
        guard count >= 8, count <= 160, !isSigned, !source.text.hasSuffix("？"), !source.text.hasSuffix("?") else {
            return []
        }
        guard source.text.unicodeScalars.contains(where: \.isHan) else { return EnglishDrafts.drafts(source) }
        return NumberDrafts(source).drafts() + RuleDrafts(source).drafts() + MeaningDrafts.drafts(source)
    }

    /// The last heading of a passage's path.
    private static func lastHeading(of passage: StoredPassage) -> String {
        passage.heading.split(separator: ">").last.map { String(scalars: Array($0.unicodeScalars)[...].trimmed) } ?? ""
    }

    /// A heading without chapter numbers, brackets and stops: 三、押金（2026 版） → 押金.
    static func topic(of heading: String) -> String {
        let text = HanText.withoutBrackets(withoutListMark(heading).0)
        let scalars = Array(text.unicodeScalars).filter { !"“”\"《》*`#".unicodeScalars.contains($0) }
        let stops: Set<Unicode.Scalar> = ["：", ":", "。", "？", "?", "！", "—", "|"]
        // 7 订货须知, 第 4 讲.
        let numbered = scalars.drop { $0.isDigit || $0 == "." || $0 == "第" }
        let named = numbered.first { !$0.isBlank } ?? " "
        let isNumbered =
            numbered.count < scalars.count && (numbered.first?.isBlank ?? false)
            && !"万千百亿个片台套年月日人次款种家条项".unicodeScalars.contains(named)
        let head = (isNumbered ? numbered : scalars[...]).prefix { !stops.contains($0) }
        var topic = String(scalars: Array(head)[...].trimmed)
        // 关于退租实行预约的通知 → 退租实行预约.
        if topic.hasPrefix("关于") {
            topic = String(topic.dropFirst(2))
            for ending in ["的通知", "的公告", "的说明", "的函", "的通报"] where topic.hasSuffix(ending) {
                topic = String(topic.dropLast(ending.count))
            }
        }
        return topic
    }

    /// Without `- `, `1. `, `（一）`, `一、`, `第三条`, and stars; and whether there was one.
    static func withoutListMark(_ text: String) -> (String, Bool) {
        let scalars = Array(text.unicodeScalars.filter { $0 != "*" && $0 != "`" })
        var rest = scalars[...].trimmed
        var isItem = false
        if let first = rest.first, "-•·+".unicodeScalars.contains(first) {
            rest = rest.dropFirst().trimmed
            isItem = true
        }
        let numerals: Set<Unicode.Scalar> = Set("一二三四五六七八九十百零0123456789.".unicodeScalars)
        var body = rest
        let isBracketed = body.first == "（" || body.first == "("
        let isArticle = body.first == "第"
        if isBracketed || isArticle { body = body.dropFirst() }
        let number = body.prefix { numerals.contains($0) }
        let after = body.dropFirst(number.count)
        if !number.isEmpty, number.count <= 4, let mark = after.first {
            let next = after.dropFirst().first
            let isMark =
                isBracketed
                ? mark == "）" || mark == ")"
                : isArticle
                    ? "条款章节".unicodeScalars.contains(mark)
                    : mark == "、" || mark == "．" || mark == ")" || mark == "）"
                        || (number.last == "." && (mark.isBlank || mark.isHan) && next != nil)
                        || isChapter(number, before: after)
            if isMark {
                let keeps = !isBracketed && !isArticle && (mark.isBlank || mark.isHan)
                rest = (keeps ? after : after.dropFirst()).trimmed
                isItem = true
            }
        }
        return (String(scalars: rest.drop { $0 == "、" || $0 == "：" || $0.isBlank }), isItem)
    }

    /// 3.1 甲方…, not 2.5 元.
    private static func isChapter(_ number: ArraySlice<Unicode.Scalar>, before rest: ArraySlice<Unicode.Scalar>) -> Bool
    {
        let first = rest.first { !$0.isBlank } ?? "."
        guard number.first?.isDigit ?? false, number.dropFirst().first == ".", number.last != ".", first.isHan else {
            return false
        }
        let mention = Numbers.mentions(in: String(scalars: Array(number) + Array(rest.prefix(4)))).first
        return mention?.unit == nil
    }
}
