public import ModelFormats
public import Tensors

extension EncoderModel {
    /// The states of several texts, computed together; each text sees itself only.
    ///
    /// What comes out for a text does not depend, to the last bit, on its neighbours or on the number of threads.
    ///
    /// - Parameter texts: token ids, special tokens included.
    /// - Returns: for each text its states [tokens, E] after the last block.
    /// - Throws: `TransformerError` for no tokens, too many of them, or ids outside of the vocabulary.
    public func states(of texts: [[Int]], workspace: EncoderWorkspace, pool: WorkerPool) throws -> [[Float]] {
        let segments = try compute(texts.map { TextPair($0) }, workspace: workspace, pool: pool)
        return segments.map { states(of: $0, workspace) }
    }

    /// One vector for each text, from its states by this pooling.
    /// - Parameter normalised: whether a vector is brought to length 1.
    /// - Throws: as `states`.
    public func vectors(
        of texts: [[Int]], pooling: Pooling, normalised: Bool = true, workspace: EncoderWorkspace, pool: WorkerPool
    ) throws -> [[Float]] {
        let segments = try compute(texts.map { TextPair($0) }, workspace: workspace, pool: pool)
        return segments.map { segment in
            var sum = PooledStates(width: embeddingLength, pooling)
            sum.add(states(of: segment, workspace))
            return normalised ? sum.unitVector : sum.vector
        }
    }

    /// The tokens of a step as rows of one matrix.
    private struct Batch: Sendable {
        var tokens: [Int] = []
        /// Rows of the table of positions and types.
        var places: [Int] = []
        var segments: [AttentionSegment] = []
    }

    /// The states of a text, once they are computed.
    private func states(of segment: AttentionSegment, _ s: EncoderWorkspace) -> [Float] {
        s.hidden.values.array(
            segment.rows.lowerBound * embeddingLength..<segment.rows.upperBound * embeddingLength)
    }

    /// A step: the states of all texts are left in `workspace.hidden`.
    /// - Returns: for each text where its rows lie.
    func compute(
        _ texts: [TextPair], workspace s: EncoderWorkspace, pool: WorkerPool
    ) throws -> [AttentionSegment] {
        try check(texts, workspace: s)
        let typeStride = weights.positions.rows > configuration.contextLength ? configuration.contextLength : 0
        var batch = Batch()
        var place = 0
        for text in texts {
            let rows = batch.tokens.count..<batch.tokens.count + text.count
            // A multiple of 16, so that sums are cut alike wherever the text stands.
            batch.segments.append(AttentionSegment(cache: s.cache, firstPosition: place, rows: rows))
            place += (text.count + 15) / 16 * 16
            batch.tokens += text.first + text.second
            batch.places += text.first.indices
            batch.places += text.second.indices.map { typeStride + text.first.count + $0 }
        }
        try s.cache.reserve(positions: place)
        let input = batch
        pool.run { worker in self.blocks(input, s, worker) }
        for (index, segment) in batch.segments.enumerated() {
            guard states(of: segment, s).allSatisfy(\.isFinite) else {
                throw TransformerError.notANumber(sequence: index)
            }
        }
        return batch.segments
    }

    /// From token ids to the states of the last block, from top to bottom, as every worker runs it.
    private func blocks(_ batch: Batch, _ s: EncoderWorkspace, _ worker: Worker) {
        let c = configuration
        let m = batch.tokens.count
        let width = c.embeddingLength
        let scale = 1 / Float(c.keyLength).squareRoot()

        // h = LN(word + position + type)
        worker.forEachChunk(m) { row in
            weights.embedding.decodeRow(batch.tokens[row], into: s.hidden.values, at: row * width)
            weights.positions.decodeRow(batch.places[row], into: s.offsets, at: row * width)
        }
        worker.barrier()
        worker.add(s.offsets, to: s.hidden.values, count: m * width)
        norm(weights.embeddingNorm, s.hidden, rows: m, worker)

        for block in weights.blocks {
            // h = LN(h + Wo · attention(q, K, V)), with q, k, v = W · h
            worker.project(
                [
                    Projection(block.query, output: s.query), Projection(block.key, output: s.key),
                    Projection(block.value, output: s.value),
                ], s.hidden, rows: m)
            worker.storeKeysValues(k: s.key, v: s.value, layer: 0, segments: batch.segments)
            worker.attentionToBothSides(
                q: s.query, layer: 0, heads: c.headCount, scale: scale, segments: batch.segments, into: s.attended)
            worker.project(
                [Projection(block.output, output: s.hidden.values, accumulate: true)], s.attended, rows: m)
            norm(block.attentionNorm, s.hidden, rows: m, worker)

            // h = LN(h + down · gelu(up · h))
            worker.project([Projection(block.up, output: s.inner.values)], s.hidden, rows: m)
            worker.gelu(s.inner.values, rows: m, into: s.inner)
            worker.project([Projection(block.down, output: s.hidden.values, accumulate: true)], s.inner, rows: m)
            norm(block.outputNorm, s.hidden, rows: m, worker)
        }
    }

    private func norm(_ norm: EncoderNorm, _ x: ActivationBuffer, rows: Int, _ worker: Worker) {
        worker.layerNorm(
            x.values, weight: norm.weight, bias: norm.bias, epsilon: configuration.normEpsilon, rows: rows, into: x)
    }

    private func check(_ texts: [TextPair], workspace: EncoderWorkspace) throws {
        let tokens = texts.reduce(0) { $0 + $1.count }
        guard (1...workspace.rows).contains(tokens), !texts.contains(where: { $0.count == 0 }) else {
            throw TransformerError.batchSize(tokens: tokens, limit: workspace.rows)
        }
        for text in texts {
            if let id = (text.first + text.second).first(where: { !(0..<vocabularySize).contains($0) }) {
                throw TransformerError.unknownToken(id: id, vocabulary: vocabularySize)
            }
            if text.count > configuration.contextLength {
                throw TransformerError.contextExceeded(positions: text.count, limit: configuration.contextLength)
            }
        }
    }
}

extension Projection {
    /// A product with its bias.
    fileprivate init(_ layer: EncoderLayer, output: FloatBuffer, accumulate: Bool = false) {
        self.init(weights: layer.weights, bias: layer.bias, output: output, accumulate: accumulate)
    }
}
