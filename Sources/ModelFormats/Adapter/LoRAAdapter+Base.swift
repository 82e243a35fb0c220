extension LoRAAdapter {
    /// Checks that every module changes a matrix that the base has, in the base's shape.
    /// - Throws: `AdapterError.otherBase` or `.noSuchModule`, with the names of both bases.
    public func check(against base: ModelFile) throws(AdapterError) {
        let name = base.configuration.name
        for module in modules {
            guard let tensorName = module.tensorName, let tensor = base.tensor(tensorName),
                tensor.dimensions.count == 2, Self.isProjection(tensorName)
            else { throw .noSuchModule(module: module.name, adapterBase: baseName, base: name) }
            try check(module, against: (tensor.rows, tensor.columns), baseName: name)
        }
    }

    /// Checks that a module has the shape of a base's matrix.
    /// - Throws: `AdapterError.otherBase`.
    public func check(
        _ module: LoRAModule, against matrix: (rows: Int, columns: Int), baseName name: String
    ) throws(AdapterError) {
        guard module.inputs == matrix.columns else {
            throw .otherBase(
                adapterBase: baseName, base: name, tensor: module.name + ".lora_A",
                expected: [module.rank, matrix.columns], actual: [module.rank, module.inputs])
        }
        guard module.outputs == matrix.rows else {
            throw .otherBase(
                adapterBase: baseName, base: name, tensor: module.name + ".lora_B",
                expected: [matrix.rows, module.rank], actual: [module.outputs, module.rank])
        }
    }

    /// Matrices that adapters change here: the seven projections of a block, and an output matrix of its own.
    static func isProjection(_ tensor: String) -> Bool {
        if tensor == "output.weight" { return true }
        let parts = tensor.split(separator: ".")
        let known = ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"]
        return parts.count == 4 && known.contains(String(parts[2]))
    }

    /// The module with B and m in the order of rows that `ModelFile` gives the base's matrix in: for q and k of llama
    /// models a pair's rows lie side by side there.
    public static func inFileOrder(_ module: LoRAModule, _ configuration: ModelConfiguration) -> LoRAModule {
        reordered(module, configuration) { $0.huggingFaceRow(ofGGUF: $1) }
    }

    /// The inverse of `inFileOrder`.
    public static func inHuggingFaceOrder(_ module: LoRAModule, _ configuration: ModelConfiguration) -> LoRAModule {
        reordered(module, configuration) { $0.ggufRow(ofHuggingFace: $1) }
    }

    private static func reordered(
        _ module: LoRAModule, _ configuration: ModelConfiguration, _ source: (RowPermutation, Int) -> Int
    ) -> LoRAModule {
        let permuted = module.name.hasSuffix(".q_proj") || module.name.hasSuffix(".k_proj")
        guard configuration.architecture == .llama, permuted, module.outputs % configuration.keyLength == 0 else {
            return module
        }
        let permutation = RowPermutation(headLength: configuration.keyLength)
        var result = module
        result.b.removeAll(keepingCapacity: true)
        result.magnitude?.removeAll(keepingCapacity: true)
        for row in 0..<module.outputs {
            let from = source(permutation, row)
            result.b += module.b[(from * module.rank)..<((from + 1) * module.rank)]
            if let magnitude = module.magnitude { result.magnitude?.append(magnitude[from]) }
        }
        return result
    }
}
