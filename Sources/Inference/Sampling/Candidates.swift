import Foundation

/// The tokens that are still in the race, with their logits in f64.
///
/// Sums are taken in f64 in a stated order, so that a cut does not hang on rounding: top-p over falling probability
/// (equals by lowest id), typical-p over rising score. Whoever needs a sorted list sorts only the head that can
/// matter, since a vocabulary has 150,000 tokens and a probability mass of 0.95 mostly lies in a few dozen of them.
struct Candidates {
    /// Ids and logits; after `sortHead` the most probable stand first.
    private(set) var ids: [Int]
    private(set) var logits: [Double]

    /// All tokens whose logit is not minus infinity, in order of id.
    init(logits source: [Float]) throws(SamplingError) {
        ids = []
        logits = []
        ids.reserveCapacity(source.count)
        logits.reserveCapacity(source.count)
        for (id, logit) in source.enumerated() {
            if logit.isNaN { throw .logitNotANumber(token: id) }
        }
        for (id, logit) in source.enumerated() {
            if logit == .infinity { throw .logitPositiveInfinity(token: id) }
            if logit != -.infinity {
                ids.append(id)
                logits.append(Double(logit))
            }
        }
    }

    var count: Int { ids.count }

    var maximum: Double { logits.max() ?? -.infinity }

    /// Adds the biases; tokens at minus infinity leave the race.
    mutating func add(bias: [Int: Double]) {
        for index in ids.indices {
            if let value = bias[ids[index]] { logits[index] += value }
        }
        keep { $0 != -.infinity }
    }

    /// Applies the penalties of tokens that occur in `window`.
    mutating func penalise(window: ArraySlice<Int>, repetition: Double, frequency: Double, presence: Double) {
        var times: [Int: Int] = [:]
        for id in window { times[id, default: 0] += 1 }
        for index in ids.indices {
            guard let count = times[ids[index]] else { continue }
            let logit = logits[index]
            logits[index] = (logit > 0 ? logit / repetition : logit * repetition) - frequency * Double(count) - presence
        }
        keep { $0 != -.infinity }
    }

    /// Divides by the temperature; 0 leaves the best token, lowest id on ties.
    mutating func temper(_ temperature: Double) {
        let top = maximum
        if temperature == 0 {
            var best: Int?
            for index in ids.indices where logits[index] == top {
                if let found = best, ids[found] < ids[index] { continue }
                best = index
            }
            guard let best else { return }
            ids = [ids[best]]
            logits = [logits[best]]
        } else {
            for index in logits.indices { logits[index] = (logits[index] - top) / temperature }
        }
    }

    /// Keeps the `k` largest, equals by lowest id.
    mutating func keepTop(k: Int) {
        guard k < count else { return }
        let order = sortedHead(atLeast: k)
        take(order.prefix(k))
    }

    /// Keeps the shortest prefix of falling probability whose sum reaches `p`, at least one token.
    mutating func keepTop(p: Double) {
        guard p < 1 else { return }
        let (weights, total) = weights()
        // The head is widened until it holds the mass that is asked for.
        var wanted = 256
        while true {
            let order = sortedHead(atLeast: min(wanted, count))
            var sum = 0.0
            for (rank, index) in order.enumerated() {
                sum += weights[index] / total
                if sum >= p {
                    take(order.prefix(rank + 1))
                    return
                }
            }
            if order.count == count { return }
            wanted = order.count * 8
        }
    }

    /// Keeps tokens of at least `share` of the best one's probability.
    mutating func keepMinimum(share: Double) {
        let (weights, total) = weights()
        let best = weights.max() ?? 0
        let limit = share * (best / total)
        var kept: [Int] = []
        for index in ids.indices where weights[index] / total >= limit { kept.append(index) }
        take(kept[...])
    }

    /// Locally typical sampling (Meister et al., 2022): tokens whose surprise is nearest to the entropy.
    mutating func keepTypical(p: Double) {
        guard p < 1 else { return }
        let probabilities = self.probabilities()
        let entropy = probabilities.reduce(0.0) { $0 - ($1 > 0 ? $1 * log($1) : 0) }
        let scores = probabilities.map { abs(-log($0) - entropy) }
        let order = ids.indices.sorted { scores[$0] != scores[$1] ? scores[$0] < scores[$1] : ids[$0] < ids[$1] }
        var sum = 0.0
        for (rank, index) in order.enumerated() {
            sum += probabilities[index]
            if sum >= p {
                take(order.prefix(rank + 1))
                return
            }
        }
    }

    /// Softmax over the candidates, in their order.
    func probabilities() -> [Double] {
        let (weights, total) = weights()
        return weights.map { $0 / total }
    }

    /// The candidate in which the running sum of weights passes `u` of the total, `u` in 0..<1.
    func draw(_ u: Double) -> Int? {
        let (weights, total) = weights()
        let target = u * total
        var sum = 0.0
        for index in ids.indices {
            sum += weights[index]
            if sum > target { return ids[index] }
        }
        return ids.last
    }

    private func weights() -> (weights: [Double], total: Double) {
        let top = maximum
        let weights = logits.map { exp($0 - top) }
        return (weights, weights.reduce(0, +))
    }

    /// Indices of at least `atLeast` of the largest logits (all of them when it must be), sorted: largest first,
    /// equals by lowest id.
    private func sortedHead(atLeast wanted: Int) -> [Int] {
        let before: (Int, Int) -> Bool = { [ids, logits] left, right in
            logits[left] != logits[right] ? logits[left] > logits[right] : ids[left] < ids[right]
        }
        if count > 2048, wanted < count / 4 {
            let top = maximum
            var span = 8.0
            while span < 64 {
                let head = logits.indices.filter { logits[$0] >= top - span }
                if head.count >= wanted { return head.sorted(by: before) }
                span *= 2
            }
        }
        return ids.indices.sorted(by: before)
    }

    private mutating func keep(where condition: (Double) -> Bool) {
        guard logits.contains(where: { !condition($0) }) else { return }
        take(logits.indices.filter { condition(logits[$0]) }[...])
    }

    private mutating func take(_ indices: ArraySlice<Int>) {
        ids = indices.map { [ids] in ids[$0] }
        logits = indices.map { [logits] in logits[$0] }
    }
}
