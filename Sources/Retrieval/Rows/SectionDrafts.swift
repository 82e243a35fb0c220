import Text

/// Questions for what stands together under a heading: a list, the only amount of a section, an answered question.
struct SectionDrafts {
    private let evidence: EvidenceText
    private let title: String

    /// How long an answer put together of several sentences may be, in Unicode scalars.
    private static let longest = 150

    init(evidence: EvidenceText, title: String) {
        self.evidence = evidence
        self.title = title
    }

    func drafts() -> [DraftedQuestion] { answered() + lists() + onlyAmounts() }

    private func draft(
        _ question: String, _ answer: String, _ kind: TuningRowKind, isVerbatim: Bool = false
    ) -> DraftedQuestion {
        DraftedQuestion(
            question: question, answer: answer, kind: kind, passage: 0, record: "", isVerbatim: isVerbatim)
    }

    // MARK: Questions that stand in the document

    private func answered() -> [DraftedQuestion] {
        var result: [DraftedQuestion] = []
        var answers: [(question: String, sentences: [String])] = []
        for piece in evidence.pieces where piece.kind == .sentence && !piece.above.asked.isEmpty {
            let text = Polarity.withoutSpeaker(piece.text)
            if answers.last?.question == piece.above.asked {
                answers[answers.count - 1].sentences.append(text)
            } else {
                answers.append((piece.above.asked, [text]))
            }
        }
        for (asked, sentences) in answers {
            let question = Self.withoutSpeaker(asked)
            let answer = Self.joined(sentences)
            guard HanText.content(question) >= 4, !answer.isEmpty, question.unicodeScalars.count <= 60 else { continue }
            result.append(draft(question, answer, .asked, isVerbatim: true))
        }
        return result
    }

    static func withoutSpeaker(_ asked: String) -> String {
        let scalars = Array(asked.unicodeScalars.filter { $0 != "*" })
        guard let mark = scalars.firstIndex(where: { $0 == "：" || $0 == ":" }), mark <= 5 else {
            return String(scalars: scalars)
        }
        return String(scalars: scalars[(mark + 1)...].trimmed)
    }

    /// Sentences up to the longest answer; the first in any case, unless it alone is too long.
    private static func joined(_ sentences: [String]) -> String {
        var result = ""
        for sentence in sentences {
            let isTooLong = (result + sentence).unicodeScalars.count > longest
            if isTooLong { break }
            let isLatin = result.unicodeScalars.last.map { $0.value < 0x80 } ?? false
            result += (isLatin ? " " : "") + sentence
        }
        return result
    }

    // MARK: Lists

    private func lists() -> [DraftedQuestion] {
        var result: [DraftedQuestion] = []
        var items: [String] = []
        var intro = ""
        var section = ""
        func close() {
            defer { items = [] }
            guard items.count >= 2, items.count <= 6 else { return }
            let answer = items.map { $0.last.map { "。；！.;".contains($0) } ?? false ? $0 : $0 + "；" }.joined()
            guard answer.unicodeScalars.count <= Self.longest, answer.unicodeScalars.contains(where: \.isHan),
                let question = Self.listQuestion(intro: intro, section: section, title: title)
            else { return }
            result.append(draft(question, answer.hasSuffix("；") ? answer.dropLast() + "。" : answer, .list))
        }
        for piece in evidence.pieces {
            let (text, isItem) = QuestionDrafting.withoutListMark(piece.text)
            if piece.kind == .sentence, isItem {
                items.append(text)
            } else {
                close()
                intro = piece.kind == .sentence && (text.hasSuffix("：") || text.hasSuffix(":")) ? text : ""
                if piece.kind == .label { section = QuestionDrafting.topic(of: piece.text) }
            }
        }
        close()
        return result
    }

    private static func listQuestion(intro: String, section: String, title: String) -> String? {
        let introduced = String(intro.dropLast()).split { "，。；".contains($0) }.last.map(String.init) ?? ""
        let name = HanText.content(introduced) >= 4 && introduced.unicodeScalars.count <= 20 ? introduced : section
        guard HanText.content(name) >= 2, name.unicodeScalars.count <= 20, !HanText.leansBack(name) else { return nil }
        if !Names.codes(in: name).isEmpty || name == "参数" || name.hasSuffix("参数") {
            return HanText.joined(title, name.hasSuffix("参数") ? name : name + "的参数") + "是什么？"
        }
        for (ending, asks) in [
            ("流程", "是怎样的"), ("步骤", "是什么"), ("办法", "是什么"), ("方法", "是什么"), ("方式", "有哪些"), ("要求", "有哪些"), ("条件", "有哪些"),
            ("材料", "要哪些"), ("资料", "要哪些"), ("时间", "是怎么定的"), ("标准", "是什么"), ("包括", "哪些"), ("如下", ""),
        ] where name.hasSuffix(ending) {
            return ending == "如下" ? String(name.dropLast(2)) + "有哪些？" : HanText.joined(title, name + asks) + "？"
        }
        return HanText.joined(title, name + "有哪些规定？")
    }

    // MARK: The only amount of a section

    /// 押金退还 with one duration below it: 押金退还要多久?
    private func onlyAmounts() -> [DraftedQuestion] {
        var result: [DraftedQuestion] = []
        let sections = Dictionary(grouping: evidence.pieces.filter { $0.kind == .sentence }) { $0.above.section }
        for (section, pieces) in sections.sorted(by: { $0.key < $1.key }) {
            let topic = QuestionDrafting.topic(of: section)
            let count = topic.unicodeScalars.count
            guard count >= 3, count <= 12, topic.unicodeScalars.allSatisfy(\.isHan),
                !topic.unicodeScalars.contains(where: { "哪怎什吗如不何".unicodeScalars.contains($0) }),
                pieces.allSatisfy({ $0.above.asked.isEmpty })
            else { continue }
            let mentions = pieces.flatMap { piece in Numbers.mentions(in: piece.text).map { (piece, $0) } }
            for (units, asks) in [
                (["天", "日", "工作日", "小时", "分钟", "周", "个月"], "要多久"), (["元"], "多少钱"),
            ] {
                let fitting = mentions.filter { units.contains($0.1.unit ?? "") && $0.1.kind != .date }
                guard fitting.count == 1, let only = fitting.first?.0 else { continue }
                let answer = QuestionDrafting.withoutListMark(only.text).0
                let isAbout = SearchTerms.terms(in: topic).contains { term in
                    term.kind == .bigram && answer.contains(term.text)
                }
                guard isAbout, answer.unicodeScalars.count <= Self.longest, answer.unicodeScalars.count >= 6 else {
                    continue
                }
                result.append(draft("\(topic)\(asks)？", answer, .topic))
            }
        }
        return result
    }
}
