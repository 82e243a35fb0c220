public import FoundationEssentials
import Tensors

extension LoRAAdapter {
    static let configurationFile = "adapter_config.json"
    static let weightsFile = "adapter_model.safetensors"
    private static let prefix = "base_model.model."

    /// What a tensor of a module is, by the end of its name.
    private enum Role: CaseIterable {
        case a, b, magnitude

        /// Suffixes; the first is the one that is written. Old versions of PEFT end the vector's name in `.weight`.
        var suffixes: [String] {
            switch self {
            case .a: [".lora_A.weight"]
            case .b: [".lora_B.weight"]
            case .magnitude: [".lora_magnitude_vector", ".lora_magnitude_vector.weight"]
            }
        }
    }

    /// Reads a folder as PEFT writes it: adapter_config.json and adapter_model.safetensors.
    /// - Throws: `AdapterError`.
    public static func read(folder: URL) throws(AdapterError) -> LoRAAdapter {
        let url = folder.appendingPathComponent(configurationFile)
        guard FileManager.default.fileExists(atPath: url.path) else { throw .notAnAdapter(path: folder.path) }
        let bytes: [UInt8]
        do { bytes = try ReadOnlyFile.contents(of: url, limit: LoRAConfiguration.maximumFile) } catch {
            throw .file(error)
        }
        let json: JSONValue
        do { json = try JSONReader.value(of: bytes) } catch { throw .json(path: url.path, reason: "\(error)") }
        guard let members = json.object else { throw .json(path: url.path, reason: "it must hold a JSON object") }
        let configuration = try LoRAConfiguration(peft: members)
        let weights = folder.appendingPathComponent(weightsFile)
        guard FileManager.default.fileExists(atPath: weights.path) else { throw .notAnAdapter(path: folder.path) }
        let file: SafetensorsFile
        do { file = try SafetensorsFile(weights) } catch { throw .safetensors(error) }
        return try LoRAAdapter(configuration: configuration, modules: try modules(of: file))
    }

    private static func modules(of file: SafetensorsFile) throws(AdapterError) -> [LoRAModule] {
        var found: [String: [Role: SafetensorsTensor]] = [:]
        for tensor in file.tensors {
            guard let (module, role) = place(of: tensor.name),
                found[module, default: [:]].updateValue(tensor, forKey: role) == nil
            else { throw .unexpectedTensor(tensor.name) }
        }
        var result: [LoRAModule] = []
        for (name, tensors) in found {
            guard let a = tensors[.a] else { throw .missingTensor(prefix + name + ".lora_A.weight") }
            guard let b = tensors[.b] else { throw .missingTensor(prefix + name + ".lora_B.weight") }
            guard a.shape.count == 2, b.shape.count == 2, a.shape[0] == b.shape[1] else {
                let rank = a.shape.first ?? 0
                throw .wrongShape(tensor: b.name, expected: [b.shape.first ?? 0, rank], actual: b.shape)
            }
            var magnitude: [Float]?
            if let vector = tensors[.magnitude] {
                guard vector.shape == [b.shape[0]] else {
                    throw .wrongShape(tensor: vector.name, expected: [b.shape[0]], actual: vector.shape)
                }
                magnitude = try values(of: vector, file)
            }
            result.append(
                LoRAModule(
                    name: name, rank: a.shape[0], inputs: a.shape[1], outputs: b.shape[0], a: try values(of: a, file),
                    b: try values(of: b, file), magnitude: magnitude))
        }
        return result
    }

    /// Module and role of a tensor's name.
    private static func place(of name: String) -> (String, Role)? {
        guard name.hasPrefix(prefix) else { return nil }
        let rest = name.dropFirst(prefix.count)
        for role in Role.allCases {
            for suffix in role.suffixes where rest.hasSuffix(suffix) {
                return (String(rest.dropLast(suffix.count)), role)
            }
        }
        return nil
    }

    private static func values(
        of tensor: SafetensorsTensor, _ file: SafetensorsFile
    ) throws(AdapterError) -> [Float] {
        let types: [SafetensorsType: ElementType] = [.f32: .f32, .f16: .f16, .bf16: .bf16]
        guard let type = types[tensor.type] else {
            throw .unsupportedType(tensor: tensor.name, type: tensor.type.rawValue)
        }
        let bytes: [UInt8]
        do { bytes = try file.read(tensor.name) } catch { throw .safetensors(error) }
        guard let values = try? Quantisation.dequantise(bytes, type: type, count: tensor.shape.reduce(1, *)) else {
            throw .unsupportedType(tensor: tensor.name, type: tensor.type.rawValue)
        }
        return values
    }

    /// Writes a folder that PEFT (0.15 and later) opens; values are f32.
    ///
    /// A new folder appears only when it is complete. In a folder that is there already each of the two files is
    /// replaced when it is complete; other files stay.
    /// - Throws: `AdapterError`.
    public func write(to folder: URL) throws(AdapterError) {
        do {
            guard !FileManager.default.fileExists(atPath: folder.path) else {
                return try write(into: folder, replacing: true)
            }
            let hidden = try HiddenFolder(for: folder)
            try write(into: hidden.url, replacing: false)
            try hidden.commit()
        } catch let error as AdapterError {
            throw error
        } catch let error as SafetensorsError {
            throw .safetensors(error)
        } catch let error as FileError {
            throw .file(error)
        } catch {
            throw .json(path: folder.path, reason: "\(error)")
        }
    }

    private func write(into folder: URL, replacing: Bool) throws {
        var parts: [(layout: SafetensorsWriter.Layout, values: [Float])] = []
        for module in modules {
            func add(_ suffix: String, _ shape: [Int], _ values: [Float]) {
                parts.append((.init(name: Self.prefix + module.name + suffix, shape: shape, type: .f32), values))
            }
            add(Role.a.suffixes[0], [module.rank, module.inputs], module.a)
            add(Role.b.suffixes[0], [module.outputs, module.rank], module.b)
            if let magnitude = module.magnitude { add(Role.magnitude.suffixes[0], [module.outputs], magnitude) }
        }
        let writer = try SafetensorsWriter(
            to: folder.appendingPathComponent(Self.weightsFile), tensors: parts.map(\.layout), replacing: replacing)
        for part in parts { try writer.write(try Quantisation.encode(part.values, type: .f32)) }
        try writer.finish()
        let file = try OutputFile(folder.appendingPathComponent(Self.configurationFile), replacing: replacing)
        try file.write(Array(configuration.peftText.utf8))
        try file.commit()
    }
}
