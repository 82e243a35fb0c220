import ModelFormats
public import Tensors

/// The next tokens of one sequence within a step.
public struct SequenceStep: Sendable {
    /// Which positions' logits are wanted.
    public enum Logits: Sendable, Equatable {
        case none, last, all
        /// Those of this position of the sequence and of all behind it.
        case from(Int)
    }

    /// What the sequence has seen so far; grows by the step's tokens.
    public let cache: KeyValueCache
    /// Ids at positions `cache.count`, `cache.count` + 1, …
    public let tokens: [Int]
    /// Which logits are returned.
    public let logits: Logits

    /// A step; see the properties.
    public init(cache: KeyValueCache, tokens: [Int], logits: Logits) {
        self.cache = cache
        self.tokens = tokens
        self.logits = logits
    }
}

extension TransformerModel {
    /// One step for any number of sequences: their tokens are computed together, each against its own cache.
    ///
    /// What comes out for a sequence does not depend, to the last bit, on its neighbours, on how its tokens were cut
    /// into steps, or on the number of threads.
    ///
    /// - Returns: for each sequence the logits of the wanted positions, each [V].
    /// - Throws: `TransformerError`; the caches are unchanged then.
    public func forward(
        _ sequences: [SequenceStep], workspace: Workspace, pool: WorkerPool
    ) throws -> [[[Float]]] {
        let tokens = sequences.flatMap(\.tokens)
        try check(sequences, tokens: tokens, workspace: workspace)
        var segments: [AttentionSegment] = []
        var positions: [Int] = []
        for sequence in sequences {
            let first = sequence.cache.count
            try sequence.cache.reserve(positions: first + sequence.tokens.count)
            let rows = positions.count..<positions.count + sequence.tokens.count
            segments.append(AttentionSegment(cache: sequence.cache, firstPosition: first, rows: rows))
            positions += first..<first + sequence.tokens.count
        }
        let batch = Batch(tokens: tokens, positions: positions, segments: segments)
        pool.run { worker in self.blocks(batch, workspace, worker) }
        return try logits(of: sequences, segments: segments, workspace: workspace, pool: pool)
    }

    /// The tokens of a step as rows of one matrix.
    private struct Batch: Sendable {
        let tokens: [Int]
        let positions: [Int]
        let segments: [AttentionSegment]
    }

