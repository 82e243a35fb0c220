public import FoundationEssentials
import Tensors

extension ModelFile {
    /// Whether a folder has a config.json but no weights.
    public static func isUntrained(_ folder: URL) -> Bool {
        let manager = FileManager.default
        func has(_ name: String) -> Bool { manager.fileExists(atPath: folder.appendingPathComponent(name).path) }
        return has("config.json") && !has(SafetensorsCollection.singleName) && !has(SafetensorsCollection.indexName)
    }

    /// A model of a folder that has no weights: random ones from the seed, as transformers begins. Matrices are normal
    /// with the deviation of `initializer_range` (0.02), norms 1, biases 0. The weights are made when they are read.
    public static func untrained(_ folder: URL, seed: UInt64) throws -> ModelFile {
        let url = folder.appendingPathComponent("config.json")
        let bytes = try ReadOnlyFile.contents(of: url, limit: HuggingFaceFolder.maximumConfig)
        let config = try HuggingFaceFolder.config(bytes, path: url.path)
        let configuration = try config.configuration(name: folder.lastPathComponent, pooling: nil)
        let requirements = TensorRequirements(configuration)
        let biases = try Self.biases(config)
        let tensors =
            (requirements.required
            + requirements.optional.filter { name, _ in
                biases.contains(name.split(separator: ".").suffix(2).joined(separator: "."))
            }.map { ($0.key, $0.value) })
            .map { TensorDescription(name: $0.0, type: .f32, dimensions: $0.1) }
            .sorted { (TensorNames.place($0.name), $0.name) < (TensorNames.place($1.name), $1.name) }
        let deviation = try config.initializerRange() ?? 0.02
        let columns = Dictionary(
            tensors.map { ($0.name, ($0.columns, $0.dimensions.count < 2)) }, uniquingKeysWith: { first, _ in first })
        return try ModelFile(
            configuration: configuration, metadata: GGUFMetadata.keys(for: configuration),
            tokenizerFiles: try HuggingFaceFolder.tokenizerFiles(of: folder), config: bytes, tensors: tensors
        ) { name, rows in
            guard let (width, isVector) = columns[name] else { throw ModelFileError.noSuchTensor(name: name) }
            var values: [Float] = []
            for row in rows {
                if isVector {
                    values += [Float](repeating: name.hasSuffix(".bias") ? 0 : 1, count: width)
                } else {
                    var random = NormalNumbers(seed: seed, name: name, row: row)
                    values += (0..<width).map { _ in Float(random.next() * deviation) }
                }
            }
            return try Quantisation.encode(values, type: .f32)
        }
    }

    private static func biases(_ config: HuggingFaceConfiguration) throws -> Set<String> {
        var names = Set<String>()
        if try config.hasAttentionBias() {
            names.formUnion(["attn_q.bias", "attn_k.bias", "attn_v.bias"])
            if config.family.attentionBias != .inputsOnly { names.insert("attn_output.bias") }
        }
        if try config.hasFeedForwardBias() { names.formUnion(["ffn_gate.bias", "ffn_up.bias", "ffn_down.bias"]) }
        return names
    }
}

/// Normal numbers of a row of a tensor: the sum of twelve uniform ones, less 6 (mean 0, deviation 1, cut at 6; no
/// libm, so that every machine starts alike).
struct NormalNumbers {
    private var state: UInt64

    init(seed: UInt64, name: String, row: Int) {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        state = hash ^ (seed &* 0x9E37_79B9_7F4A_7C15) ^ (UInt64(truncatingIfNeeded: row) &* 0xD134_2543_DE82_EF95)
    }

    private mutating func bits() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func next() -> Double {
        var sum = 0.0
        for _ in 0..<3 {
            let word = bits()
            for shift in [UInt64(0), 16, 32, 48] { sum += Double((word >> shift) & 0xFFFF) }
        }
        return (sum + 6) / 65536 - 6
    }
}
