import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing
import Transformers

/// Encoders against transformers in f32: the tiny random ones, and the published multilingual-e5-small.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct EncoderTests {
    static let published = "multilingual-e5-small-q4_0.gguf"
    static let present = Shared.inCI || Shared.model(published) != nil
    static let hint: Comment = "needs multilingual-e5-small in the cache: pallet model pull, or models/get.py"
    static let tiny: [(name: String, pooling: Pooling)] = [("bert-cls", .cls), ("bert-mean", .mean)]

    struct Runner {
        let model: EncoderModel
        let pool: WorkerPool
        let workspace: EncoderWorkspace

        init(_ url: URL, precision: Precision = .exact, threads: Int = 2, rows: Int = 512) throws {
            model = try EncoderModel(file: try ModelFile.open(url), precision: precision)
            pool = try WorkerPool(threads: threads)
            workspace = try EncoderWorkspace(model: model, rows: rows)
        }

        func states(_ texts: [[Int]]) throws -> [[Float]] {
            try model.states(of: texts, workspace: workspace, pool: pool)
        }

        func vectors(_ texts: [[Int]], _ pooling: Pooling) throws -> [[Float]] {
            try model.vectors(of: texts, pooling: pooling, workspace: workspace, pool: pool)
        }
    }

    @Test(arguments: tiny.indices, ["", "model.gguf"])
    func tinyModelsGiveReferenceStates(_ index: Int, file: String) throws {
        let (name, pooling) = Self.tiny[index]
        let reference = try ReferenceModel(name)
        let runner = try Runner(ReferenceModel.folder(name).appendingPathComponent(file))
        #expect(runner.model.configuration.pooling == pooling)
        for sequence in ReferenceModel.sequences {
            let ids = try reference.ids("\(sequence).input_ids")
            let error = distance(try runner.states([ids])[0], try reference.floats("\(sequence).hidden_last"))
            #expect(error.nmse < 1e-7 && error.largest < 2e-3, "\(name) \(sequence): \(error)")
            let vector = try runner.vectors([ids], pooling)[0]
            let pooled = distance(vector, try reference.floats("\(sequence).embedding"))
            #expect(pooled.nmse < 1e-7 && pooled.largest < 2e-3, "\(name) \(sequence): \(pooled)")
        }
    }

    @Test func stepsThatCannotBeAreRefused() throws {
        let runner = try Runner(ReferenceModel.folder("bert-mean"), rows: 200)
        let size = runner.model.vocabularySize, limit = runner.model.configuration.contextLength
        #expect(throws: TransformerError.unknownToken(id: size, vocabulary: size)) { try runner.states([[1, size]]) }
        #expect(throws: TransformerError.unknownToken(id: -1, vocabulary: size)) { try runner.states([[-1]]) }
        #expect(throws: TransformerError.batchSize(tokens: 0, limit: 200)) { try runner.states([]) }
        #expect(throws: TransformerError.batchSize(tokens: 1, limit: 200)) { try runner.states([[1], []]) }
        #expect(throws: TransformerError.batchSize(tokens: 201, limit: 200)) {
            try runner.states([Array(repeating: 1, count: 101), Array(repeating: 1, count: 100)])
        }
        #expect(throws: TransformerError.contextExceeded(positions: limit + 1, limit: limit)) {
            try runner.states([Array(repeating: 1, count: limit + 1)])
        }
    }

    @Test func decodersAndEncodersRefuseEachOther() throws {
        let encoder = try ModelFile.open(ReferenceModel.folder("bert-mean"))
        let decoder = try ModelFile.open(ReferenceModel.folder("qwen2"))
        let decoders = ["llama", "qwen2", "qwen3", "qwen3moe", "gemma2", "gemma3", "phi3"]
        #expect(throws: TransformerError.unsupportedArchitecture(found: "bert", known: decoders)) {
            try TransformerModel(file: encoder)
        }
        #expect(throws: TransformerError.unsupportedArchitecture(found: "qwen2", known: ["bert"])) {
            try EncoderModel(file: decoder)
        }
    }

    @Test(arguments: ["bert-mean", published], [Precision.exact, .integer])
    func neighboursAndThreadsChangeNothing(_ name: String, precision: Precision) throws {
        let url = name == Self.published ? Shared.model(name) : ReferenceModel.folder(name)
        guard let url else { return }
        var alone: [[Float]]?
        for threads in [1, 2, 3] {
            let runner = try Runner(url, precision: precision, threads: threads, rows: 160)
            let size = min(250, runner.model.vocabularySize)
            let texts = [5, 1, 33, 16, 17, 70].map { count in (0..<count).map { ($0 * 37 + count) % size } }
            let expected = try alone ?? texts.map { try runner.states([$0])[0] }
            alone = expected
            // In two orders, and once more in memory that the others have used.
            for order in [[0, 1, 2, 3, 4, 5], [5, 2, 4, 0, 3, 1], [2]] {
                let together = try runner.states(order.map { texts[$0] })
                for (place, index) in order.enumerated() {
                    #expect(together[place].bits == expected[index].bits, "\(threads) threads, text \(index)")
                }
            }
        }
    }

    @Test(.enabled(if: present, hint), arguments: [Precision.exact, .integer])
    func publishedModelGivesReferenceVectors(precision: Precision) throws {
        let sentences = try Shared.jsonLines("reference/embedding/sentences.jsonl")
        let expected = try SafetensorsReference("reference/embedding/vectors.safetensors").file
        let runner = try Runner(try #require(Shared.model(Self.published)), precision: precision)
        let width = runner.model.embeddingLength
        #expect(runner.model.configuration.pooling == .mean && width == 384)
        for (pooling, key) in [(Pooling.mean, "truth"), (.cls, "truth_cls"), (.last, "truth_last")] {
            let truth = try expected.floats(key)
            var cosines: [Double] = []
            for (index, sentence) in sentences.enumerated() {
                let ids = try #require(sentence["ids"] as? [Int])
                let vector = try runner.vectors([ids], pooling)[0]
                let other = truth[index * width..<(index + 1) * width]
                cosines.append(zip(vector, other).reduce(0.0) { $0 + Double($1.0) * Double($1.1) })
            }
            cosines.sort()
            let (worst, median) = (cosines[0], cosines[cosines.count / 2])
            print("multilingual-e5-small \(precision) \(pooling): cosine \(worst) at least, \(median) at the median")
            #expect(cosines.count == 61 && worst >= (precision == .exact ? 0.9999 : 0.9995))
            #expect(median >= 0.9999)
        }
    }
}
