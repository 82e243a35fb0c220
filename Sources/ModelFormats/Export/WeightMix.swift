public import Tensors

/// Which type each tensor of a quantised file gets: the mixes that llama.cpp writes, by its rules (facts in
/// docs/models.md). Matrices that say more about the answer get more bits than the others.
public struct WeightMix: Equatable, Sendable {
    /// What the mix needs to know of a model.
    public struct Shape: Equatable, Sendable {
        /// Number of blocks.
        public var layers: Int
        /// Query heads per head of keys and values.
        public var headsPerValue: Int
        /// Number of experts of a block; 0 for a dense model.
        public var experts: Int
        /// Whether it is of the llama family, mistral and mixtral included.
        public var isLlama: Bool
        /// Whether the embedding serves as output matrix.
        public var tiedOutput: Bool

        /// A model of this shape.
        public init(layers: Int, headsPerValue: Int, experts: Int, isLlama: Bool, tiedOutput: Bool) {
            self.layers = layers
            self.headsPerValue = headsPerValue
            self.experts = experts
            self.isLlama = isLlama
            self.tiedOutput = tiedOutput
        }
    }

    /// The type of most matrices.
    public let base: ElementType
    private let shape: Shape
    /// Whether some matrices get more bits than others: the `_m` mixes.
    private let isMixed: Bool

    /// The mix of a type of file; nil for `same`, which has none.
    public init?(_ type: ModelExporter.WeightType, shape: Shape) {
        guard let base = type.elementType else { return nil }
        self.base = base
        self.shape = shape
        isMixed = type == .q4_k_m || type == .q5_k_m
    }

    /// The mix of a type of file for a model.
    init?(_ type: ModelExporter.WeightType, model: ModelFile) {
        let configuration = model.configuration
        let experts = model.tensors.first { $0.name.hasSuffix("_exps.weight") && $0.dimensions.count == 3 }
        self.init(
            type,
            shape: Shape(
                layers: configuration.blockCount,
                headsPerValue: configuration.headCount / max(1, configuration.kvHeadCount),
                experts: experts?.dimensions[2] ?? 0, isLlama: configuration.architecture == .llama,
                tiedOutput: configuration.tiedOutput))
    }

    /// The type of a tensor.
    ///
    /// - Parameter dimensions: the contiguous one first.
    /// - Returns: the type, and whether it is another than the rules want because rows hold no whole blocks.
    public func type(of name: String, dimensions: [Int]) -> (type: ElementType, isFallback: Bool) {
        guard dimensions.count >= 2, Self.isQuantised(name) else { return (.f32, false) }
        let wanted = wanted(name)
        let columns = dimensions[0]
        if columns % wanted.blockLength == 0 { return (wanted, false) }
        let narrower: [ElementType: ElementType] = [.q4_k: .q5_0, .q5_k: .q5_1, .q6_k: .q8_0]
        if let next = narrower[wanted], columns % next.blockLength == 0 { return (next, true) }
        return (.f16, true)
    }

    /// Norms, biases, the choice of experts, and tables of positions and kinds of token are small and say much.
    private static func isQuantised(_ name: String) -> Bool {
        let kept = ["_norm.weight", "ffn_gate_inp.weight", "position_embd.weight", "token_types.weight"]
        return name.hasSuffix("weight") && !kept.contains { name.hasSuffix($0) }
    }

    /// The type that the rules want for a matrix, whatever its rows hold.
    private func wanted(_ name: String) -> ElementType {
        guard base.blockLength > 1 else { return base }
        if name == (shape.tiedOutput ? "token_embd.weight" : "output.weight") {
            // Its errors go straight into the logits.
            return base == .q8_0 ? .q8_0 : .q6_k
        }
        let parts = name.split(separator: ".")
        guard parts.count == 4, let layer = Int(parts[1]) else { return base }
        let part = parts[2]
        // Eight experts share one attention: it is small beside them.
        if shape.experts == 8, part == "attn_v" || part == "attn_k" { return .q8_0 }
        if shape.experts == 8, part == "attn_output", base == .q4_k { return .q5_k }
        guard isMixed else { return base }
        if part == "attn_qkv" { return base == .q4_k ? .q5_k : .q6_k }
        if part == "attn_v" || part.hasPrefix("ffn_down"), takesMoreBits(layer) { return .q6_k }
        // Large models that share values among heads lose more by small values.
        let isLarge = shape.isLlama && shape.layers == 80 && shape.headsPerValue > 1
        return isLarge && part == "attn_v" && base == .q4_k ? .q5_k : base
    }

    /// The first and last eighth of the layers, and every third between.
    private func takesMoreBits(_ layer: Int) -> Bool {
        let eighth = shape.layers / 8
        return layer < eighth || layer >= 7 * shape.layers / 8 || (layer - eighth) % 3 == 2
    }
}
