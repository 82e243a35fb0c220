import Foundation
import Retrieval
import Storage
import Synchronization
import Testing

/// Search by meaning, with an embedder that knows a few concepts.
struct VectorTests {
    /// One dimension per concept, a little of all in every text; counts what it embeds.
    private final class Concepts: Embedder {
        let name: String
        private let texts = Mutex(0)
        private static let concepts = [
            ["押金", "保证金", "先交的钱"], ["丢", "不见", "找不到"], ["周末", "礼拜天", "星期"], ["叉车", "搬运"],
        ]

        init(name: String = "concepts/4/1") { self.name = name }
        var embedded: Int { texts.withLock { $0 } }

        func embed(_ texts: [String], as role: EmbeddedRole) async throws -> [[Float]] {
            self.texts.withLock { $0 += texts.count }
            return texts.map { text in
                var vector = Self.concepts.map { words in
                    0.1 + Float(words.count { text.contains($0) })
                }
                let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
                for index in vector.indices { vector[index] /= length }
                return vector
            }
        }
    }

    private static let records = [
        Fixtures.record("deposit.md", "# 保证金\n\n保证金 60 元，退租以后七日内退回。"),
        Fixtures.record("loss.md", "# 赔偿\n\n托盘不见了要在三日内报告。"),
        Fixtures.record("hours.md", "# 时间\n\n礼拜天不开门。"),
        Fixtures.record("lift.md", "# 设备\n\n搬运设备每年检查一次。"),
    ]

    private func build(_ database: PalletDatabase, _ embedder: (any Embedder)?) async throws -> PassageIndex {
        let index = PassageIndex(database: database, name: "v", embedder: embedder)
        try await index.build(records: Self.records)
        return index
    }

    @Test func nearestLooksAtVectorsAlone() async throws {
        let database = try PalletDatabase.inMemory()
        let index = try await build(database, Concepts())
        let nearest = try await index.nearest(to: "先交的钱呢", limit: 3)
        #expect(nearest.count == 3 && nearest.first?.passage.document.path == "deposit.md")
        #expect(nearest.map(\.score) == nearest.map(\.score).sorted(by: >))
        #expect(nearest.first?.score == nearest.first?.features.similarity)
        #expect(try await index.nearest(to: "先交的钱呢", limit: 0).isEmpty)
        let words = PassageIndex(database: database, name: "v")
        #expect(try await words.nearest(to: "先交的钱呢", limit: 3).isEmpty, "no embedder, no vectors")
    }

    @Test func findsWhatSharesNoWordWithTheQuestion() async throws {
        let database = try PalletDatabase.inMemory()
        do {
            let embedder = Concepts()
            let index = try await build(database, embedder)
            let byMeaning = try await index.search("先交的钱呢")
            #expect(byMeaning.first?.passage.document.path == "deposit.md")
            let best = try #require(byMeaning.first)
            #expect(best.features.similarity ?? 0 > 0.9)
            let top = try #require(best.sentenceSimilarities.max { $0.value < $1.value })
            let text = String(String.UnicodeScalarView(best.passage.text.unicodeScalars.dropFirst(top.key).prefix(3)))
            #expect(text == "保证金", "the place is the sentence's own")
            let byWords = try await PassageIndex(database: database, name: "v").search("先交的钱呢")
            #expect(byWords.allSatisfy { $0.features.similarity == nil && $0.sentenceSimilarities.isEmpty })
        }
    }

    /// More passages than are looked at again: the nearest is found wherever it stands, at the first, the last and any
    /// other place of the table.
    @Test(arguments: [0, 1, 40, 59, 119])
    func findsTheNearestOfMany(_ place: Int) async throws {
        let records = (0..<120).map { number in
            // All mention the deposit; all but one speak more of other things.
            let other = String(repeating: "礼拜天不开门。", count: number == place ? 0 : 2 + (number * 7) % 5)
            return Fixtures.record(String(format: "%03d.md", number), "# 说明\n\n保证金。\(other)")
        }
        let database = try PalletDatabase.inMemory()
        do {
            let index = PassageIndex(database: database, name: "v", embedder: Concepts())
            try await index.build(records: records)
            let hits = try await index.search("先交的钱呢", limit: 3)
            #expect(hits.first?.passage.document.path == String(format: "%03d.md", place))
            let values = hits.compactMap(\.features.similarity)
            #expect(values.count == 3 && values[0] > values[1], "the others are farther away")
        }
    }

    @Test func spacesAreNeverMixed() async throws {
        let database = try PalletDatabase.inMemory()
        do {
            _ = try await build(database, Concepts())
            let other = Concepts(name: "other/4/1")
            let hits = try await PassageIndex(database: database, name: "v", embedder: other).search("保证金")
            #expect(hits.first?.passage.document.path == "deposit.md")
            #expect(hits.allSatisfy { $0.features.similarity == nil })
            #expect(other.embedded == 0, "not even the question is embedded")
            // Another model makes every vector anew, none leaves no vector behind.
            _ = try await build(database, other)
            #expect(other.embedded > Self.records.count)
            #expect(try await database.passages.index(named: "v")?.active?.vectorSpace == "other/4/1")
            _ = try await build(database, nil)
            #expect(try await database.passages.index(named: "v")?.active?.vectorSpace == nil)
            #expect(try await database.passages.passageVectors(index: "v").vectors.isEmpty)
        }
    }

    @Test func anUnchangedDocumentIsNotEmbeddedAgain() async throws {
        let database = try PalletDatabase.inMemory()
        do {
            let embedder = Concepts()
            _ = try await build(database, embedder)
            let first = embedder.embedded
            _ = try await build(database, embedder)
            #expect(embedder.embedded == first)
            let index = PassageIndex(database: database, name: "v", embedder: embedder)
            try await index.build(records: Self.records + [Fixtures.record("new.md", "# 新\n\n新增一条。")])
            #expect(embedder.embedded > first && embedder.embedded <= first + 3)
        }
    }

    @Test func similaritiesAreThoseOfTheRealVectors() async throws {
        let database = try PalletDatabase.inMemory()
        do {
            let embedder = Concepts()
            let index = try await build(database, embedder)
            let hits = try await index.search("叉车 找不到")
            let question = try #require(try await embedder.embed(["叉车 找不到"], as: .question).first)
            for hit in hits {
                let heading = hit.passage.heading.isEmpty ? "" : hit.passage.heading + "\n"
                let passage = try #require(
                    try await embedder.embed([heading + hit.passage.text], as: .passage).first)
                let exact = zip(question, passage).reduce(0.0) { $0 + Double($1.0 * $1.1) }
                #expect(abs((hit.features.similarity ?? 9) - exact) < 0.01, "\(hit.passage.document.path)")
            }
            #expect(hits.count == Self.records.count, "all are near enough to be looked at")
        }
    }
}
