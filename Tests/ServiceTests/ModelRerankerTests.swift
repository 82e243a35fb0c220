import Foundation
import Inference
import ModelFormats
import Service
import TestSupport
import Testing

/// A reranker of the engine as retrieval sees it.
struct ModelRerankerTests {
    @Test func givesTheLogits() async throws {
        let file = try ModelFile.open(FixtureFolder.url.appendingPathComponent("xlm-roberta/reranker"))
        let reranker = try Reranker(name: "tiny", file: file, threads: 1)
        let passages = ["一天 3.5", "the pallet is in the store", "塑料托盘租赁，标准"]
        let scores = try await ModelReranker(reranker).scores(question: "托盘多少钱？", passages: passages)
        let own = try await reranker.scores(query: "托盘多少钱？", passages: passages)
        #expect(scores == own.map(\.logit) && Set(scores).count == 3)
        // Probabilities would all be positive.
        #expect(scores.contains { $0 < 0 })
    }
}
