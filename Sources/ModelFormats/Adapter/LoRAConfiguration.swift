/// What a low-rank adapter says about itself: the fields of PEFT's adapter_config.json that matter.
public struct LoRAConfiguration: Equatable, Sendable {
    /// Which modules an adapter changes.
    public enum Targets: Equatable, Sendable {
        /// Last parts of module names (`q_proj`), or longer tails (`0.self_attn.q_proj`).
        case names([String])
        /// Every projection of every block, but not the output matrix.
        case allLinear
        /// A regular expression for whole module names.
        case pattern(String)
    }

    /// r: columns of B, rows of A.
    public var rank: Int
    /// The scale is alpha / r, or alpha / √r.
    public var alpha: Double
    /// Which modules are changed.
    public var targets: Targets
    /// rsLoRA: the scale is alpha / √r (Kalajdzievski, 2023).
    public var usesRankStabilisedScale: Bool
    /// DoRA: the length of each row is a weight of its own (Liu et al., 2024).
    public var usesDoRA: Bool
    /// Share of the inputs of A that training sets to zero; nothing outside of training.
    public var dropout: Double
    /// The base as the one who trained named it.
    public var baseName: String?
    /// Rank of the modules whose names end so, where it is not `rank`. Keys may be regular expressions.
    public var rankPattern: [String: Int]
    /// Alpha of the modules whose names end so, where it is not `alpha`. Keys may be regular expressions.
    public var alphaPattern: [String: Double]

    /// Largest rank: more than any known adapter, less than what would multiply without sense.
    public static let maximumRank = 1 << 16
    /// The seven projections of a block, by their last names.
    public static let projections = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]

    /// A configuration; the defaults are plain LoRA on all projections.
    public init(
        rank: Int, alpha: Double, targets: Targets = .names(LoRAConfiguration.projections),
        usesRankStabilisedScale: Bool = false, usesDoRA: Bool = false, dropout: Double = 0, baseName: String? = nil,
        rankPattern: [String: Int] = [:], alphaPattern: [String: Double] = [:]
    ) {
        self.rank = rank
        self.alpha = alpha
        self.targets = targets
        self.usesRankStabilisedScale = usesRankStabilisedScale
        self.usesDoRA = usesDoRA
        self.dropout = dropout
        self.baseName = baseName
        self.rankPattern = rankPattern
        self.alphaPattern = alphaPattern
    }

    /// s in y = Wx + s·B(Ax) for a module, for example `model.layers.0.self_attn.q_proj`.
    public func scale(of module: String) throws(AdapterError) -> Float {
        let alpha = try Self.value(in: alphaPattern, of: module) ?? alpha
        let rank = Double(try rank(of: module))
        return Float(usesRankStabilisedScale ? alpha / rank.squareRoot() : alpha / rank)
    }

    /// r of a module.
    public func rank(of module: String) throws(AdapterError) -> Int {
        try Self.value(in: rankPattern, of: module) ?? rank
    }

    /// Whether `target_modules` name this module.
    public func isTargeted(_ module: String) throws(AdapterError) -> Bool {
        switch targets {
        case .names(let names): names.contains { Self.isTail($0, of: module) }
        case .allLinear: Self.projections.contains { Self.isTail($0, of: module) }
        case .pattern(let pattern): try ModulePattern(pattern).matches(module)
        }
    }

    /// Refuses numbers with which the scale would be senseless.
    func validate() throws(AdapterError) {
        for rank in [rank] + rankPattern.values.sorted() where !(1...Self.maximumRank).contains(rank) {
            throw .outOfRange(setting: "r", actual: "\(rank)", allowed: "1...\(Self.maximumRank)")
        }
        for alpha in [alpha] + alphaPattern.values.sorted() where !alpha.isFinite || abs(alpha) > 1e9 {
            throw .outOfRange(setting: "lora_alpha", actual: "\(alpha)", allowed: "-1e9...1e9")
        }
        guard dropout.isFinite, (0..<1).contains(dropout) else {
            throw .outOfRange(setting: "lora_dropout", actual: "\(dropout)", allowed: "0..<1")
        }
    }

    /// The value of the first key, in the order of the alphabet, that names the module.
    ///
    /// PEFT takes the first in the order of the file; where several keys fit one module they say the same or the
    /// shapes of the tensors tell.
    private static func value<Value>(in table: [String: Value], of module: String) throws(AdapterError) -> Value? {
        if let exact = table[module] { return exact }
        for (key, value) in table.sorted(by: { $0.key < $1.key }) {
            if isTail(key, of: module) { return value }
            if ModulePattern.hasOperators(key), try ModulePattern("(.*\\.)?(\(key))").matches(module) { return value }
        }
        return nil
    }

    private static func isTail(_ tail: String, of module: String) -> Bool {
        module == tail || module.hasSuffix("." + tail)
    }
}