    /// Embedding, all blocks and the last norm, from top to bottom, as every worker runs them. What the output matrix
    /// takes is left in `workspace.normed`.
    private func blocks(_ batch: Batch, _ s: Workspace, _ worker: Worker) {
        let c = configuration
        let m = batch.tokens.count
        let scale = 1 / Float(c.keyLength).squareRoot()

        // h = embedding[token]
        worker.forEachChunk(m) { row in
            weights.embedding.decodeRow(batch.tokens[row], into: s.hidden, at: row * c.embeddingLength)
        }
        worker.barrier()

        for (layer, block) in weights.blocks.enumerated() {
            // q, k, v = W · norm(h) (+ bias)
            worker.rmsNorm(s.hidden, weight: block.attentionNorm, epsilon: c.normEpsilon, rows: m, into: s.normed)
            let low = adapter?.blocks[layer]
            project(
                [
                    .init(Projection(weights: block.query, bias: block.queryBias, output: s.query), low?.query),
                    .init(Projection(weights: block.key, bias: block.keyBias, output: s.key), low?.key),
                    .init(Projection(weights: block.value, bias: block.valueBias, output: s.value), low?.value),
                ], rows: m, s, worker
            ) { worker.project($0, s.normed, rows: m) }
            if let norm = block.queryNorm {
                worker.rmsNormInPlace(
                    s.query, weight: norm, epsilon: c.normEpsilon, rows: m * c.headCount, columns: c.keyLength)
            }
            if let norm = block.keyNorm {
                worker.rmsNormInPlace(
                    s.key, weight: norm, epsilon: c.normEpsilon, rows: m * c.kvHeadCount, columns: c.keyLength)
            }
            worker.rope(
                s.query, heads: c.headCount, headLength: c.keyLength, positions: batch.positions, table: rope)
            worker.rope(
                s.key, heads: c.kvHeadCount, headLength: c.keyLength, positions: batch.positions, table: rope)

            // h += Wo · attention(q, K, V)
            worker.storeKeysValues(k: s.key, v: s.value, layer: layer, segments: batch.segments)
            worker.attention(
                q: s.query, layer: layer, heads: c.headCount, scale: scale, window: window(ofLayer: layer),
                segments: batch.segments, into: s.attended)
            let attention = Projection(
                weights: block.output, bias: block.outputBias, output: s.hidden, accumulate: true)
            project([.init(attention, low?.output)], rows: m, s, worker) {
                worker.project($0, s.attended, rows: m)
            }

            // h += down · (silu(gate · norm(h)) ∘ up · norm(h))
            worker.rmsNorm(s.hidden, weight: block.feedForwardNorm, epsilon: c.normEpsilon, rows: m, into: s.normed)
            project(
                [
                    .init(Projection(weights: block.gate, bias: block.gateBias, output: s.gate), low?.gate),
                    .init(Projection(weights: block.up, bias: block.upBias, output: s.up), low?.up),
                ], rows: m, s, worker
            ) { worker.project($0, s.normed, rows: m) }
            worker.swiglu(gate: s.gate, up: s.up, rows: m, into: s.activated)
            let down = Projection(weights: block.down, bias: block.downBias, output: s.hidden, accumulate: true)
            project([.init(down, low?.down)], rows: m, s, worker) {
                worker.project($0, s.activated, rows: m)
            }
        }
        worker.rmsNorm(s.hidden, weight: weights.outputNorm, epsilon: c.normEpsilon, rows: m, into: s.normed)
    }

    /// logits = Out · norm(h) for the wanted rows, in passes of `logitRows`.
    private func logits(
        of sequences: [SequenceStep], segments: [AttentionSegment], workspace s: Workspace, pool: WorkerPool
    ) throws -> [[[Float]]] {
        var result = [[[Float]]](repeating: [], count: sequences.count)
        var wanted: [(sequence: Int, row: Int)] = []
        for (index, sequence) in sequences.enumerated() {
            let rows = segments[index].rows
            switch sequence.logits {
            case .none: break
            case .last: wanted.append((index, rows.upperBound - 1))
            case .all: wanted += rows.map { (index, $0) }
            case .from(let position):
                let first = segments[index].firstPosition
                wanted += rows.filter { first + $0 - rows.lowerBound >= position }.map { (index, $0) }
            }
        }
        for start in stride(from: 0, to: wanted.count, by: s.logitRows) {
            let pass = wanted[start..<min(start + s.logitRows, wanted.count)]
            let rows = pass.map(\.row)
            pool.run { worker in
                let output = Projection(weights: self.weights.output, output: s.logits)
                self.project([.init(output, self.adapter?.head)], rows: rows.count, s, worker) {
                    worker.project($0, s.normed, inputRows: rows)
                }
            }
            for (place, item) in pass.enumerated() {
                let row = s.logits.array(place * vocabularySize..<(place + 1) * vocabularySize)
                if !row[0].isFinite { throw TransformerError.notANumber(sequence: item.sequence) }
                result[item.sequence].append(row)
            }
        }
        return result
    }

    private func check(_ sequences: [SequenceStep], tokens: [Int], workspace: Workspace) throws {
        guard (1...workspace.rows).contains(tokens.count), !sequences.contains(where: { $0.tokens.isEmpty }) else {
            throw TransformerError.batchSize(tokens: tokens.count, limit: workspace.rows)
        }
        if let id = tokens.first(where: { !(0..<vocabularySize).contains($0) }) {
            throw TransformerError.unknownToken(id: id, vocabulary: vocabularySize)
        }
        for sequence in sequences {
            let end = sequence.cache.count + sequence.tokens.count
            if end > configuration.contextLength {
                throw TransformerError.contextExceeded(positions: end, limit: configuration.contextLength)
            }
        }
    }
}
