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
        try compute(texts, workspace: workspace, pool: pool) { Array($0) }
    }

    /// One vector of unit length for each text, from its states by this pooling.
    /// - Throws: as `states`.
    public func vectors(
        of texts: [[Int]], pooling: Pooling, workspace: EncoderWorkspace, pool: WorkerPool
    ) throws -> [[Float]] {
        let width = embeddingLength
        return try compute(texts, workspace: workspace, pool: pool) { states in
            Self.normalised(Self.pooled(states, width: width, pooling))
        }
    }

    /// The tokens of a step as rows of one matrix.
    private struct Batch: Sendable {
        var tokens: [Int] = []
        var positions: [Int] = []
        var segments: [AttentionSegment] = []
    }

    private func compute<Result>(
        _ texts: [[Int]], workspace s: EncoderWorkspace, pool: WorkerPool, _ body: (ArraySlice<Float>) -> Result
    ) throws -> [Result] {
        try check(texts, workspace: s)
        var batch = Batch()
        var place = 0
        for text in texts {
            let rows = batch.tokens.count..<batch.tokens.count + text.count
            // A multiple of 16, so that sums are cut alike wherever the text stands.
            batch.segments.append(AttentionSegment(cache: s.cache, firstPosition: place, rows: rows))
            place += (text.count + 15) / 16 * 16
            batch.tokens += text
            batch.positions += text.indices
        }
        try s.cache.reserve(positions: place)
        let input = batch
        pool.run { worker in self.blocks(input, s, worker) }
        let states = s.hidden.values.array(0..<batch.tokens.count * embeddingLength)
        return try batch.segments.enumerated().map { index, segment in
            let part = segment.rows.lowerBound * embeddingLength..<segment.rows.upperBound * embeddingLength
            guard states[part].allSatisfy(\.isFinite) else { throw TransformerError.notANumber(sequence: index) }
            return body(states[part])
        }
    }

    /// From token ids to the states of the last block, from top to bottom, as every worker runs it.
    private func blocks(_ batch: Batch, _ s: EncoderWorkspace, _ worker: Worker) {
        let c = configuration
        let m = batch.tokens.count
        let width = c.embeddingLength
        let scale = 1 / Float(c.keyLength).squareRoot()

        // h = LN(word + position + type 0)
        worker.forEachChunk(m) { row in
            weights.embedding.decodeRow(batch.tokens[row], into: s.hidden.values, at: row * width)
            weights.positions.decodeRow(batch.positions[row], into: s.offsets, at: row * width)
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

    /// States [tokens, E] to one vector.
    private static func pooled(_ states: ArraySlice<Float>, width: Int, _ pooling: Pooling) -> [Float] {
        switch pooling {
        case .cls: return Array(states.prefix(width))
        case .last: return Array(states.suffix(width))
        case .mean:
            let count = Double(states.count / width)
            var sums = [Double](repeating: 0, count: width)
            for start in stride(from: states.startIndex, to: states.endIndex, by: width) {
                for column in 0..<width { sums[column] += Double(states[start + column]) }
            }
            return sums.map { Float($0 / count) }
        }
    }

    /// The vector of length 1 in the same direction; zero stays zero.
    private static func normalised(_ vector: [Float]) -> [Float] {
        let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return length > 0 ? vector.map { Float(Double($0) / length) } : vector
    }

    private func check(_ texts: [[Int]], workspace: EncoderWorkspace) throws {
        let tokens = texts.reduce(0) { $0 + $1.count }
        guard (1...workspace.rows).contains(tokens), !texts.contains(where: \.isEmpty) else {
            throw TransformerError.batchSize(tokens: tokens, limit: workspace.rows)
        }
        for text in texts {
            if let id = text.first(where: { !(0..<vocabularySize).contains($0) }) {
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
