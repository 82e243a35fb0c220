import Foundation
import Tensors
import TestSupport
import Testing
import Transformers

/// Promise 1: the bytes of the logits do not depend on threads, chunks, neighbours or what the cache held before.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct SameBytesTests {
    /// One model of each block type family: f32 weights and quantised ones through the integer path.
    static let models: [(path: String, precision: Precision)] = [
        ("reference/models/qwen2/model.gguf", .exact),
        ("reference/models/llama-gqa/model.gguf", .exact),
        ("reference/quantisation/models/llama/q4_k_m.gguf", .integer),
        ("reference/quantisation/models/qwen2/q4_0.gguf", .integer),
        ("reference/quantisation/models/llama/q4_1.gguf", .integer),
    ]

    private func ids(_ count: Int, _ runner: Runner) -> [Int] {
        (0..<count).map { ($0 * 37 + 11) % min(250, runner.model.vocabularySize) }
    }

    @Test(arguments: models.indices)
    func chunksAndThreadsChangeNothing(_ index: Int) throws {
        let (path, precision) = Self.models[index]
        let url = Shared.folder.appendingPathComponent(path)
        let whole = try Runner(url, precision: precision, threads: 1)
        let ids = ids(70, whole)
        let expected = try whole.logits(ids)
        for threads in [1, 2, 3] {
            let runner = try Runner(url, precision: precision, threads: threads)
            for chunks in [[70], [69, 1], [7, 8, 9, 46], [33, 37], Array(repeating: 1, count: 70)] {
                let got = try runner.logits(ids, chunks: chunks)
                #expect(got.bits == expected.bits, "\(path), \(threads) threads, chunks \(chunks.prefix(4))")
            }
        }
    }

    @Test(arguments: models.indices)
    func neighboursChangeNothing(_ index: Int) throws {
        let (path, precision) = Self.models[index]
        let runner = try Runner(Shared.folder.appendingPathComponent(path), precision: precision)
        let prompts = [5, 1, 33, 12].map { ids($0, runner).reversed() as [Int] }
        let alone = try prompts.map { try runner.logits($0) }
        let steps = try prompts.map {
            SequenceStep(cache: try runner.model.makeCache(), tokens: $0, logits: .all)
        }
        let together = try runner.model.forward(steps, workspace: runner.workspace, pool: runner.pool)
        for (one, other) in zip(alone, together) {
            #expect(one.bits == other.flatMap(\.self).bits)
        }
    }

    @Test(arguments: models.indices)
    func aCutCacheIsAsGoodAsAFreshOne(_ index: Int) throws {
        let (path, precision) = Self.models[index]
        let runner = try Runner(Shared.folder.appendingPathComponent(path), precision: precision)
        let first = ids(60, runner)
        let second = first.prefix(25) + [3, 4, 5, 6]
        let expected = Array(try runner.logits(Array(second)).suffix(4 * runner.model.vocabularySize))
        let cache = try runner.model.makeCache()
        _ = try runner.logits(first, cache: cache)
        let copy = try runner.model.makeCache()
        try copy.copyPrefix(from: cache, count: 25)
        cache.truncate(to: 25)
        #expect(try runner.logits([3, 4, 5, 6], cache: cache).bits == expected.bits)
        #expect(try runner.logits([3, 4, 5, 6], cache: copy).bits == expected.bits)
    }

    @Test func stepsThatCannotBeAreRefusedAndLeaveTheCache() throws {
        let runner = try Runner(ReferenceModel.folder("qwen2").appendingPathComponent("model.gguf"))
        let cache = try runner.model.makeCache()
        let size = runner.model.vocabularySize
        #expect(throws: TransformerError.unknownToken(id: size, vocabulary: size)) {
            try runner.logits([1, size], cache: cache)
        }
        #expect(throws: TransformerError.unknownToken(id: -1, vocabulary: size)) {
            try runner.logits([-1], cache: cache)
        }
        #expect(throws: TransformerError.batchSize(tokens: 0, limit: 256)) { try runner.logits([], cache: cache) }
        #expect(cache.count == 0)
    }
}

extension [Float] {
    /// The bits of all values, so that comparison knows no tolerance.
    var bits: [UInt32] { map(\.bitPattern) }
}
