public import FoundationEssentials
import Tensors

/// A model as Hugging Face's transformers stores it: config.json, safetensors, tokenizer files.
///
/// Tensors are given under their GGUF names and in GGUF's order of rows, so that what follows knows one convention.
public final class HuggingFaceFolder: Sendable {
    /// Files that belong to the tokenizer or to generation, read as they are where they exist.
    public static let tokenizerFileNames = [
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "tokenizer.model",
        "sentencepiece.bpe.model",
        "vocab.json", "merges.txt", "generation_config.json", "chat_template.jinja", "chat_template.json",
    ]
    static let maximumConfig = 8 << 20
    static let maximumTokenizerFile = 128 << 20

    /// What config.json says.
    public let configuration: ModelConfiguration
    /// config.json as it is.
    public let configBytes: [UInt8]
    /// The tokenizer's files by name.
    public let tokenizerFiles: [String: Data]
    /// The weights: embedding and output first, then block after block.
    public let tensors: [TensorDescription]

    private let weights: SafetensorsCollection
    /// GGUF name → name in the safetensors; of stacked experts the names of all, in order.
    private let storedNames: [String: [String]]
    /// Tensors that are parts of fused ones.
    private let parts: [String: FusedMatrices.Part]
    private let permutation: RowPermutation?

    /// Opens a folder: reads the configuration and the headers of the weights, and checks that they fit.
    public init(_ folder: URL) throws {
        let url = folder.appendingPathComponent("config.json")
        configBytes = try ReadOnlyFile.contents(of: url, limit: Self.maximumConfig)
        let config = try Self.config(configBytes, path: url.path)
        let configuration = try config.configuration(
            name: folder.lastPathComponent, pooling: try SentenceTransformersPooling.read(folder))
        self.configuration = configuration
        weights = try SafetensorsCollection(folder: folder)
        permutation = configuration.architecture == .llama ? RowPermutation(headLength: configuration.keyLength) : nil
        (tensors, storedNames, parts) = try Self.describe(weights.tensors, config, configuration)
        tokenizerFiles = try Self.tokenizerFiles(of: folder)
    }

