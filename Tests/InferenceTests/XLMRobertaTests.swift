import Foundation
import Inference
import ModelFormats
import Tensors
import TestSupport
import Testing
import Tokenizers
import Transformers

/// Tiny random models of the XLM-RoBERTa family against transformers in f64, tokenizer included
/// (`Tests/Fixtures/xlm-roberta/make.py`), from the folder and from a GGUF file that is written of it.
struct XLMRobertaTests {
    private struct Expected: Decodable {
        struct Vectors: Decodable {
            let text: String
            let ids: [Int]
            let cls: [Double], mean: [Double]
        }
        struct Pair: Decodable {
            let query: String, passage: String
            let ids: [Int]
            let logit: Double
        }
        struct Single: Decodable {
            let ids: [Int]
            let logit: Double
        }
        struct Scores: Decodable {
            let pairs: [Pair]
            let single: Single
        }
        let embedding: [Vectors]
        let reranker: Scores, roberta: Scores

        func scores(_ name: String) -> Scores { name == "roberta" ? roberta : reranker }
    }

    private static let folder = FixtureFolder.url.appendingPathComponent("xlm-roberta")
    private let expected: Expected

    init() throws {
        expected = try JSONDecoder().decode(
            Expected.self, from: try Data(contentsOf: Self.folder.appendingPathComponent("expected.json")))
    }

    /// The folder itself, or what our writer makes of it.
    ///
    /// - Parameter pooling: false: as published rerankers are written, which state none.
    private func open(_ name: String, gguf: Bool, statesPooling: Bool = true) throws -> ModelFile {
        let model = try ModelFile.open(Self.folder.appendingPathComponent(name))
        guard gguf else { return model }
        let target = FileManager.default.temporaryDirectory.appendingPathComponent("pallet-xlm-\(UUID()).gguf")
        defer { try? FileManager.default.removeItem(at: target) }
        var metadata = model.metadata
        if !statesPooling { metadata["bert.pooling_type"] = nil }
        let source = try ModelFile(
            configuration: model.configuration, metadata: metadata, tokenizerFiles: [:], config: nil,
            tensors: model.tensors
        ) { try model.read($0, rows: $1) }
        _ = try ModelExporter(source).writeGGUF(
            to: target, type: .f32, tokenizer: try TokenizerDefinition(file: model).metadata)
        return try ModelFile.open(target)
    }

    /// The largest difference, in parts of the larger length.
    private func difference(_ found: [Float], _ want: [Double]) -> Double {
        guard found.count == want.count else { return .infinity }
        return zip(found, want).map { abs(Double($0) - $1) }.max() ?? .infinity
    }

    @Test(arguments: [false, true])
    func vectorsAreThoseOfTransformers(gguf: Bool) async throws {
        let file = try open("embedding", gguf: gguf)
        #expect(file.configuration.architecture == .bert && file.configuration.pooling == .cls)
        #expect(file.configuration.contextLength == 64 && file.configuration.tokenTypeCount == 1)
        for pooling in [nil, Pooling.mean] {
            let embedder = try SentenceEmbedder(
                name: "tiny", file: file, threads: 2, precision: .exact, pooling: pooling)
            let together = try await embedder.embeddings(of: expected.embedding.map(\.text))
            for (found, want) in zip(together, expected.embedding) {
                #expect(found.tokens == want.ids.count && !found.truncated)
                // Of vectors of length 1.
                let error = difference(found.vector, pooling == .mean ? want.mean : want.cls)
                #expect(error < 1e-5, "\(want.text): \(error)")
                #expect(try await embedder.embed([want.text]) == [found.vector])
            }
        }
    }

    @Test(arguments: ["embedding", "reranker", "roberta"], [false, true])
    func idsAreThoseOfTransformers(_ name: String, gguf: Bool) throws {
        let tokenizer = try Tokenizer(try TokenizerDefinition(file: try open(name, gguf: gguf)))
        if name == "embedding" {
            for want in expected.embedding {
                #expect(tokenizer.encode(want.text, addSpecial: true, parseSpecial: false) == want.ids, "\(want.text)")
            }
            return
        }
        for want in expected.scores(name).pairs {
            let pair = tokenizer.pair(
                tokenizer.encode(want.query, addSpecial: false, parseSpecial: false),
                tokenizer.encode(want.passage, addSpecial: false, parseSpecial: false))
            #expect(pair.first + pair.second == want.ids, "\(want.passage)")
        }
        #expect(tokenizer.pairOverhead == 4)
    }

    @Test(arguments: ["reranker", "roberta"], [false, true])
    func scoresAreThoseOfTransformers(_ name: String, gguf: Bool) async throws {
        let file = try open(name, gguf: gguf, statesPooling: false)
        #expect(file.configuration.scoresPairs && file.configuration.pooling == nil)
        let scores = expected.scores(name)
        let reranker = try Reranker(name: "tiny", file: file, threads: 2, precision: .exact)
        let query = try #require(scores.pairs.first?.query)
        let together = try await reranker.scores(query: query, passages: scores.pairs.map(\.passage))
        for (found, want) in zip(together, scores.pairs) {
            #expect(found.tokens == want.ids.count && !found.truncated)
            #expect(abs(found.logit - want.logit) < 1e-5 * max(1, abs(want.logit)), "\(want.passage): \(found.logit)")
            #expect(try await reranker.scores(query: query, passages: [want.passage]) == [found])
        }
        let model = try EncoderModel(file: file, precision: .exact)
        let single = try model.scores(
            of: [TextPair(scores.single.ids)], workspace: try EncoderWorkspace(model: model, rows: 64),
            pool: try WorkerPool(threads: 1))[0]
        #expect(abs(Double(single) - scores.single.logit) < 1e-5)
    }

    /// The last position that the table has is used, one more is refused.
    @Test func contextEndsWithTheTable() throws {
        let model = try EncoderModel(file: try open("embedding", gguf: false), precision: .exact)
        let pool = try WorkerPool(threads: 1)
        let workspace = try EncoderWorkspace(model: model, rows: 128)
        let full = [0] + [Int](repeating: 6, count: 62) + [2]
        #expect(try model.states(of: [full], workspace: workspace, pool: pool)[0].count == 64 * 16)
        #expect(throws: TransformerError.contextExceeded(positions: 65, limit: 64)) {
            try model.states(of: [full + [2]], workspace: workspace, pool: pool)
        }
    }

    /// A vector model and a reranker are not taken for each other.
    @Test func eachSaysWhatItIs() throws {
        #expect(throws: RerankingError.noHead(model: "tiny")) {
            try Reranker(name: "tiny", file: try open("embedding", gguf: true), threads: 1)
        }
        #expect(throws: EmbeddingError.noPooling(model: "tiny")) {
            try SentenceEmbedder(name: "tiny", file: try open("reranker", gguf: true), threads: 1)
        }
    }
}
