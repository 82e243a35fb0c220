import Foundation
import ModelFormats
import Tensors
import Transformers

/// A model made ready to be timed: prompts from nothing, and answers behind so many positions.
final class ModelBench {
    /// One of the things that are timed.
    enum Test: Hashable {
        /// A prompt of so many tokens.
        case prefill(Int)
        /// An answer behind so many positions.
        case decode(depth: Int)
    }

    /// What a test gave in one round.
    struct Sample {
        let seconds: Double
        /// Seconds that the machine's limits would allow.
        let limit: Double
    }

    private static let stepRows = 512

    let model: TransformerModel
    /// Tokens of an answer.
    let generated: Int
    let cost: TokenCost
    /// Seconds until the weights were in memory.
    let loadSeconds: Double
    private let pool: WorkerPool
    private let workspace: Workspace
    /// Caches by how many positions they hold; each is filled once.
    private var filled: [Int: KeyValueCache] = [:]

    init(
        file: ModelFile, precision: Precision, cacheElement: KeyValueCache.Element?, threads: Int, generated: Int
    ) throws {
        let start = ContinuousClock.now
        model = try TransformerModel(file: file, precision: precision, cacheElement: cacheElement, threads: threads)
        loadSeconds = (ContinuousClock.now - start).inSeconds
        cost = TokenCost(file: file, precision: precision)
        self.generated = generated
        pool = try WorkerPool(threads: threads)
        workspace = try Workspace(model: model, rows: Self.stepRows)
    }

    /// - Throws: `contextExceeded` for a test that the model has no room for.
    func check(_ test: Test) throws {
        let limit = model.configuration.contextLength
        let (before, new) =
            switch test {
            case .prefill(let tokens): (0, tokens)
            case .decode(let depth): (depth, generated)
            }
        guard before <= limit, new <= limit - before else {
            throw TransformerError.contextExceeded(positions: before &+ new, limit: limit)
        }
    }

    /// Runs a test once and says how long it took, and how long it would take at the machine's limits.
    func time(_ test: Test, limits: MachineLimits?) throws -> Sample {
        switch test {
        case .prefill(let tokens):
            let cache = try model.makeCache()
            let start = ContinuousClock.now
            try feed(tokens, to: cache)
            let seconds = (ContinuousClock.now - start).inSeconds
            let operations = cost.operations(ofPrompt: tokens)
            let limit = limits.map {
                operations.bytes / $0.byte_operations_per_second + operations.floats / $0.float_operations_per_second
            }
            return Sample(seconds: seconds, limit: limit ?? 0)
        case .decode(let depth):
            let cache = try cache(holding: depth)
            let start = ContinuousClock.now
            for index in 0..<generated {
                let step = SequenceStep(cache: cache, tokens: [token(depth + index)], logits: .last)
                _ = try model.forward([step], workspace: workspace, pool: pool)
            }
            let seconds = (ContinuousClock.now - start).inSeconds
            cache.truncate(to: depth)
            return Sample(seconds: seconds, limit: limits.map { bytes(depth) / $0.read_bytes_per_second } ?? 0)
        }
    }

    /// Bytes that an answer behind so many positions reads.
    func bytes(_ depth: Int) -> Double {
        let page = filled[depth]?.pageBytes ?? 0
        return cost.bytes(
            ofSteps: depth..<depth + generated, cacheBytes: Double(page) / Double(KeyValueCache.pageLength))
    }

    /// The cache that is kept for a depth, from a deeper one where there is one.
    private func cache(holding depth: Int) throws -> KeyValueCache {
        if let known = filled[depth] { return known }
        let cache = try model.makeCache()
        if let deeper = filled.first(where: { $0.key > depth })?.value {
            try cache.copyPrefix(from: deeper, count: depth)
        } else {
            try feed(depth, to: cache)
        }
        filled[depth] = cache
        return cache
    }

    /// Tokens without meaning: speed does not depend on them.
    private func token(_ index: Int) -> Int { (index * 7919 + 13) % model.vocabularySize }

    private func feed(_ count: Int, to cache: KeyValueCache) throws {
        var done = 0
        while done < count {
            let size = min(Self.stepRows, count - done)
            let tokens = (done..<done + size).map(token)
            let last = done + size == count
            _ = try model.forward(
                [SequenceStep(cache: cache, tokens: tokens, logits: last ? .last : .none)], workspace: workspace,
                pool: pool)
            done += size
        }
    }
}
