import ModelFormats
import Tensors

extension TransformerModel {
    /// h += Σ weight · expert(x) over the experts that the router chooses for each token, x being in `s.normed`
    /// (Shazeer et al., 2017; Jiang et al., 2024).
    ///
    /// Experts compute one after the other, each for all its tokens at once. A token's sum runs over its experts in
    /// ascending number from zero, so its bits do not depend on which tokens are beside it.
    func mixture(
        _ router: WeightMatrix, _ networks: [GatedWeights], norm: FloatBuffer?, rows m: Int, _ s: Workspace,
        _ worker: Worker
    ) {
        guard let space = s.experts, let rule = configuration.experts else { return }
        worker.project([Projection(weights: router, output: space.routing)], s.normed, rows: m)
        worker.softmaxRows(space.routing, rows: m, columns: networks.count)
        // Every worker chooses for itself: that is less work than telling each other.
        let choice = ExpertChoice(space.routing.array(0..<m * networks.count), rule)
        if worker.index == 0 { s.branch.fill(0..<m * configuration.embeddingLength, with: 0) }
        worker.barrier()
        for (network, own) in zip(networks, choice.tokens) where !own.rows.isEmpty {
            let count = own.rows.count
            worker.gather(s.normed.values, rows: own.rows, into: space.gathered)
            worker.project(
                [
                    Projection(weights: network.gate, output: s.gate),
                    Projection(weights: network.up, output: s.up),
                ], space.gathered, rows: count)
            activate(rows: count, s, worker)
            worker.project([Projection(weights: network.down, output: space.output)], s.activated, rows: count)
            worker.addWeighted(
                space.output, weights: own.weights, to: s.branch, rows: own.rows,
                columns: configuration.embeddingLength)
        }
        addBranch(norm: norm, rows: m, s, worker)
    }
}

/// Which experts compute for which tokens.
struct ExpertChoice {
    /// The tokens of one expert, in order, and the weight of what it gives for each.
    struct Tokens {
        var rows: [Int] = []
        var weights: [Float] = []
    }

    /// By expert.
    private(set) var tokens: [Tokens]

    /// For each token the experts of the largest probabilities; of equal ones the lower number wins.
    ///
    /// - Parameter probabilities: [tokens, N], the softmax over all experts. A sum of weights to divide by is taken
    ///   from the largest on.
    init(_ probabilities: [Float], _ rule: ExpertConfiguration) {
        tokens = Array(repeating: Tokens(), count: rule.count)
        for row in 0..<probabilities.count / rule.count {
            let start = row * rule.count
            var isOpen = Array(repeating: true, count: rule.count)
            var chosen: [Int] = []
            for _ in 0..<min(rule.used, rule.count) {
                var best: Int?
                // What is not a number is never larger; the first open one is taken then, and its result shows it.
                for expert in 0..<rule.count where isOpen[expert] {
                    if best.map({ probabilities[start + expert] > probabilities[start + $0] }) ?? true { best = expert }
                }
                guard let best else { break }
                isOpen[best] = false
                chosen.append(best)
            }
            let sum = rule.normalisesWeights ? chosen.reduce(Float(0)) { $0 + probabilities[start + $1] } : 1
            for expert in chosen {
                tokens[expert].rows.append(row)
                tokens[expert].weights.append(probabilities[start + expert] / sum)
            }
        }
    }
}
