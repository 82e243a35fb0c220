public import FoundationEssentials
import Tensors

extension LoRAAdapter {
    private static let suffixes = (a: ".lora_a", b: ".lora_b")

    /// Reads an adapter: a PEFT folder or a GGUF file.
    ///
    /// - Parameter configuration: the base's, for the order of rows in a GGUF file.
    /// - Throws: `AdapterError`.
    public static func read(_ url: URL, configuration: ModelConfiguration) throws(AdapterError) -> LoRAAdapter {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw .file(.failed(operation: "open", path: url.path, code: 2))
        }
        return isFolder ? try read(folder: url) : try read(gguf: url, configuration: configuration)
    }

    /// Reads an adapter as llama.cpp stores it: `general.type` "adapter", `adapter.type` "lora",
    /// `adapter.lora.alpha`, and for each changed matrix `NAME.lora_a` [r, in] and `NAME.lora_b` [out, r], the rows of
    /// B in GGUF's order.
    /// - Throws: `AdapterError`.
    public static func read(gguf url: URL, configuration: ModelConfiguration) throws(AdapterError) -> LoRAAdapter {
        let file: GGUFFile
        do { file = try GGUFFile(url) } catch { throw .gguf(error) }
        let wanted = [
            ("general.type", "adapter"), ("adapter.type", "lora"),
            ("general.architecture", configuration.architecture.rawValue),
        ]
        for (key, expected) in wanted where file.metadata[key]?.string != expected {
            let actual = file.metadata[key]?.string ?? file.metadata[key]?.typeName ?? "missing"
            throw .wrongGGUF(path: url.path, key: key, expected: expected, actual: actual)
        }
        var modules: [LoRAModule] = []
        for tensor in file.tensors {
            guard tensor.name.hasSuffix(suffixes.a) else {
                guard tensor.name.hasSuffix(suffixes.b),
                    file.tensor(String(tensor.name.dropLast(suffixes.b.count)) + suffixes.a) != nil
                else { throw .unexpectedTensor(tensor.name) }
                continue
            }
            let name = String(tensor.name.dropLast(suffixes.a.count))
            guard let module = TensorNames.module(ofTensor: name), isProjection(name) else {
                throw .unexpectedTensor(tensor.name)
            }
            guard let other = file.tensor(name + suffixes.b) else { throw .missingTensor(name + suffixes.b) }
            guard tensor.dimensions.count == 2, other.dimensions.count == 2, other.columns == tensor.rows else {
                throw .wrongShape(
                    tensor: other.name, expected: [other.rows, tensor.rows],
                    actual: [
                        other.rows, other.columns,
                    ])
            }
            let read = LoRAModule(
                name: module, rank: tensor.rows, inputs: tensor.columns, outputs: other.rows,
                a: try values(of: tensor, file), b: try values(of: other, file))
            modules.append(inHuggingFaceOrder(read, configuration))
        }
        guard let first = modules.first else { throw .noModules }
        // Without alpha llama.cpp takes the product as it is: as if alpha were each module's rank.
        let alpha = file.metadata["adapter.lora.alpha"]?.double ?? 0
        let ranks = Dictionary(modules.map { ($0.name, $0.rank) }, uniquingKeysWith: { first, _ in first })
        let names = Set(modules.compactMap { $0.name.split(separator: ".").last.map(String.init) })
        return try LoRAAdapter(
            configuration: LoRAConfiguration(
                rank: first.rank, alpha: alpha == 0 ? Double(first.rank) : alpha, targets: .names(names.sorted()),
                baseName: file.metadata["general.base_model.0.name"]?.string,
                rankPattern: ranks.filter { $0.value != first.rank },
                alphaPattern: alpha == 0 ? ranks.filter { $0.value != first.rank }.mapValues { Double($0) } : [:]),
            modules: modules)
    }

    private static func values(of tensor: GGUFTensor, _ file: GGUFFile) throws(AdapterError) -> [Float] {
        let bytes: [UInt8]
        do { bytes = try file.read(tensor.name) } catch { throw .gguf(error) }
        guard let type = tensor.type.elementType,
            let values = try? Quantisation.dequantise(bytes, type: type, count: tensor.columns * tensor.rows)
        else { throw .unsupportedType(tensor: tensor.name, type: tensor.type.name) }
        return values
    }

    /// Writes the adapter as llama.cpp reads it (`--lora`), values as f32.
    ///
    /// One alpha holds for the whole file and the scale is alpha / r there; where that does not give a module's scale
    /// (rsLoRA with several ranks, patterns) the difference goes into its B.
    ///
    /// - Throws: `AdapterError`; `.notExpressibleInGGUF` for DoRA, which has no place in the format.
    public func writeGGUF(
        to url: URL, configuration base: ModelConfiguration, replacing: Bool = false
    ) throws(AdapterError) {
        guard !configuration.usesDoRA else { throw .notExpressibleInGGUF(reason: "DoRA's magnitudes") }
        guard let first = modules.first else { throw .noModules }
        let alpha = try configuration.scale(of: first.name) * Float(first.rank)
        guard alpha != 0 else { throw .notExpressibleInGGUF(reason: "a scale of 0") }
        var parts: [(layout: GGUFWriter.Layout, values: [Float])] = []
        for module in modules {
            guard let name = module.tensorName else { throw .unexpectedTensor(module.name) }
            var stored = Self.inFileOrder(module, base)
            let factor = try configuration.scale(of: module.name) / (alpha / Float(module.rank))
            if abs(factor - 1) > 1e-6 { stored.b = stored.b.map { $0 * factor } }
            parts.append(
                (.init(name: name + Self.suffixes.a, dimensions: [module.inputs, module.rank], type: .f32), stored.a))
            parts.append(
                (.init(name: name + Self.suffixes.b, dimensions: [module.rank, module.outputs], type: .f32), stored.b))
        }
        var metadata: [String: GGUFValue] = [
            "general.type": .string("adapter"), "general.architecture": .string(base.architecture.rawValue),
            "general.name": .string(url.deletingPathExtension().lastPathComponent),
            "adapter.type": .string("lora"), "adapter.lora.alpha": .float32(alpha),
            "general.file_type": .uint32(0), "general.quantization_version": .uint32(2),
        ]
        if let name = configuration.baseName {
            metadata["general.base_model.count"] = .uint32(1)
            metadata["general.base_model.0.name"] = .string(name)
        }
        do {
            let writer = try GGUFWriter(
                to: url, metadata: metadata, tensors: parts.map(\.layout), replacing: replacing)
            for part in parts {
                guard let bytes = try? Quantisation.encode(part.values, type: .f32) else { continue }
                try writer.write(bytes)
            }
            try writer.finish()
        } catch { throw .gguf(error) }
    }
}