    static func tokenizerFiles(of folder: URL) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in tokenizerFileNames {
            let file = folder.appendingPathComponent(name)
            guard FileManager.default.fileExists(atPath: file.path) else { continue }
            files[name] = Data(try ReadOnlyFile.contents(of: file, limit: maximumTokenizerFile))
        }
        return files
    }

    static func config(_ bytes: [UInt8], path: String) throws(ModelConfigurationError)
        -> HuggingFaceConfiguration
    {
        let json: JSONValue
        do { json = try JSONReader.value(of: bytes) } catch { throw .json(path: path, error) }
        guard let members = json.object else { throw .notAnObject(path: path) }
        return try HuggingFaceConfiguration(members)
    }

    private static func describe(
        _ stored: [SafetensorsTensor], _ config: HuggingFaceConfiguration, _ configuration: ModelConfiguration
    ) throws -> ([TensorDescription], [String: [String]], [String: FusedMatrices.Part]) {
        let architecture = configuration.architecture
        let encoder = config.family.encoder
        var names = StoredNames(configuration)
        for tensor in stored where !TensorNames.isDerived(tensor.name) {
            // A tied model's own lm_head is the embedding once more: transformers ignores it too.
            if tensor.name == "lm_head.weight", configuration.tiedOutput { continue }
            let found =
                if let encoder {
                    EncoderTensorNames.gguf(tensor.name, encoder, head: configuration.scoresPairs)
                        .map { (name: $0, expert: Int?.none) }
                } else {
                    TensorNames.gguf(tensor.name, architecture: architecture)
                }
            guard let found else {
                // What an encoder was pretrained with beside itself; no vector comes from it.
                if let encoder, EncoderTensorNames.isUnused(tensor.name, encoder) { continue }
                throw ModelFileError.unexpectedTensor(name: tensor.name, architecture: config.family.rawValue)
            }
            let type = isOffset(found.name, architecture) ? .f32 : try elementType(of: tensor)
            try names.add(tensor, as: found.name, expert: found.expert, type: type)
        }
        var split = try FusedMatrices(try names.tensors(), configuration)
        try split.dropPositions(try config.unusedPositions(), configuration)
        let tensors = split.tensors.sorted {
            (TensorNames.place($0.name), $0.name) < (TensorNames.place($1.name), $1.name)
        }
        let requirements = TensorRequirements(configuration)
        try requirements.check(tensors)
        try checkBiases(tensors, config, requirements)
        return (tensors, names.stored, split.parts)
    }

    /// Whether safetensors hold a norm's weights without the 1 that GGUF has in them: they are given as f32 then.
    static func isOffset(_ name: String, _ architecture: Architecture) -> Bool {
        architecture.storedNormOffset != 0 && name.hasSuffix("_norm.weight")
    }

    private static func elementType(of tensor: SafetensorsTensor) throws(ModelFileError) -> ElementType {
        switch tensor.type {
        case .f32: return .f32
        case .f16: return .f16
        case .bf16: return .bf16
        default:
            throw .unsupportedType(tensor: tensor.name, type: tensor.type.rawValue, known: ["F32", "F16", "BF16"])
        }
    }

    /// Biases are there exactly where the configuration says so.
    private static func checkBiases(
        _ tensors: [TensorDescription], _ config: HuggingFaceConfiguration, _ requirements: TensorRequirements
    ) throws {
        // An encoder's biases are all required.
        if config.architecture.isEncoder { return }
        let attention = try config.hasAttentionBias()
        let feedForward = try config.hasFeedForwardBias()
        var expected = Set<String>()
        if attention { expected.formUnion(["attn_q.bias", "attn_k.bias", "attn_v.bias"]) }
        if attention, config.family.attentionBias != .inputsOnly { expected.insert("attn_output.bias") }
        if feedForward { expected.formUnion(["ffn_gate.bias", "ffn_up.bias", "ffn_down.bias"]) }
        func isExpected(_ name: String) -> Bool {
            expected.contains(name.split(separator: ".").suffix(2).joined(separator: "."))
        }
        for tensor in tensors where tensor.name.hasSuffix(".bias") && !isExpected(tensor.name) {
            throw ModelFileError.unexpectedTensor(name: tensor.name, architecture: config.family.rawValue)
        }
        let present = Set(tensors.map(\.name))
        for (name, shape) in requirements.optional.sorted(by: { $0.key < $1.key })
        where isExpected(name) && !present.contains(name) {
            throw ModelFileError.missingTensor(name: name, shape: shape)
        }
    }

    /// Bytes of some rows in GGUF's order. Rows of q and k are permuted within their head, so whole heads are read.
    func read(_ tensor: TensorDescription, rows: Range<Int>) throws -> [UInt8] {
        let part = parts[tensor.name]
        guard let stored = storedNames[part?.source ?? tensor.name], let first = stored.first else {
            throw ModelFileError.noSuchTensor(name: tensor.name)
        }
        guard stored.count == 1 else { return try read(tensor, rows: rows, stack: stored) }
        let isVector = tensor.dimensions.count < 2
        if isVector, Self.isOffset(tensor.name, configuration.architecture) {
            return rows.isEmpty ? [] : try readOffset(first, tensor)
        }
        let permuted = tensor.name.contains(".attn_q.") || tensor.name.contains(".attn_k.")
        guard permuted, let permutation, !rows.isEmpty else {
            guard let part, isVector else {
                let start = part?.start ?? 0
                return try weights.read(
                    first, bytes: Self.bytes(start + rows.lowerBound..<start + rows.upperBound, tensor.rowBytes))
            }
            // A part of a bias: some elements of its one row.
            let unit = tensor.type.blockBytes
            let elements = part.start..<part.start + (rows.isEmpty ? 0 : tensor.columns)
            return try weights.read(first, bytes: Self.bytes(elements, unit))
        }
        // In a bias each element is a row of its own.
        let unit = isVector ? tensor.rowBytes / max(1, tensor.columns) : tensor.rowBytes
        let wanted = isVector ? 0..<tensor.columns : rows
        let heads = permutation.heads(covering: wanted)
        let source = try weights.read(first, bytes: Self.bytes(heads, unit))
        var result: [UInt8] = []
        result.reserveCapacity(wanted.count * unit)
        for row in wanted {
            let start = (permutation.huggingFaceRow(ofGGUF: row) - heads.lowerBound) * unit
            result.append(contentsOf: source[start..<(start + unit)])
        }
        return result
    }

    /// Rows of a stack, each expert of which is a tensor of its own.
    private func read(_ tensor: TensorDescription, rows: Range<Int>, stack: [String]) throws -> [UInt8] {
        let height = tensor.rows / stack.count
        var result: [UInt8] = []
        for (expert, name) in stack.enumerated() {
            let own = rows.clamped(to: expert * height..<(expert + 1) * height)
            guard !own.isEmpty else { continue }
            let start = expert * height
            result += try weights.read(
                name, bytes: Self.bytes(own.lowerBound - start..<own.upperBound - start, tensor.rowBytes))
        }
        return result
    }

    /// A norm's weights as GGUF has them, as f32.
    private func readOffset(_ name: String, _ tensor: TensorDescription) throws -> [UInt8] {
        guard let stored = weights.tensors.first(where: { $0.name == name }) else {
            throw ModelFileError.noSuchTensor(name: tensor.name)
        }
        let type = try Self.elementType(of: stored)
        let bytes = try weights.read(name, bytes: 0..<tensor.columns * type.blockBytes)
        let values = try Quantisation.dequantise(bytes, type: type, count: tensor.columns)
        return try Quantisation.encode(values.map { $0 + configuration.architecture.storedNormOffset }, type: .f32)
    }

    private static func bytes(_ rows: Range<Int>, _ unit: Int) -> Range<Int> {
        (rows.lowerBound * unit)..<(rows.upperBound * unit)
    }
}
