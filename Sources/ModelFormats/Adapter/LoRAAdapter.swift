/// The weights that an adapter lays beside one matrix of its base, in Hugging Face's order of rows.
public struct LoRAModule: Equatable, Sendable {
    /// The module's name in transformers, for example `model.layers.0.self_attn.q_proj`.
    public var name: String
    /// r.
    public var rank: Int
    /// Columns of the base's matrix.
    public var inputs: Int
    /// Rows of the base's matrix.
    public var outputs: Int
    /// A [rank, inputs].
    public var a: [Float]
    /// B [outputs, rank].
    public var b: [Float]
    /// DoRA's m [outputs]: the lengths of the rows.
    public var magnitude: [Float]?

    /// A module; the arrays must have the sizes that the numbers say.
    public init(name: String, rank: Int, inputs: Int, outputs: Int, a: [Float], b: [Float], magnitude: [Float]? = nil) {
        self.name = name
        self.rank = rank
        self.inputs = inputs
        self.outputs = outputs
        self.a = a
        self.b = b
        self.magnitude = magnitude
    }

    /// The GGUF name of the matrix that it changes, for example `blk.0.attn_q.weight`; nil where none has it.
    public var tensorName: String? { TensorNames.gguf(name + ".weight") }
}

/// A low-rank adapter (LoRA, rsLoRA, DoRA): what was learned beside a frozen base.
///
/// y = Wx + b + s·B(Ax); with DoRA y = (m/n) ⊙ (Wx + s·B(Ax)) + b, where n are the lengths of the rows of W + s·BA.
/// It is read from PEFT's folders or from GGUF adapter files, and written as either.
public struct LoRAAdapter: Equatable, Sendable {
    /// Rank, scale, targets.
    public var configuration: LoRAConfiguration
    /// The changed matrices, sorted by name.
    public var modules: [LoRAModule]

    /// An adapter of these parts.
    /// - Throws: `AdapterError` where numbers, sizes or names do not fit together.
    public init(configuration: LoRAConfiguration, modules: [LoRAModule]) throws(AdapterError) {
        self.configuration = configuration
        self.modules = modules.sorted { $0.name < $1.name }
        try validate()
    }

    /// The module that changes a matrix, by the matrix's GGUF name.
    public func module(forTensor name: String) -> LoRAModule? { modules.first { $0.tensorName == name } }

    /// What the base is called, for messages.
    public var baseName: String { configuration.baseName ?? "an unnamed model" }

    /// Number of trained values.
    public var parameterCount: Int {
        modules.reduce(0) { $0 + $1.a.count + $1.b.count + ($1.magnitude?.count ?? 0) }
    }

    private func validate() throws(AdapterError) {
        try configuration.validate()
        guard !modules.isEmpty else { throw .noModules }
        var last: String?
        for module in modules {
            if module.name == last { throw .unexpectedTensor(module.name) }
            last = module.name
            guard try configuration.isTargeted(module.name) else {
                throw .notTargeted(module: module.name, targets: configuration.targets.text)
            }
            let rank = try configuration.rank(of: module.name)
            guard module.rank == rank else {
                throw .wrongShape(
                    tensor: module.name + ".lora_A", expected: [rank, module.inputs],
                    actual: [module.rank, module.inputs])
            }
            try Self.check(module.a, module.name + ".lora_A", [module.rank, module.inputs])
            try Self.check(module.b, module.name + ".lora_B", [module.outputs, module.rank])
            let vector = module.name + ".lora_magnitude_vector"
            switch (module.magnitude, configuration.usesDoRA) {
            case (let magnitude?, true): try Self.check(magnitude, vector, [module.outputs])
            case (nil, true): throw .missingTensor(vector)
            case (.some, false): throw .unexpectedTensor(vector)
            case (nil, false): break
            }
        }
    }

    private static func check(_ values: [Float], _ name: String, _ shape: [Int]) throws(AdapterError) {
        guard shape.allSatisfy({ (1...(1 << 30)).contains($0) }), values.count == shape.reduce(1, *) else {
            throw .wrongShape(tensor: name, expected: shape, actual: [values.count])
        }
        // A sum of magnitudes is not finite as soon as one of them is not; it may also overflow, so each is looked at.
        guard values.allSatisfy(\.isFinite) else { throw .notFinite(tensor: name) }
    }
}

extension LoRAConfiguration.Targets {
    /// As a line for messages.
    var text: String {
        switch self {
        case .names(let names): names.joined(separator: ", ")
        case .allLinear: "all-linear"
        case .pattern(let pattern): pattern
        }
    }
}
