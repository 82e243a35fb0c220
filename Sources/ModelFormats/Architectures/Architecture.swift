/// One architecture: how its files name and store things, and what its blocks compute.
///
/// A value of this type is all that sets a family apart: readers, checks and the forward pass look here and nowhere
/// else. `Architecture.allCases` is the table of what is known; docs/adding-an-architecture.md shows a new entry.
public struct Architecture: Sendable {
    /// The name in `general.architecture` of a GGUF file.
    public let rawValue: String
    /// The families of Hugging Face that are stored under this name.
    let families: [HuggingFaceFamily]
    /// True for models that see a text from both sides and continue nothing.
    public var isEncoder = false
    /// How pairs of dimensions turn together in rotary embedding, for weights as `ModelFile` gives them.
    public var ropePairing = RopePairing.halves
    /// What the gate of the feed-forward part goes through.
    public var activation = Activation.silu
    /// Whether every head of q and k is normed before rotation.
    public var normsHeads = false
    /// Whether what attention and the feed-forward part give is normed before it is added to the residual stream.
    public var normsOutputs = false
    /// Whether embeddings are multiplied by √embeddingLength.
    public var scalesEmbedding = false
    /// Whether q, k and v must have biases.
    var requiresBiases = false
    /// Whether the feed-forward part may be a mixture of experts, and whether it must be.
    var experts = ExpertRule.none
    /// Whether q, k and v are stored as one matrix, and gate and up too.
    var fusesProjections = false
    /// Added to the weights of RMSNorm that safetensors hold: gemma stores w − 1 there, GGUF stores w.
    var storedNormOffset: Float = 0
    /// With a window: the last of this many layers has none, the others have it; nil: all have it.
    var windowPeriod: Int?
    /// The window of a GGUF file that states none.
    var defaultWindow: Int?
    /// θ of the layers with a window where it is another than that of the rest and a file does not state it.
    var localRopeBase: Double?
    /// Bounds of scores and logits in a file that states none.
    var softCaps: (attention: Float, logits: Float)?
    /// The number of blocks of the one published size whose scores are scaled by (embedding / heads)^(−1/2): GGUF
    /// files do not say so.
    var blocksScaledByWidth: Int?
    /// Names within a block, Hugging Face's and GGUF's, where they are others than the usual ones of `TensorNames`.
    var tensorNames: [String: String] = [:]

    /// What the feed-forward part may be.
    enum ExpertRule: Sendable {
        case none, possible, required
    }
}

/// What the gate of a feed-forward part goes through before it multiplies the other half.
public enum Activation: String, Codable, Sendable {
    /// x / (1 + e^(−x)) (SwiGLU; Shazeer, 2020).
    case silu
    /// x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³))) (GeGLU with the tanh form of GELU).
    case geluTanh
}

extension Architecture: RawRepresentable, Hashable, Codable, CustomStringConvertible {
    /// The known architecture of this GGUF name.
    public init?(rawValue: String) {
        guard let known = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
        self = known
    }

    /// Names are unique.
    public static func == (left: Self, right: Self) -> Bool { left.rawValue == right.rawValue }

    /// The name.
    public var description: String { rawValue }

    /// By the name.
    public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}

extension Architecture {
    /// Per block whether a window holds there when the file has no pattern of its own.
    func windowedLayers(_ blocks: Int) -> [Bool] {
        (0..<min(max(blocks, 0), ModelConfiguration.maximumBlocks)).map { layer in
            windowPeriod.map { (layer + 1) % $0 != 0 } ?? true
        }
    }

    /// √(1/d) in another form than by the head length d, for the size that is known to have it; nil for all others.
    func knownAttentionScale(blocks: Int, embeddingLength: Int, heads: Int) -> Float? {
        guard blocks == blocksScaledByWidth, heads > 0, embeddingLength > 0 else { return nil }
        return 1 / (Float(embeddingLength) / Float(heads)).squareRoot()
    }
}
