import ModelFormats
import Tensors

/// A gated feed-forward network: down · (activation(gate · x) ∘ up · x). F is its inner width.
struct GatedWeights: Sendable {
    /// [F, E], [F, E], [E, F], with biases [F], [F], [E].
    let gate: WeightMatrix, up: WeightMatrix, down: WeightMatrix
    let gateBias: FloatBuffer?, upBias: FloatBuffer?, downBias: FloatBuffer?

    var matrices: [WeightMatrix] { [gate, up, down] }
}

/// What follows attention in a block.
enum FeedForwardWeights: Sendable {
    /// One network for all tokens.
    case dense(GatedWeights)
    /// The router [N, E], always in f32, and N networks of which it chooses some for each token.
    case experts(router: WeightMatrix, [GatedWeights])

    /// The one network; nil for experts.
    var dense: GatedWeights? { if case .dense(let weights) = self { weights } else { nil } }

    /// All matrices.
    var matrices: [WeightMatrix] {
        switch self {
        case .dense(let weights): weights.matrices
        case .experts(let router, let experts): [router] + experts.flatMap(\.matrices)
        }
    }
}

extension WeightReader {
    /// The feed-forward part of the block whose tensors begin with this prefix.
    func feedForward(_ b: String) throws -> FeedForwardWeights {
        guard let experts = file.configuration.experts else {
            return .dense(
                GatedWeights(
                    gate: try matrix(b + "ffn_gate.weight"), up: try matrix(b + "ffn_up.weight"),
                    down: try matrix(b + "ffn_down.weight"),
                    gateBias: try optionalVector(b + "ffn_gate.bias"), upBias: try optionalVector(b + "ffn_up.bias"),
                    downBias: try optionalVector(b + "ffn_down.bias")))
        }
        let router = try matrix(b + "ffn_gate_inp.weight", precision: .exact)
        let gates = try stack(b + "ffn_gate_exps.weight", of: experts.count)
        let ups = try stack(b + "ffn_up_exps.weight", of: experts.count)
        let downs = try stack(b + "ffn_down_exps.weight", of: experts.count)
        let networks = gates.indices.map { index in
            GatedWeights(
                gate: gates[index], up: ups[index], down: downs[index], gateBias: nil, upBias: nil, downBias: nil)
        }
        return .experts(router: router, networks)
    }
}
