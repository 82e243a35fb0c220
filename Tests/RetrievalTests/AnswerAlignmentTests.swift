import Retrieval
import Storage
import Testing

/// What may be said and what not.
struct AnswerAlignmentTests {
    private func verdict(
        _ sentence: String, question: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> AnswerAlignment.Verdict {
        let index = try await Fixtures.companyIndex()
        let hits = try await index.search(question, limit: 4)
        return AnswerAlignment(question: question, passages: hits).check(sentence)
    }

    private func reason(_ sentence: String, question: String) async throws -> DroppedSentence.Reason? {
        if case .dropped(let dropped) = try await verdict(sentence, question: question) { return dropped.reason }
        return nil
    }

    @Test(arguments: [
        ("最短租期是30天。", "最短租期多少天？"), ("最短租期为三十天。", "最短租期多少天？"),
        ("押金在7个工作日内原路退回。", "押金多久退？"), ("PT-1210的日租金是0.35元。", "PT-1210一天多少钱？"),
        ("日租金 0.35 元，押金 60 元。", "PT-1210租金和押金是多少？"), ("周日不收货。", "周日收货吗？"),
        ("仓库周一至周六8:30至17:30收货。", "仓库几点收货？"), ("不可以，只和企业签约。", "个人可以租托盘吗？"),
        ("可以，税率13%。", "能开专用发票吗？"), ("联系人是王经理。", "联系人是谁？"),
    ])
    func whatStandsThereIsSaid(sentence: String, question: String) async throws {
        let result = try await verdict(sentence, question: question)
        guard case .supported(let support) = result else {
            Issue.record("dropped: \(result)")
            return
        }
        #expect(!support.spans.isEmpty)
    }

    @Test(arguments: [
        // Invented or wrong.
        ("最短租期是60天。", "最短租期多少天？", [DroppedSentence.Reason.unsupportedNumber]),
        ("押金在2025年3月5日退回。", "押金多久退？", [.unsupportedNumber]),
        ("联系人是张伟经理。", "联系人是谁？", [.unsupportedName, .unsupportedContent]),
        ("我们的合作伙伴是华能国际电力有限公司。", "联系人是谁？", [.unsupportedName, .unsupportedContent]),
        // Borrowed from the next row, or of a product that does not exist.
        ("PT-1210的日租金是0.50元。", "PT-1210一天多少钱？", [.unsupportedNumber]),
        ("PT-9999的日租金是0.35元。", "PT-9999一天多少钱？", [.unsupportedName, .unsupportedContent]),
        // The opposite of what stands there.
        ("周日收货。", "周日收货吗？", [.contradictsPassage]),
        ("是的，周日收货。", "周日收货吗？", [.contradictsPassage]),
        ("可以，个人可以租托盘。", "个人可以租托盘吗？", [.contradictsPassage]),
        ("押金计利息。", "押金计利息吗？", [.contradictsPassage]),
        // Nothing to do with the passages.
        ("托盘是用竹子编成的，非常结实耐用。", "最短租期多少天？", [.unsupportedContent]),
    ])
    func whatDoesNotStandThereIsDropped(
        sentence: String, question: String, reasons: [DroppedSentence.Reason]
    ) async throws {
        let reason = try await reason(sentence, question: question)
        #expect(reason.map(reasons.contains) == true, "\(String(describing: reason))")
    }

    @Test func courtesyAndRefusalAreKnown() async throws {
        #expect(try await reason("您好！", question: "最短租期多少天？") == .courtesy)
        #expect(try await reason("希望这能帮助到您。", question: "最短租期多少天？") == .courtesy)
        #expect(try await reason("If you have any questions, feel free to ask.", question: "Deposit?") == .courtesy)
        #expect(try await reason("资料中未找到。", question: "最短租期多少天？") == .refusal)
        #expect(try await reason("Not found in the documents.", question: "Deposit?") == .refusal)
        // A hotline is content, however politely it is put.
        let call = try await reason("如需帮助请致电400-999-9999。", question: "热线是多少？")
        #expect(call == .unsupportedNumber || call == .unsupportedContent)
    }

    @Test func aBareYesOrNoNeedsTheQuestionInAPassage() async throws {
        #expect(try await reason("可以。", question: "能开专用发票吗？") == nil)
        #expect(try await reason("可以。", question: "个人可以租托盘吗？") != nil)
        #expect(try await reason("收货。", question: "周日收货吗？") != nil)
        #expect(try await reason("是的。", question: "圣诞节送礼物吗？") != nil)
    }

    @Test func theCitationIsTheSentenceThatSaysIt() async throws {
        let result = try await verdict("押金7个工作日内退回。", question: "押金多久退？")
        guard case .supported(let support) = result else {
            Issue.record("dropped: \(result)")
            return
        }
        #expect(support.passage.document.path == "rules.md")
        let scalars = Array(support.passage.text.unicodeScalars)
        var view = String.UnicodeScalarView()
        for span in support.spans { view.append(contentsOf: scalars[span]) }
        #expect(String(view) == "押金在退租验收后 7 个工作日内原路退回，不计利息。")
    }
}
