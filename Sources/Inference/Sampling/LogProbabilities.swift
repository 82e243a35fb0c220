import Foundation

/// Log-probabilities of tokens from the raw logits: before bias, penalties, temperature and filters.
public struct LogProbabilities: Sendable, Equatable {
    /// Natural logarithm of the chosen token's probability; -9999 stands for anything less likely.
    public let chosen: Double
    /// The most probable tokens, equals by lowest id; the chosen one is not added.
    public let top: [(id: Int, logProbability: Double)]

    /// - Parameters:
    ///   - logits: raw logits, one per token; the chosen id must be inside.
    ///   - top: how many of the most probable tokens to list.
    /// - Throws: `SamplingError` for logits that are no numbers or an id outside the vocabulary.
    public init(logits: [Float], chosen: Int, top count: Int) throws(SamplingError) {
        guard logits.indices.contains(chosen) else {
            throw .unknownToken(source: "chosen", id: chosen, vocabulary: logits.count)
        }
        var maximum = -Float.infinity
        for (id, logit) in logits.enumerated() {
            if logit.isNaN { throw .logitNotANumber(token: id) }
            maximum = max(maximum, logit)
        }
        if maximum == -.infinity { throw .noCandidate }
        if maximum == .infinity { throw .logitPositiveInfinity(token: logits.firstIndex(of: .infinity) ?? 0) }
        let top64 = Double(maximum)
        let logSum = top64 + log(logits.reduce(0.0) { $0 + exp(Double($1) - top64) })
        func logProbability(_ logit: Float) -> Double { max(Double(logit) - logSum, -9999) }
        self.chosen = logProbability(logits[chosen])
        let ids = Self.largest(count, of: logits)
        self.top = ids.map { ($0, logProbability(logits[$0])) }
    }

    /// Equal in every value.
    public static func == (left: LogProbabilities, right: LogProbabilities) -> Bool {
        left.chosen == right.chosen && left.top.elementsEqual(right.top, by: ==)
    }

    /// Ids of the `count` largest logits, best first, lowest id first among equals; one pass with a small sorted list.
    private static func largest(_ count: Int, of logits: [Float]) -> [Int] {
        guard count > 0 else { return [] }
        var best: [Int] = []
        for (id, logit) in logits.enumerated() {
            if best.count == count, let last = best.last, logit <= logits[last] { continue }
            let place = best.firstIndex { logits[$0] < logit } ?? best.count
            best.insert(id, at: place)
            if best.count > count { best.removeLast() }
        }
        return best
    }
}
