public import Tensors

/// A text, or two texts of which the second is to be weighed against the first, special tokens included.
public struct TextPair: Sendable, Equatable {
    /// Tokens of type 0.
    public var first: [Int]
    /// Tokens of type 1, behind the first ones; empty for a single text.
    public var second: [Int]

    /// A text or a pair.
    public init(_ first: [Int], _ second: [Int] = []) {
        self.first = first
        self.second = second
    }

    /// Tokens in all.
    public var count: Int { first.count + second.count }
}

extension EncoderModel {
    /// For each pair how well its second text fits its first: the head's logit, without a sigmoid.
    ///
    /// What comes out for a pair does not depend, to the last bit, on its neighbours or on the number of threads.
    ///
    /// - Throws: `TransformerError`: as `states`, and `missingTensor` for a model without such a head.
    public func scores(of pairs: [TextPair], workspace s: EncoderWorkspace, pool: WorkerPool) throws -> [Float] {
        guard let head = weights.head else { throw TransformerError.missingTensor("cls.output.weight") }
        let segments = try compute(pairs, workspace: s, pool: pool)
        let rows = segments.map(\.rows.lowerBound)
        // score = classifier · tanh(pooler · h), h the first token's state
        pool.run { worker in
            worker.project(
                [Projection(weights: head.pooler.weights, bias: head.pooler.bias, output: s.pooled.values)], s.hidden,
                inputRows: rows)
        }
        for place in 0..<rows.count * embeddingLength {
            s.pooled.values[place] = Float(Logistic.tanh(Double(s.pooled.values[place])))
        }
        pool.run { worker in
            worker.project(
                [Projection(weights: head.classifier.weights, bias: head.classifier.bias, output: s.scores)], s.pooled,
                rows: rows.count)
        }
        let scores = s.scores.array(0..<rows.count)
        if let index = scores.firstIndex(where: { !$0.isFinite }) { throw TransformerError.notANumber(sequence: index) }
        return scores
    }
}
