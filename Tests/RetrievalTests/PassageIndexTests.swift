import Foundation
import Retrieval
import Storage
import Synchronization
import Testing

/// Building and searching an index.
struct PassageIndexTests {
    private func first(_ index: PassageIndex, _ query: String) async throws -> String? {
        try await index.search(query).first?.passage.document.path
    }

    @Test func findsWordsCodesAndNumbersHoweverTheyAreWritten() async throws {
        let index = try await Fixtures.companyIndex()
        #expect(try await first(index, "最短租期是多少天？") == "rules.md")
        #expect(try await first(index, "ＰＴ－１２１０的日租金") == "price.md")
        #expect(try await first(index, "pt1210 租金") == "price.md")
        #expect(try await first(index, "0.35") == "price.md")
        #expect(try await first(index, "专用发票") == "faq.md")
        #expect(try await first(index, "When do you open on Sunday?") == "hours.md")
    }

    @Test func findsWhatIsSaidInOtherWords() async throws {
        let index = try await Fixtures.companyIndex()
        #expect(try await first(index, "弄丢了要赔多少钱？") == "rules.md")
        #expect(try await first(index, "星期天上班吗？") == "hours.md")
    }

    @Test(arguments: [
        "", " ", "\"", "AND", "押金 OR NOT", "NEAR(押金)", "押金*", "body_terms:押金", "-押金", "'; DROP TABLE passage; --",
        "((((",
        "\u{0}", "？？？", "的的的", "{押金}", "^押金", String(repeating: "押金", count: 5000),
    ])
    func noQueryIsSyntax(query: String) async throws {
        let index = try await Fixtures.companyIndex()
        let hits = try await index.search(query)
        if query.contains("押金") {
            #expect(hits.contains { $0.passage.document.path == "rules.md" })
        }
        #expect(try await index.store.index(named: "test")?.active?.passages ?? 0 > 20)
    }

    @Test func highlightsLieOnWhatWasAsked() async throws {
        let index = try await Fixtures.companyIndex()
        let hit = try #require(try await index.search("押金几天退？").first)
        let scalars = Array(hit.passage.text.unicodeScalars)
        let marked = hit.highlights.map { range in
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars[range])
            return String(view)
        }
        #expect(marked.contains("押金"))
        #expect(zip(hit.highlights, hit.highlights.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
    }

    @Test func placesAreScalarsOfTheText() async throws {
        let text = "😀👨‍👩‍👧 前言\n\n# 押金\n\n押金 60 元。"
        let index = try await Fixtures.index([Fixtures.record("a.md", text)])
        let passage = try #require(try await index.search("押金").first).passage
        let scalars = Array(text.unicodeScalars)
        #expect(Array(passage.text.unicodeScalars) == Array(scalars[passage.start..<passage.start + passage.length]))
    }

    @Test func theNewerOfTwoThatContradictComesFirst() async throws {
        let old = Fixtures.record("a-old.md", "客服热线周一至周五 9:00–18:00 有人接听，周末休息。", title: "服务时间", date: "2024-05-01")
        let new = Fixtures.record("b-new.md", "客服热线周一至周六 8:00–20:00 有人接听，周日休息。", title: "服务时间", date: "2026-05-06")
        for records in [[old, new], [new, old]] {
            let hits = try await Fixtures.index(records).search("客服热线几点有人接听？")
            #expect(hits.map(\.passage.document.path) == ["b-new.md", "a-old.md"])
            #expect(hits.map(\.supersededBy) == [nil, "b-new.md"])
        }
    }

    @Test func unchangedDocumentsAreNotCutAgain() async throws {
        let index = PassageIndex(store: try PalletDatabase.inMemory().passages, name: "test")
        let first = try await index.build(records: Fixtures.company)
        #expect(first.documentsCut == 4)
        let before = try await index.search("押金")
        let second = try await index.build(records: Fixtures.company)
        #expect(second.documentsCut == 0)
        #expect(second.passages == first.passages)
        #expect(try await index.search("押金") == before)
        var changed = Fixtures.company
        changed[1].document.date = "2026-11-01"
        changed.removeLast()
        let third = try await index.build(records: changed)
        #expect(third.documentsCut == 1)
        #expect(third.documents == 3)
        #expect(try await index.search("专用发票").isEmpty)
    }

    @Test func theOrderOfBuildsDoesNotChangeTheAnswer() async throws {
        let grown = PassageIndex(store: try PalletDatabase.inMemory().passages, name: "test")
        try await grown.build(records: Array(Fixtures.company.prefix(2)))
        try await grown.build(records: Fixtures.company)
        let fresh = try await Fixtures.index(Fixtures.company)
        for query in ["押金", "租金是多少", "周日", "发票 税率"] {
            let (a, b) = (try await grown.search(query), try await fresh.search(query))
            #expect(a.map(\.passage.document.path) == b.map(\.passage.document.path))
            #expect(a.map(\.features) == b.map(\.features))
        }
    }

    @Test func aBuildThatIsCancelledLeavesTheIndexAsItWas() async throws {
        let index = try await Fixtures.index(Fixtures.company)
        let before = try await index.search("押金")
        let records = (0..<500).map { Fixtures.record("n\($0).md", "押金新闻第\($0)条。") }
        let running = Mutex<Task<IndexBuildReport, any Error>?>(nil)
        let task = Task {
            try await index.build(records: records) { done in
                // Waits until the task is known, which is a matter of microseconds.
                while done >= 128, !Task.isCancelled { running.withLock { $0?.cancel() } }
            }
        }
        running.withLock { $0 = task }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await index.search("押金") == before)
        #expect(try await index.build(records: records).documentsCut < 500)
        #expect(try await index.store.index(named: "test")?.active?.documents == 500)
    }

    @Test func twoRecordsOfOneIdCountOnce() async throws {
        let index = try await Fixtures.index([Fixtures.record("a", "甲乙"), Fixtures.record("a", "丙丁")])
        #expect(try await index.store.index(named: "test")?.active?.documents == 1)
    }

    @Test func anIndexThatWasNeverBuiltIsAnError() async throws {
        let index = PassageIndex(store: try PalletDatabase.inMemory().passages, name: "none")
        await #expect(throws: StorageError.notFound(kind: "index in use", name: "none")) {
            try await index.search("押金")
        }
    }
}
