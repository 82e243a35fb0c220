public import FoundationEssentials
public import Tensors

/// A model opened for reading: one view of GGUF files and Hugging Face folders.
///
/// Opening reads configuration, metadata and the list of tensors, and checks that every tensor the architecture needs
/// is there in the shape that the configuration says. Weights are read when asked for, from several threads if need
/// be. Whatever the origin, tensors have GGUF's names and GGUF's order of rows.
public final class ModelFile: Sendable {
    /// Where a model comes from.
    public enum Origin: String, Codable, Sendable {
        case gguf
        case huggingFace
    }

    private enum Source: Sendable {
        case gguf(GGUFCollection, parts: [String: FusedMatrices.Part])
        case folder(HuggingFaceFolder)
        case memory(read: @Sendable (String, Range<Int>) throws -> [UInt8], config: [UInt8]?)
    }

    /// Largest tensor that `readFloats` gives at once.
    public static let maximumFloats = 1 << 22

    /// What defines the computation besides the weights; checked, within sane bounds.
    public let configuration: ModelConfiguration
    /// GGUF file or Hugging Face folder.
    public let origin: Origin
    /// All weights.
    public let tensors: [TensorDescription]
    /// GGUF: all keys of the file. Folder: what the keys would be in a GGUF file, without the tokenizer.
    public let metadata: [String: GGUFValue]
    /// Folder: the tokenizer's files as they are. GGUF: empty, the vocabulary is in `metadata`.
    public let tokenizerFiles: [String: Data]

    private let source: Source
    private let indices: [String: Int]

