import Foundation
import Inference
import ModelFormats
import Tensors
import TestSupport
import Testing
import Transformers

/// From texts to vectors with the published multilingual-e5-small, tokenizer included.
@Suite(.enabled(if: Shared.available, Shared.hint), .serialized)
struct SentenceEmbedderTests {
    static let file = "multilingual-e5-small-q4_0.gguf"
    static let present = Shared.inCI || Shared.model(file) != nil
    static let hint: Comment = "needs multilingual-e5-small in the cache: pallet model pull, or models/get.py"

    private func embedder(threads: Int = 2, stepTokens: Int = 512) throws -> SentenceEmbedder {
        let url = try #require(Shared.model(Self.file))
        return try SentenceEmbedder(
            name: "e5", file: try ModelFile.open(url), threads: threads, stepTokens: stepTokens)
    }

    private func dot(_ a: some Sequence<Float>, _ b: some Sequence<Float>) -> Double {
        zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }

    @Test(.enabled(if: present, hint))
    func textsGiveReferenceVectors() async throws {
        let sentences = try Shared.jsonLines("reference/embedding/sentences.jsonl")
        let texts = try sentences.map { try #require($0["text"] as? String) }
        let embedder = try embedder()
        #expect(embedder.dimensions == 384 && embedder.contextLength == 512 && embedder.pooling == .mean)
        let found = try await embedder.embeddings(of: texts)
        let expected = try SafetensorsFile(
            Shared.folder.appendingPathComponent("reference/embedding/vectors.safetensors"))
        let truth = try floats(expected.read("truth"))
        for (index, embedding) in found.enumerated() {
            let ids = try #require(sentences[index]["ids"] as? [Int])
            #expect(embedding.tokens == ids.count && !embedding.truncated, "\(texts[index].prefix(40))")
            #expect(dot(embedding.vector, truth[index * 384..<(index + 1) * 384]) >= 0.9995)
            #expect(abs(dot(embedding.vector, embedding.vector) - 1) < 1e-5)
        }
        let statistics = await embedder.statistics
        #expect(statistics.texts == texts.count && statistics.truncated == 0)
        #expect(statistics.tokens == found.reduce(0) { $0 + $1.tokens } && statistics.stepSeconds > 0)
    }

    /// Ranks as in the reference, except where another passage's score lies within 0.003.
    @Test(.enabled(if: present, hint))
    func passagesRankAsInTheReference() async throws {
        let cases = try Shared.jsonLines("reference/embedding/retrieval.jsonl")
        let embedder = try embedder()
        var first = 0
        for item in cases {
            let query = try #require(item["query"] as? String)
            let passages = try #require(item["passages"] as? [String])
            let answer = try #require(item["answer"] as? Int)
            let dense = try #require(item["dense"] as? [Double])
            let vectors = try await embedder.embed(["query: " + query] + passages.map { "passage: " + $0 })
            let scores = vectors.dropFirst().map { dot($0, vectors[0]) }
            let rank = 1 + scores.count { $0 > scores[answer] }
            let close = dense.indices.contains { $0 != answer && abs(dense[$0] - dense[answer]) <= 0.003 }
            #expect(close || rank == item["rank"] as? Int, "\(query)")
            for (score, want) in zip(scores, dense) { #expect(abs(score - want) < 0.01, "\(query)") }
            first += rank == 1 ? 1 : 0
        }
        // The reference has 52 of 66 first.
        #expect(abs(first - 52) <= 2, "\(first) of \(cases.count)")
    }

    @Test(.enabled(if: present, hint))
    func stepsThreadsAndCallersBesideChangeNoBit() async throws {
        let texts = ["", "托盘", "query: 托盘租赁多少钱一天？", String(repeating: "仓库 shelf ", count: 60), "a", "托盘"]
        let expected = try await embedder(threads: 1).embed(texts)
        #expect(expected[1] == expected[5])
        for (threads, step) in [(2, 512), (3, 2000)] {
            let shared = try embedder(threads: threads, stepTokens: step)
            let together = try await withThrowingTaskGroup(of: (Bool, [[Float]]).self) { group in
                for reversed in [false, true, false] {
                    group.addTask {
                        (reversed, try await shared.embed(reversed ? texts.reversed() : texts))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1.0 ? $1.1.reversed() : $1.1) }
            }
            for vectors in together { #expect(vectors == expected) }
        }
    }

    @Test(.enabled(if: present, hint))
    func longTextsAreCutAndSaySo() async throws {
        let embedder = try embedder()
        let long = String(repeating: "押金在七个工作日内原路退回。", count: 200)
        let found = try await embedder.embeddings(of: [long, long + "完全不同的结尾", "短"])
        #expect(found.map(\.tokens)[..<2] == [512, 512] && found.map(\.truncated) == [true, true, false])
        #expect(found[0].vector == found[1].vector && embedder.tokenCount(of: long) > 512)
        #expect(await embedder.statistics.truncated == 2)
        #expect(try await embedder.embed([]).isEmpty)
    }

    @Test(.enabled(if: present, hint))
    func aCancelledCallEnds() async throws {
        let embedder = try embedder()
        let texts = Array(repeating: String(repeating: "押金 ", count: 400), count: 400)
        let task = Task { try await embedder.embed(texts) }
        try await Task.sleep(for: .milliseconds(50))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    /// A model that was not made for vectors says so instead of giving some that mean nothing.
    @Test func otherModelsAreRefused() throws {
        for name in ["qwen2", "bert-reranker"] {
            let file = try tiny(name, "model.gguf")
            #expect(throws: EmbeddingError.noPooling(model: name)) {
                try SentenceEmbedder(name: name, file: file, threads: 1)
            }
        }
    }

    private func tiny(_ name: String, _ file: String = "") throws -> ModelFile {
        let folder = Shared.folder.appendingPathComponent("reference/models/\(name)")
        return try ModelFile.open(folder.appendingPathComponent(file))
    }

    /// WordPiece encoders and decoders: folder and GGUF give one vector, whatever stands beside a text.
    @Test(arguments: ["bert-cls", "bert-mean", "qwen3-embedding"])
    func everyKindOfModelGivesOneVectorAText(_ name: String) async throws {
        let texts = ["hello world", "", "a", String(repeating: "long text ", count: 200), "hello world"]
        let folder = try SentenceEmbedder(name: name, file: try tiny(name), threads: 2, precision: .exact)
        let gguf = try SentenceEmbedder(
            name: name, file: try tiny(name, "model.gguf"), threads: 1, precision: .exact, stepTokens: 7)
        #expect(folder.pooling == gguf.pooling && folder.dimensions == 64)
        let together = try await folder.embeddings(of: texts)
        #expect(try await gguf.embeddings(of: texts) == together)
        for (text, embedding) in zip(texts, together) {
            #expect(try await folder.embeddings(of: [text]) == [embedding])
            #expect(embedding.truncated == (embedding.tokens == folder.contextLength))
            let length = dot(embedding.vector, embedding.vector)
            #expect(abs(length - (embedding.tokens == 0 ? 0 : 1)) < 1e-5, "\(text.prefix(20))")
        }
        #expect(together[3].truncated && together[0] == together[4])
        // BERT closes every text; these decoders' tokenizer adds nothing.
        #expect(together[1].tokens == (name == "qwen3-embedding" ? 0 : 2))
        // The same direction without the length.
        let raw = try await folder.embeddings(of: ["a"], normalised: false)[0].vector
        let length = dot(raw, raw).squareRoot()
        #expect(abs(length - 1) > 1e-3)
        for (left, right) in zip(raw, together[2].vector) { #expect(abs(Double(left) / length - Double(right)) < 1e-6) }
    }

    private func floats(_ bytes: [UInt8]) -> [Float] {
        stride(from: 0, to: bytes.count, by: 4).map { start in
            Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) })
        }
    }
}
