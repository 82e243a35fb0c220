import Corpus
import Foundation
import Retrieval
import Storage
import Testing

/// Prices in tables, notices that change a rule, questions that name two things.
struct TableAndTimeTests {
    private func record(_ path: String, _ text: String, date: String?, source: DateSource?) -> IndexableRecord {
        IndexableRecord(
            document: StoredDocument(
                record: path, path: path, title: path, date: date, dateSource: source?.rawValue),
            text: text, textHash: TextHash.hex(text))
    }

    private func prices(_ year: Int, _ rent: String) -> IndexableRecord {
        record(
            "prices-\(year).md",
            """
            # \(year) 年价目表

            | 型号 | 名称 | 日租金（元） | 押金（元） |
            |---|---|---|---|
            | TX-10 | 网格托盘 | \(rent) | 35 |
            | TX-20 | 平板托盘 | 0.90 | 50 |
            """, date: "\(year)-01-01", source: .metadata)
    }

    private func quoted(_ records: [IndexableRecord], _ question: String) async throws -> Answer {
        let index = try await Fixtures.index(records + Fixtures.foreign)
        var configuration = Assistant.Configuration(threshold: 0)
        configuration.quoteMargin = 0
        return try await Assistant(index: index, generator: nil, configuration: configuration).answer(question)
    }

    @Test func aBareNumberHasTheUnitOfItsColumn() async throws {
        let answer = try await quoted([prices(2026, "0.25")], "TX-10 一天租金多少钱？")
        #expect(answer.text.contains("TX-10") && answer.text.contains("0.25"))
        #expect(!answer.text.contains("0.90"))
    }

    @Test func thisYearsRowSupersedesLastYearsThoughTheDepositIsTheSame() async throws {
        let index = try await Fixtures.index([prices(2025, "0.27"), prices(2026, "0.25")])
        let hits = try await index.search("TX-10 的日租金是多少？")
        #expect(hits.first?.passage.document.path == "prices-2026.md")
        #expect(hits.first { $0.passage.document.path == "prices-2025.md" }?.supersededBy == "prices-2026.md")
        // Equal rows contradict nothing.
        let same = try await Fixtures.index([prices(2025, "0.25"), prices(2026, "0.25")])
        #expect(try await same.search("TX-10 的日租金是多少？").allSatisfy { $0.supersededBy == nil })
    }

    @Test(arguments: [
        ("自 2 月 1 日起，出差餐补调整为每天 90 元。", true), ("出差餐补：每天 70 元 → 每天 90 元。", true),
        ("某次出差餐补每天 90 元。", false),
    ])
    func aDatedNoticeOfChangeBeatsARuleThatOnlyItsFileDates(notice: String, isNewer: Bool) async throws {
        let index = try await Fixtures.index([
            record("rule.md", "# 差旅\n\n出差餐补每天 70 元。", date: "2026-11-26", source: .fileTime),
            record("notice.md", "# 通知\n\n" + notice, date: "2026-01-15", source: .metadata),
        ])
        let hits = try await index.search("出差餐补每天多少？")
        let rule = try #require(hits.first { $0.passage.document.path == "rule.md" })
        #expect((rule.supersededBy == "notice.md") == isNewer)
    }

    @Test func aQuestionThatNamesTwoThingsGetsARowForEach() async throws {
        let answer = try await quoted([prices(2026, "0.25")], "TX-10 和 TX-20 一天租金各多少钱？")
        #expect(
            answer.text.contains("0.25") && answer.text.contains("0.90"),
            "\(answer.outcome) \(answer.evidence) \(answer.text)")
    }

    @Test func aModelThatSaysTheSameNumberLowersWhatAQuotationNeeds() async throws {
        let index = try await Fixtures.companyIndex()
        func outcome(_ says: String, threshold: Double) async throws -> Answer.Outcome {
            let configuration = Assistant.Configuration(threshold: threshold)
            return try await Assistant(
                index: index, generator: ScriptedGenerator(says), configuration: configuration
            ).answer("最短租期多少天？").outcome
        }
        let evidence = try await Assistant(index: index, generator: nil).answer("最短租期多少天？").evidence
        // Not borne as a sentence, but its number is the quotation's.
        let agreeing = "根据合同附件与惯例计算得出结果三十天整。"
        #expect(try await outcome(agreeing, threshold: evidence / 0.9) == .quoted)
        #expect(try await outcome("根据合同附件与惯例计算得出结果九十天整。", threshold: evidence / 0.9) == .notFound)
    }
}
