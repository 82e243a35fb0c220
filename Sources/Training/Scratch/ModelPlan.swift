/// The shape of a model that is trained from scratch.
///
/// A budget of parameters or a depth decides everything: tied embeddings, so that a small vocabulary takes little of
/// the budget; heads of 64 dimensions, two query heads per key head; SwiGLU; depth and width in a fixed proportion, more
/// depth than GPT-2's (a width of about 48 per block), which serves small models better (Liu and others 2024,
/// "MobileLLM"; the shapes of SmolLM2 and MiniMind).
public struct ModelPlan: Sendable, Equatable {
    /// Families that can be planned.
    public enum Family: String, Sendable, CaseIterable {
        /// The plainest and most widely read.
        case llama
        /// Normalises queries and keys of each head, which keeps training steady at higher rates.
        case qwen3
    }

    /// Largest budget, depth, context and vocabulary.
    static let largestBudget = 4_000_000_000
    static let deepest = 128
    static let contexts = 16...131_072
    static let largestVocabulary = 1 << 20
    /// Width per block that is aimed at.
    private static let widthPerBlock = 48.0

    /// Family, written into the configuration as `model_type`.
    public let family: Family
    /// Rows of the embedding.
    public let vocabulary: Int
    /// Longest sequence in tokens.
    public let context: Int
    /// Width of the residual stream, d.
    public let width: Int
    /// Number of blocks.
    public let depth: Int
    /// Query heads.
    public let heads: Int
    /// Key and value heads.
    public let kvHeads: Int
    /// Dimensions of a head.
    public let headLength: Int
    /// Inner width of the feed-forward network.
    public let inner: Int

    /// All values that are trained.
    public var parameters: Int { embedding + depth * Self.block(self) + width }
    /// Those of the embedding.
    public var embedding: Int { vocabulary * width }

    private init(_ family: Family, vocabulary: Int, context: Int, width: Int, depth: Int, inner: Int? = nil) {
        self.family = family
        self.vocabulary = vocabulary
        self.context = context
        self.width = width
        self.depth = depth
        headLength = width < 128 ? 32 : 64
        heads = width / headLength
        kvHeads = max(1, heads / 2)
        // 8/3 of the width, as many values as a plain network of four times the width has.
        self.inner = inner ?? max(64, (width * 8 / 3 + 63) / 64 * 64)
    }

    /// Values of a block: projections, feed-forward, norms.
    private static func block(_ plan: ModelPlan) -> Int {
        let query = plan.heads * plan.headLength
        let key = plan.kvHeads * plan.headLength
        let norms = 2 * plan.width + (plan.family == .qwen3 ? 2 * plan.headLength : 0)
        return 2 * plan.width * query + 2 * plan.width * key + 3 * plan.width * plan.inner + norms
    }

    /// Widths from 64 on: the smallest have heads of 32.
    private static let widths = [64, 128, 192] + stride(from: 256, through: 4096, by: 128)

    /// The shape for a number of parameters; it differs from it by a few percent at most, except for the smallest.
    ///
    /// - Throws: `ModelPlanError` for a budget that has no room for two blocks beside the embedding.
    public init(
        family: Family = .llama, parameters: Int, vocabulary: Int, context: Int
    ) throws(ModelPlanError) {
        try Self.check(vocabulary: vocabulary, context: context)
        if parameters > Self.largestBudget {
            throw .budgetTooLarge(parameters: parameters, limit: Self.largestBudget)
        }
        var best: (plan: ModelPlan, distance: Double)?
        for width in Self.widths where parameters > 0 {
            let one = ModelPlan(family, vocabulary: vocabulary, context: context, width: width, depth: 1)
            let left = Double(parameters - one.embedding - width)
            let depth = (left / Double(Self.block(one))).rounded()
            guard depth >= 2, depth <= Double(Self.deepest) else { continue }
            let distance = abs((Double(width) / depth / Self.widthPerBlock).logarithm)
            guard distance < best?.distance ?? .infinity else { continue }
            let plan = ModelPlan(family, vocabulary: vocabulary, context: context, width: width, depth: Int(depth))
            best = (plan, distance)
        }
        guard let best else {
            let least = ModelPlan(family, vocabulary: vocabulary, context: context, width: 64, depth: 2).parameters
            if parameters > least {
                throw .budgetTooLarge(parameters: parameters, limit: Self.largestBudget)
            }
            throw .budgetTooSmall(parameters: parameters, least: least, vocabulary: vocabulary)
        }
        self = Self.fitted(best.plan, parameters)
    }

    /// The shape for a depth, the one dial of a family of models (as in nanochat).
    public init(family: Family = .llama, depth: Int, vocabulary: Int, context: Int) throws(ModelPlanError) {
        try Self.check(vocabulary: vocabulary, context: context)
        guard (1...Self.deepest).contains(depth) else { throw .depth(depth, limit: Self.deepest) }
        let wanted = Double(depth) * Self.widthPerBlock
        let width = Self.widths.min { abs(Double($0) - wanted) < abs(Double($1) - wanted) } ?? 64
        self.init(family, vocabulary: vocabulary, context: context, width: width, depth: depth)
    }

    private static func check(vocabulary: Int, context: Int) throws(ModelPlanError) {
        guard (1...largestVocabulary).contains(vocabulary) else {
            throw .vocabulary(vocabulary, limit: largestVocabulary)
        }
        guard contexts.contains(context) else {
            throw .context(context, least: contexts.lowerBound, limit: contexts.upperBound)
        }
    }

    /// The inner width, in steps of 64 between two and four times the width, that comes nearest to the budget.
    private static func fitted(_ plan: ModelPlan, _ parameters: Int) -> ModelPlan {
        let candidates = stride(from: max(64, 2 * plan.width), through: 4 * plan.width, by: 64).map {
            ModelPlan(
                plan.family, vocabulary: plan.vocabulary, context: plan.context, width: plan.width, depth: plan.depth,
                inner: $0)
        }
        return candidates.min { abs($0.parameters - parameters) < abs($1.parameters - parameters) } ?? plan
    }
}

extension Double {
    /// Base 2; enough to compare proportions, without the C library.
    fileprivate var logarithm: Double {
        guard self > 0 else { return -.infinity }
        // Between the powers of two a straight line: it rises with the value, which is all that is asked.
        return Double(exponent) + significand - 1
    }
}
