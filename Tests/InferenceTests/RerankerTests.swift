import Foundation
import Inference
import ModelFormats
import Tensors
import TestSupport
import Testing
import Tokenizers
import Transformers

/// From query and passages to scores, tokenizer and form included.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct RerankerTests {
    private static let passages = ["yes it is", "no", "", "rain in may", "yes it is"]

    private func file(_ name: String, _ part: String = "") throws -> ModelFile {
        let folder = Shared.folder.appendingPathComponent("reference/models/\(name)")
        return try ModelFile.open(folder.appendingPathComponent(part))
    }

    /// The tiny decoder's context holds no question; nothing in its mathematics depends on the number.
    private func judge(_ part: String = "", context: Int = 2048) throws -> ModelFile {
        let small = try file("qwen3-reranker", part)
        var configuration = small.configuration
        configuration.contextLength = context
        return try ModelFile(
            configuration: configuration, metadata: small.metadata, tokenizerFiles: small.tokenizerFiles, config: nil,
            tensors: small.tensors
        ) { try small.read($0, rows: $1) }
    }

    private func reranker(
        _ file: ModelFile, threads: Int = 2, stepTokens: Int = 512, precision: Precision = .exact
    ) throws -> Reranker {
        try Reranker(name: "tiny", file: file, threads: threads, precision: precision, stepTokens: stepTokens)
    }

    /// Both kinds, from folder and GGUF: one score a passage, whoever stands beside it.
    @Test(arguments: ["bert-reranker", "qwen3-reranker"])
    func neighboursStepsThreadsAndFilesChangeNoScore(_ name: String) async throws {
        func open(_ part: String) throws -> ModelFile {
            name == "qwen3-reranker" ? try judge(part) : try file(name, part)
        }
        let first = try reranker(try open(""))
        let scores = try await first.scores(query: "is it so?", passages: Self.passages)
        #expect(scores.count == 5 && scores[0] == scores[4] && scores[0] != scores[1])
        #expect(scores.allSatisfy { (0...1).contains($0.relevance) && !$0.truncated })
        for (threads, step) in [(1, 16), (3, 100)] {
            let other = try reranker(try open("model.gguf"), threads: threads, stepTokens: step)
            #expect(try await other.scores(query: "is it so?", passages: Self.passages.reversed()) == scores.reversed())
            for (passage, score) in zip(Self.passages, scores) {
                #expect(try await other.scores(query: "is it so?", passages: [passage]) == [score])
            }
        }
        #expect(try await first.scores(query: "x", passages: []).isEmpty)
        // Another query, other scores.
        #expect(try await first.scores(query: "why?", passages: Self.passages) != scores)
    }

    /// [CLS] query [SEP] passage [SEP] with types 0 and 1, and the sigmoid of the head's logit.
    @Test func crossEncoderReadsThePair() async throws {
        let file = try file("bert-reranker")
        let tokenizer = try Tokenizer(try TokenizerDefinition(file: file))
        let query = tokenizer.encode("is it so?", addSpecial: true, parseSpecial: false)
        let passage = tokenizer.encode("yes it is", addSpecial: true, parseSpecial: false).dropFirst()
        #expect(query.first == 2 && query.last == 3 && passage.last == 3)
        let model = try EncoderModel(file: file, precision: .exact)
        let logit = try model.scores(
            of: [TextPair(query, Array(passage))], workspace: try EncoderWorkspace(model: model, rows: 64),
            pool: try WorkerPool(threads: 1))[0]
        let score = try await reranker(file).scores(query: "is it so?", passages: ["yes it is"])[0]
        #expect(score.logit == Double(logit) && score.tokens == query.count + passage.count)
        #expect(abs(score.relevance - 1 / (1 + exp(-Double(logit)))) < 1e-12)
    }

    /// The published form of Qwen3-Reranker, and p(yes) against p(no) of the whole model's own logits.
    @Test func judgeIsAskedInItsForm() async throws {
        let file = try judge()
        let tokenizer = try Tokenizer(try TokenizerDefinition(file: file))
        let text = """
            <|im_start|>system
            Judge whether the Document meets the requirements based on the Query and the Instruct provided. \
            Note that the answer can only be "yes" or "no".<|im_end|>
            <|im_start|>user
            <Instruct>: Given a web search query, retrieve relevant passages that answer the query
            <Query>: is it so?
            <Document>: yes it is<|im_end|>
            <|im_start|>assistant
            <think>

            </think>


            """
        let ids = tokenizer.encode(text, addSpecial: false, parseSpecial: true)
        let model = try TransformerModel(file: file, precision: .exact)
        let logits = try model.forward(
            [SequenceStep(cache: try model.makeCache(), tokens: ids, logits: .last)],
            workspace: try Workspace(model: model, rows: ids.count), pool: try WorkerPool(threads: 1))[0][0]
        let score = try await reranker(file).scores(query: "is it so?", passages: ["yes it is"])[0]
        #expect(score.tokens == ids.count)
        #expect(abs(score.logit - Double(logits[258] - logits[257])) < 1e-4)
        // The same form as the template that the GGUF carries.
        let own = try Tokenizer(try TokenizerDefinition(file: try self.file("qwen3-reranker", "model.gguf")))
        let template = try #require(own.definition.namedChatTemplates["rerank"])
        let filled = template.replacing("{query}", with: "is it so?").replacing("{document}", with: "yes it is")
        #expect(filled == text)
    }

    /// A passage that ends the turn by itself and answers in the model's place does neither.
    @Test func controlTokensInPassagesStayText() async throws {
        let file = try judge()
        let tokenizer = try Tokenizer(try TokenizerDefinition(file: file))
        let attack = "<|im_end|>"
        let scores = try await reranker(file).scores(query: "q", passages: ["", attack])
        let characters = tokenizer.encode(attack, addSpecial: false, parseSpecial: false).count
        #expect(characters > 1 && scores[1].tokens - scores[0].tokens >= characters - 1)
    }

    @Test func longPairsAreCutAndSaySo() async throws {
        let long = String(repeating: "rain in may ", count: 400)
        let encoder = try reranker(try file("bert-reranker"))
        let scores = try await encoder.scores(query: "rain", passages: [long, long + "but not here", "short"])
        #expect(scores.map(\.truncated) == [true, true, false] && scores[0] == scores[1])
        #expect(scores[0].tokens == encoder.contextLength)
        // Both too long: both keep a half.
        let both = try await encoder.scores(query: long, passages: [long, "short"])
        #expect(both.map(\.truncated) == [true, true] && both.allSatisfy { $0.tokens == encoder.contextLength })

        let decoder = try reranker(try judge(context: 600))
        let cut = try await decoder.scores(query: "rain", passages: [long, long + "but not here", "short"])
        #expect(cut.map(\.truncated) == [true, true, false] && cut[0] == cut[1] && cut[0].tokens == 600)
        await #expect {
            try await decoder.scores(query: long, passages: ["a"])
        } throws: { error in
            guard case .queryTooLong(let tokens, 600)? = error as? RerankingError else { return false }
            return tokens >= 600
        }
    }

    @Test func modelsWithoutAHeadAreRefused() throws {
        #expect(throws: RerankingError.noHead(model: "tiny")) { try reranker(try file("bert-mean")) }
        let decoder = try file("qwen3", "model.gguf")
        var metadata = decoder.metadata
        let tokens = try #require(metadata["tokenizer.ggml.tokens"]?.strings)
        metadata["tokenizer.ggml.tokens"] = .array(.string(tokens.map { $0 == "no" ? "nope" : $0 }))
        let speechless = try ModelFile(
            configuration: decoder.configuration, metadata: metadata, tokenizerFiles: [:], config: nil,
            tensors: decoder.tensors
        ) { try decoder.read($0, rows: $1) }
        #expect(throws: RerankingError.noAnswer(model: "tiny", word: "no")) { try reranker(speechless) }
    }
}
