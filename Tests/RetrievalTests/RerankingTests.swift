import Foundation
import Retrieval
import Storage
import Synchronization
import Testing

/// Found passages read again by a reranker that counts a word.
struct RerankingTests {
    private final class Counting: PassageReranker {
        private let word: String
        private let asked = Mutex<[(question: String, passages: [String])]>([])

        init(_ word: String) { self.word = word }
        var calls: [(question: String, passages: [String])] { asked.withLock { $0 } }

        func scores(question: String, passages: [String]) async throws -> [Double] {
            asked.withLock { $0.append((question, passages)) }
            return passages.map { Double($0.components(separatedBy: word).count - 1) }
        }
    }

    private struct Silent: PassageReranker {
        func scores(question: String, passages: [String]) async throws -> [Double] { [1] }
    }

    private func index(_ database: PalletDatabase, count: Int = 30) async throws -> PassageIndex {
        let index = PassageIndex(database: database, name: "r")
        try await index.build(
            records: (0..<count).map { number in
                // The later a document, the more it speaks of the weekend and of other things.
                let text = String(repeating: "周末。", count: number) + String(repeating: "托盘在仓库里。", count: number)
                return Fixtures.record(String(format: "%02d.md", number), "# 说明\n\n托盘押金六十元。\(text)")
            })
        return index
    }

    private func paths(_ hits: [PassageHit]) -> [String] { hits.map(\.passage.document.path) }

    @Test func theBestComeFirstOnTheOldScale() async throws {
        let database = try PalletDatabase.inMemory()
        var index = try await index(database)
        let before = try await index.search("托盘押金多少钱", limit: 8)
        // Each document speaks of the weekend as often as its name says.
        let wanted = Array(paths(before).prefix(5).sorted().reversed())
        #expect(before.count == 8 && wanted != Array(paths(before).prefix(5)))
        let reranker = Counting("周末")
        index.reranking = Reranking(reranker, candidates: 5)
        let after = try await index.search("托盘押金多少钱", limit: 8)
        #expect(paths(after) == wanted + paths(before).dropFirst(5))
        #expect(after.map(\.score) == before.map(\.score))
        // What is asked goes to the model as it was typed, passages with what they stand under.
        let call = try #require(reranker.calls.first)
        #expect(reranker.calls.count == 1 && call.question == "托盘押金多少钱" && call.passages.count == 5)
        #expect(call.passages == before.prefix(5).map { "说明\n" + $0.passage.text })
        // Features stay with their passage.
        let first = try #require(after.first)
        #expect(first.features == before.first { $0.passage.id == first.passage.id }?.features)
    }

    @Test func equallyGoodOnesKeepTheirOrder() async throws {
        let database = try PalletDatabase.inMemory()
        var index = try await index(database)
        let before = try await index.search("托盘押金多少钱", limit: 30)
        index.reranking = Reranking(Counting("没有的词"))
        #expect(try await index.search("托盘押金多少钱", limit: 30) == before)
    }

    @Test func whatHasNoChoiceOrNoScoresStays() async throws {
        let database = try PalletDatabase.inMemory()
        var index = try await index(database, count: 3)
        let before = try await index.search("托盘押金多少钱")
        let reranker = Counting("周末")
        for candidates in [-1, 0, 1] {
            index.reranking = Reranking(reranker, candidates: candidates)
            #expect(try await index.search("托盘押金多少钱") == before)
        }
        #expect(reranker.calls.isEmpty)
        index.reranking = Reranking(Silent())
        #expect(try await index.search("托盘押金多少钱") == before)
        #expect(try await index.search("锅炉").isEmpty)
    }
}
