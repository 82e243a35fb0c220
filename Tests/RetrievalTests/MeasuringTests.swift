import Foundation
import Retrieval
import Storage
import Testing

/// Calibration, question lists and scores.
struct MeasuringTests {
    @Test func calibrationSeparatesWhatCanBeSeparated() async throws {
        let index = try await Fixtures.companyIndex()
        let good = [
            "最短租期多少天？", "押金多久退？", "PT-1210 一天租金多少钱？", "PT-1212 的押金是多少？", "仓库几点收货？", "周日收货吗？", "个人可以租托盘吗？", "能开专用发票吗？",
            "托盘遗失怎么赔偿？", "联系人是谁？",
        ]
        let bad = [
            "2022年世界杯冠军是谁？", "今天汇率是多少？", "给我讲个笑话", "PT-7777 一天多少钱？", "总经理生日是哪天？", "股票代码是什么？", "竹篮多少钱？",
            "Who is the president?",
            "怎么做红烧肉？", "高铁几点发车？",
        ]
        let list =
            good.map { ListedQuestion(id: $0, question: $0) }
            + bad.map { ListedQuestion(id: $0, question: $0, answerable: false) }
        let report = try await Calibration().calibrate(index, on: list)
        #expect(report.auc > 0.85)
        #expect(report.balancedAccuracy > 0.8)
        #expect(report.model.threshold > 0 && report.model.threshold < 1)
        let kept = try #require(try await index.store.index(named: "test")?.calibration)
        #expect(EvidenceModel(json: kept) == report.model)
        // The same list gives the same model.
        #expect(try await Calibration().fit(list, index: index) == report)
    }

    @Test func aListWithoutBothKindsIsAnError() async throws {
        let index = try await Fixtures.companyIndex()
        let list = (0..<9).map { ListedQuestion(id: "\($0)", question: "押金 \($0)") }
        await #expect(throws: QuestionListError.tooFew(kind: "unanswerable", expected: 5, actual: 0)) {
            try await Calibration().fit(list, index: index)
        }
    }

    @Test(arguments: ["", "{}", "[]", "{\"weights\":[1],\"bias\":0,\"threshold\":0.5,\"origin\":\"x\"}", "nonsense"])
    func aDamagedCalibrationIsNotTaken(json: String) {
        #expect(EvidenceModel(json: json) == nil)
    }

    @Test func aucCountsPairs() {
        #expect(Calibration.auc([(0.9, true), (0.8, true), (0.1, false)]) == 1)
        #expect(Calibration.auc([(0.1, true), (0.9, false)]) == 0)
        #expect(Calibration.auc([(0.5, true), (0.5, false)]) == 0.5)
        #expect(Calibration.auc([(0.9, true), (0.2, true), (0.5, false)]) == 0.5)
    }

    @Test func listsAreReadLineByLine() throws {
        let text = """
            {"id":"q1","question":"押金？","answerable":true,"keywords":[["60 元"]],"documents":["a.md"]}

            {"id":2,"question":"股价？","answerable":false,"keywords":["甲","乙"],"document":"b.md"}
            {"question":"租期？"}
            """
        let list = try QuestionList.parse(Data(text.utf8))
        #expect(list.map(\.id) == ["q1", "2", "4"])
        #expect(list.map(\.answerable) == [true, false, true])
        #expect(list[1].keywords == [["甲"], ["乙"]])
        #expect(list[1].documents == ["b.md"])
        #expect {
            try QuestionList.parse(Data((text + "\n{\"question\":").utf8))
        } throws: { error in
            guard case .line(let number, _, _) = error as? QuestionListError else { return false }
            return number == 5
        }
    }

    @Test(arguments: [
        (#"{"question":"#, QuestionListError.Expected.object, QuestionListError.Found.words(#"{"question":"#)),
        ("租期多久？", .object, .words("租期多久？")),
        (#"["a"]"#, .object, .list),
        ("5", .object, .value("5")),
        (#"{"id":"1","text":"租期？"}"#, .field("question"), .fields(["id", "text"])),
        (#"{"question":7}"#, .text("question"), .value("7")),
        (#"{"question":null}"#, .text("question"), .value("null")),
        (#"{"question":["a"]}"#, .text("question"), .list),
        (#"{"question":"a","answerable":"yes"}"#, .flag("answerable"), .text),
        (#"{"question":"a","keywords":"b"}"#, .list("keywords"), .text),
        (#"{"question":"a","documents":{"b":1}}"#, .list("documents"), .object),
    ])
    func badLinesSayWhatWasExpectedAndWhatIsThere(
        line: String, expected: QuestionListError.Expected, found: QuestionListError.Found
    ) {
        let error = QuestionListError.line(number: 3, expected: expected, actual: found)
        #expect(throws: error) {
            try QuestionList.parse(Data((#"{"question":"a"}"# + "\n\n" + line).utf8))
        }
        #expect("\(error)".hasPrefix("Line 3 ") && !"\(error)".contains("Decoding"))
    }

    @Test func scoresLookAtNumbersNotAtTheirLook() {
        let question = ListedQuestion(
            id: "q", question: "租金？", answer: "每天 0.35 元", keywords: [["0.35 元"], ["三天", "3 天"]], documents: ["a.md"])
        func score(_ text: String, outcome: Answer.Outcome = .answered, source: String = "a.md") -> AnswerScoring.Score
        {
            let citation = Citation(
                number: 1, document: source, record: "r", title: "", heading: "", date: nil, offset: 0, length: 1,
                text: "x", passageHash: "")
            let answer = Answer(
                question: "租金？", searched: "租金？", outcome: outcome, text: text,
                citations: outcome == .notFound ? [] : [citation], evidence: 1, passages: [])
            return AnswerScoring.score(answer, for: question)
        }
        #expect(score("租金是０.３５元，3天起。").isRight)
        #expect(!score("租金是 0.35 元。").isRight)
        #expect(!score("租金是 0.36 元，3天起。").isRight)
        #expect(score("租金 0.35 元，三天。", source: "b.md").hasRightSource == false)
        #expect(!score("资料中未找到。", outcome: .notFound).isRight)
        let summary = AnswerScoring.summary([score("租金是0.35元，3天起。"), score("", outcome: .notFound)])
        #expect(summary.right == 0.5)
        #expect(summary.answered == 0.5)
        #expect(summary.rightSource == 1)
        #expect(AnswerScoring.f1("甲乙", "甲丙") == 0.5)
    }
}