    /// Opens a `.gguf` file (any part of a split one) or a folder with config.json.
    public static func open(_ url: URL) throws -> ModelFile {
        var isFolder = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw FileError.failed(operation: "open", path: url.path, code: 2)
        }
        guard isFolder else { return try ModelFile(gguf: url) }
        guard FileManager.default.fileExists(atPath: url.appendingPathComponent("config.json").path) else {
            throw ModelFileError.notAModel(path: url.path)
        }
        return try ModelFile(folder: url)
    }

    private init(gguf url: URL) throws {
        let collection = try GGUFCollection(url)
        guard !collection.tensors.isEmpty else { throw ModelFileError.vocabularyOnly(path: url.path) }
        let fileName = url.deletingPathExtension().lastPathComponent
        var configuration = try GGUFConfiguration.configuration(
            metadata: collection.metadata, fileName: fileName,
            embeddingRows: collection.tensor("token_embd.weight")?.rows ?? 0,
            tokenTypeRows: collection.tensor("token_types.weight")?.rows ?? 0,
            hasOutput: collection.tensor("output.weight") != nil,
            hasScore: collection.tensor("cls.output.weight") != nil)
        try GGUFTokenizerKeys.check(collection.metadata, vocabularySize: configuration.vocabularySize)
        let stored = try collection.tensors.map { tensor in
            guard let type = tensor.type.elementType else {
                let known = ElementType.allCases.map(\.name)
                throw ModelFileError.unsupportedType(tensor: tensor.name, type: tensor.type.name, known: known)
            }
            return TensorDescription(name: tensor.name, type: type, dimensions: tensor.dimensions)
        }
        let split = try FusedMatrices(stored, configuration)
        let tensors = split.tensors
        try TensorRequirements(configuration).check(tensors)
        try Self.readRopeFactors(of: tensors, collection, into: &configuration)
        self.configuration = configuration
        self.tensors = tensors
        origin = .gguf
        metadata = collection.metadata
        tokenizerFiles = [:]
        source = .gguf(collection, parts: split.parts)
        indices = Self.index(tensors)
    }

    /// The divisors of the rotary frequencies that a GGUF file holds as tensors.
    private static func readRopeFactors(
        of tensors: [TensorDescription], _ collection: GGUFCollection, into configuration: inout ModelConfiguration
    ) throws {
        func factors(_ name: String) throws -> [Float]? {
            guard let tensor = tensors.first(where: { $0.name == name }) else { return nil }
            return try Quantisation.dequantise(
                try collection.read(name, rows: 0..<1), type: tensor.type, count: tensor.columns)
        }
        configuration.ropeFrequencyFactors = try factors("rope_freqs.weight")
        let short = try factors("rope_factors_short.weight")
        let long = try factors("rope_factors_long.weight")
        if short != nil || long != nil {
            guard let short, let long else {
                let missing = short == nil ? "rope_factors_short.weight" : "rope_factors_long.weight"
                throw ModelFileError.missingTensor(name: missing, shape: [configuration.ropeDimensions / 2])
            }
            configuration.ropeScaling = .longRope(
                try GGUFConfiguration.longRope(collection.metadata, configuration, short: short, long: long))
        }
        try configuration.validate()
    }

    private init(folder url: URL) throws {
        let folder = try HuggingFaceFolder(url)
        configuration = folder.configuration
        tensors = folder.tensors
        origin = .huggingFace
        metadata = GGUFMetadata.keys(for: folder.configuration)
        tokenizerFiles = folder.tokenizerFiles
        source = .folder(folder)
        indices = Self.index(tensors)
    }

    /// A model whose weights are in memory, or made when they are asked for: trained, merged, random ones.
    ///
    /// - Parameters:
    ///   - config: config.json, for a model that came from a folder.
    ///   - read: the bytes of some rows of a tensor, in GGUF's order of rows.
    /// - Throws: `ModelFileError` when a tensor of the architecture is missing or has another shape.
    public init(
        configuration: ModelConfiguration, metadata: [String: GGUFValue], tokenizerFiles: [String: Data],
        config: [UInt8]?, tensors: [TensorDescription],
        read: @escaping @Sendable (String, Range<Int>) throws -> [UInt8]
    ) throws {
        try TensorRequirements(configuration).check(tensors)
        self.configuration = configuration
        self.tensors = tensors
        origin = config == nil ? .gguf : .huggingFace
        self.metadata = metadata
        self.tokenizerFiles = tokenizerFiles
        source = .memory(read: read, config: config)
        indices = Self.index(tensors)
    }

    /// The same model with other bytes for its tensors, e.g. trained ones.
    ///
    /// - Parameters:
    ///   - type: of each tensor of this file; the type it has by default.
    ///   - read: as above.
    public func replacingWeights(
        type: (TensorDescription) -> ElementType = { $0.type },
        read: @escaping @Sendable (String, Range<Int>) throws -> [UInt8]
    ) throws -> ModelFile {
        try ModelFile(
            configuration: configuration, metadata: metadata, tokenizerFiles: tokenizerFiles,
            config: huggingFaceConfig,
            tensors: tensors.map { TensorDescription(name: $0.name, type: type($0), dimensions: $0.dimensions) },
            read: read)
    }

    /// config.json as it is, when the model comes from a folder.
    var huggingFaceConfig: [UInt8]? {
        switch source {
        case .gguf: nil
        case .folder(let folder): folder.configBytes
        case .memory(_, let config): config
        }
    }

    private static func index(_ tensors: [TensorDescription]) -> [String: Int] {
        Dictionary(tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The tensor of this name, for example `blk.0.attn_q.weight`; nil when the model has none.
    public func tensor(_ name: String) -> TensorDescription? { indices[name].map { tensors[$0] } }

    /// The stored bytes of some rows, in GGUF's order of rows.
    ///
    /// For a llama model from a folder the rows of q and k are put in GGUF's order: whole heads are read for it.
    public func read(_ name: String, rows: Range<Int>) throws -> [UInt8] {
        guard let tensor = tensor(name) else { throw ModelFileError.noSuchTensor(name: name) }
        guard rows.lowerBound >= 0, rows.upperBound <= tensor.rows else {
            throw ModelFileError.rowsOutOfRange(tensor: name, rows: rows, count: tensor.rows)
        }
        switch source {
        case .gguf(let collection, let parts):
            guard let part = parts[name] else { return try collection.read(name, rows: rows) }
            return try Self.read(tensor, rows: rows, part: part, collection)
        case .folder(let folder): return try folder.read(tensor, rows: rows)
        case .memory(let read, _): return try read(name, rows)
        }
    }

    /// Rows of a part of a fused tensor; of a bias, which is one row, some elements.
    private static func read(
        _ tensor: TensorDescription, rows: Range<Int>, part: FusedMatrices.Part, _ collection: GGUFCollection
    ) throws -> [UInt8] {
        guard tensor.dimensions.count < 2 else {
            return try collection.read(
                part.source, rows: (part.start + rows.lowerBound)..<(part.start + rows.upperBound))
        }
        guard !rows.isEmpty else { return [] }
        let whole = try collection.read(part.source, rows: rows)
        let width = tensor.type.blockBytes
        return Array(whole[(part.start * width)..<((part.start + tensor.columns) * width)])
    }

    /// All values of a small tensor (norms, biases, rope factors) as numbers.
    public func readFloats(_ name: String) throws -> [Float] {
        guard let tensor = tensor(name) else { throw ModelFileError.noSuchTensor(name: name) }
        guard tensor.elementCount <= Self.maximumFloats else {
            throw ModelFileError.tooLargeForFloats(
                tensor: name, elements: tensor.elementCount, limit: Self.maximumFloats)
        }
        let bytes = try read(name, rows: 0..<tensor.rows)
        return try Quantisation.dequantise(bytes, type: tensor.type, count: tensor.elementCount)
    }
}
