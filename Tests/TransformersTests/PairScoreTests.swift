import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing
import Transformers

/// Rerankers and decoders of vectors against transformers in f32.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct PairScoreTests {
    private struct Encoder {
        let model: EncoderModel
        let pool: WorkerPool
        let workspace: EncoderWorkspace

        init(_ file: String, precision: Precision = .exact, threads: Int = 2, rows: Int = 160) throws {
            let url = ReferenceModel.folder("bert-reranker").appendingPathComponent(file)
            model = try EncoderModel(file: try ModelFile.open(url), precision: precision)
            pool = try WorkerPool(threads: threads)
            workspace = try EncoderWorkspace(model: model, rows: rows)
        }

        func scores(_ pairs: [TextPair]) throws -> [Float] {
            try model.scores(of: pairs, workspace: workspace, pool: pool)
        }
    }

    private static func pair(_ reference: ReferenceModel, _ index: Int) throws -> TextPair {
        let ids = try reference.ids("pair\(index).input_ids")
        let first = try reference.ids("pair\(index).token_type_ids").prefix { $0 == 0 }.count
        return TextPair(Array(ids.prefix(first)), Array(ids.dropFirst(first)))
    }

    @Test(arguments: ["", "model.gguf"])
    func crossEncoderGivesReferenceScores(file: String) throws {
        let reference = try ReferenceModel("bert-reranker")
        let encoder = try Encoder(file)
        #expect(encoder.model.configuration.scoresPairs && encoder.model.configuration.pooling == nil)
        for index in 0..<5 {
            let pair = try Self.pair(reference, index)
            #expect(!pair.second.isEmpty)
            for (tokens, key) in [(pair, "score"), (TextPair(pair.first + pair.second), "score_types_zero")] {
                let error = distance(try encoder.scores([tokens]), try reference.floats("pair\(index).\(key)"))
                #expect(error.nmse < 1e-7 && error.largest < 2e-3, "pair \(index) \(key): \(error)")
            }
        }
        let zero = try Self.pair(reference, 0)
        let states = try encoder.model.states(
            of: [zero.first + zero.second], workspace: encoder.workspace, pool: encoder.pool)[0]
        #expect(distance(states, try reference.floats("pair0.hidden.2")).nmse < 1e-7)
    }

    @Test(arguments: [Precision.exact, .integer])
    func neighboursAndThreadsChangeNoScore(precision: Precision) throws {
        let reference = try ReferenceModel("bert-reranker")
        let pairs = try (0..<5).map { try Self.pair(reference, $0) }
        var alone: [UInt32]?
        for threads in [1, 2, 3, 7] {
            let encoder = try Encoder("", precision: precision, threads: threads)
            let expected = try alone ?? pairs.map { try encoder.scores([$0])[0].bitPattern }
            alone = expected
            #expect(try encoder.scores(pairs).map(\.bitPattern) == expected)
            #expect(try encoder.scores(pairs.reversed()).map(\.bitPattern) == expected.reversed())
        }
    }

    @Test func aModelOfVectorsScoresNothing() throws {
        let file = try ModelFile.open(ReferenceModel.folder("bert-mean"))
        let model = try EncoderModel(file: file)
        let workspace = try EncoderWorkspace(model: model, rows: 16)
        #expect(throws: TransformerError.missingTensor("cls.output.weight")) {
            try model.scores(of: [TextPair([1], [2])], workspace: workspace, pool: try WorkerPool(threads: 1))
        }
    }

    /// The state of the last token, multiplied with two rows of the output matrix, is what decides.
    @Test(arguments: ["", "model.gguf"])
    func judgeGivesReferenceScores(file: String) throws {
        let reference = try ReferenceModel("qwen3-reranker")
        let opened = try ModelFile.open(ReferenceModel.folder("qwen3-reranker").appendingPathComponent(file))
        let runner = try Runner(try TransformerModel(file: opened, precision: .exact))
        let width = opened.configuration.embeddingLength
        let matrix = try opened.readFloats("token_embd.weight")
        var rows = [258, 257].map { Array(matrix[$0 * width..<($0 + 1) * width]) }
        if opened.tensor("cls.output.weight") != nil {
            let head = try opened.readFloats("cls.output.weight")
            rows = [Array(head.prefix(width)), Array(head.suffix(width))]
        }
        for index in 0..<5 {
            let step = SequenceStep(
                cache: try runner.model.makeCache(), tokens: try reference.ids("pair\(index).input_ids"), logits: .last)
            let state = try runner.model.states([step], workspace: runner.workspace, pool: runner.pool)[0]
            let logits = rows.map { row in zip(state, row).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } }
            #expect(distance(logits.map { Float($0) }, try reference.floats("pair\(index).yes_no")).nmse < 1e-7)
            let score = Float(Logistic.sigmoid(logits[0] - logits[1]))
            #expect(abs(score - (try reference.floats("pair\(index).score")[0])) < 1e-5)
        }
    }

    @Test(arguments: ["", "model.gguf"])
    func decoderGivesReferenceVectors(file: String) throws {
        let reference = try ReferenceModel("qwen3-embedding")
        let runner = try Runner(ReferenceModel.folder("qwen3-embedding").appendingPathComponent(file))
        #expect(runner.model.configuration.pooling == .last)
        for sequence in ReferenceModel.sequences {
            let ids = try reference.ids("\(sequence).input_ids")
            let step = SequenceStep(cache: try runner.model.makeCache(), tokens: ids, logits: .all)
            let states = try runner.model.states([step], workspace: runner.workspace, pool: runner.pool)[0]
            let error = distance(states, try reference.floats("\(sequence).hidden_last"))
            #expect(error.nmse < 1e-7 && error.largest < 2e-3, "\(sequence): \(error)")
            let vector = try runner.model.vectors(
                of: [ids], pooling: .last, workspace: runner.workspace, pool: runner.pool)[0]
            let pooled = distance(vector, try reference.floats("\(sequence).embedding"))
            #expect(pooled.nmse < 1e-7 && pooled.largest < 2e-3, "\(sequence): \(pooled)")
        }
    }

    @Test(arguments: [Pooling.last, .mean, .cls], [Precision.exact, .integer])
    func stepsNeighboursAndThreadsChangeNoVector(_ pooling: Pooling, precision: Precision) throws {
        let texts = [5, 1, 33, 16, 130, 70].map { count in (0..<count).map { ($0 * 37 + count) % 280 } }
        var alone: [[UInt32]]?
        for (threads, rows) in [(1, 256), (2, 7), (3, 64), (7, 200)] {
            let file = try ModelFile.open(ReferenceModel.folder("qwen3-embedding"))
            let model = try TransformerModel(file: file, precision: precision)
            let pool = try WorkerPool(threads: threads)
            let workspace = try Workspace(model: model, rows: rows)
            func vectors(_ texts: [[Int]]) throws -> [[UInt32]] {
                try model.vectors(of: texts, pooling: pooling, workspace: workspace, pool: pool).map(\.bits)
            }
            let expected = try alone ?? texts.map { try vectors([$0])[0] }
            alone = expected
            #expect(try vectors(texts) == expected, "\(threads) threads, steps of \(rows)")
            #expect(try vectors(texts.reversed()) == expected.reversed())
        }
    }

    @Test func sigmoidIsRightEverywhere() {
        for x in [-800, -745, -40, -3.5, -1e-9, 0, 1e-9, 0.3, 2, 17, 40, 800] {
            let want = 1 / (1 + exp(-x))
            #expect(abs(Logistic.sigmoid(x) - want) <= want * 1e-14, "\(x)")
        }
        #expect(Logistic.sigmoid(-.infinity) == 0 && Logistic.sigmoid(.infinity) == 1)
    }
}
