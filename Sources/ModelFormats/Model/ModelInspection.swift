public import FoundationEssentials
import Tensors

/// A summary of a model for people and programs: what it is, how large, which types, which tokenizer.
///
/// Made from the headers alone. Also for GGUF files of families that are not computed here: then `problem` says why
/// the model cannot be opened, and the numbers come from the file's list of tensors.
public struct ModelInspection: Codable, Equatable, Sendable {
    /// One tensor of the list.
    public struct Tensor: Codable, Equatable, Sendable {
        /// Under its GGUF name.
        public let name: String
        /// For example `Q4_K`.
        public let type: String
        /// The contiguous dimension first.
        public let dimensions: [Int]
    }

    /// The numbers of the configuration.
    public struct Shape: Codable, Equatable, Sendable {
        /// Longest sequence in tokens.
        public let contextLength: Int
        /// Width of the residual stream.
        public let embeddingLength: Int
        /// Transformer blocks.
        public let blockCount: Int
        /// Inner width of the feed-forward network.
        public let feedForwardLength: Int
        /// Query heads.
        public let headCount: Int
        /// Key and value heads.
        public let kvHeadCount: Int
        /// Dimensions of a query or key head.
        public let keyLength: Int
        /// Dimensions of a value head.
        public let valueLength: Int
        /// Rows of the embedding matrix.
        public let vocabularySize: Int
        /// Whether the output matrix is the embedding matrix.
        public let tiedOutput: Bool
        /// ε of RMSNorm.
        public let normEpsilon: Float
        /// θ of the rotary embedding.
        public let ropeBase: Double
        /// `none`, or the kind of scaling and its factor.
        public let ropeScaling: String
        /// Keys a position sees in windowed layers, nil for all.
        public let slidingWindow: Int?
        /// Experts of a block, and how many of them compute for a token; nil without a mixture.
        public let expertCount: Int?, expertUsedCount: Int?
    }

    /// As it was given.
    public let path: String
    /// GGUF file or Hugging Face folder.
    public let origin: ModelFile.Origin
    /// The family's GGUF name.
    public let architecture: String
    /// The model's own name, or the file's or folder's.
    public let name: String
    /// Bytes of the files that hold weights.
    public let fileSize: Int
    /// Number of weights.
    public let parameterCount: Int
    /// Weights by type.
    public let types: [String: Int]
    /// nil when the model cannot be opened.
    public let shape: Shape?
    /// `gpt2`, `llama` … in a GGUF; the model type in tokenizer.json; `sentencepiece` for a tokenizer.model alone.
    public let tokenizer: String?
    /// The split rule of a GGUF's byte-level BPE.
    public let preTokenizer: String?
    /// Tokens in the vocabulary.
    public let tokenCount: Int?
    /// SHA-256 of the chat template's UTF-8 bytes, hexadecimal.
    public let chatTemplateSHA256: String?
    /// Length of the chat template in bytes.
    public let chatTemplateLength: Int?
    /// As the file states it.
    public let licence: String?
    /// All weights.
    public let tensors: [Tensor]
    /// Why the model cannot be computed, nil when it can.
    public let problem: String?

    /// Inspects a GGUF file or a Hugging Face folder.
    ///
    /// - Throws: what `ModelFile.open` throws for a folder; for a GGUF file only what breaks the format itself.
    public init(_ url: URL) throws {
        var isFolder = false
        let exists = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
        self = exists && isFolder ? try Self(folder: url) : try Self(gguf: url)
    }

    private init(gguf url: URL) throws {
        let files = try GGUFCollection(url)
        var opened: ModelFile?
        var problem: String?
        do { opened = try ModelFile.open(url) } catch { problem = "\(error)" }
        let metadata = files.metadata
        let template = metadata["tokenizer.chat_template"]?.string
        path = url.path
        origin = .gguf
        architecture = metadata["general.architecture"]?.string ?? "unknown"
        name = metadata["general.name"]?.string ?? url.deletingPathExtension().lastPathComponent
        fileSize = files.parts.reduce(0) { $0 + $1.size }
        parameterCount = Self.count(files.tensors.map { $0.columns * $0.rows })
        types = Self.histogram(files.tensors.map { ($0.type.name, $0.columns * $0.rows) })
        shape = opened.map { Shape($0.configuration) }
        tokenizer = metadata["tokenizer.ggml.model"]?.string
        preTokenizer = metadata["tokenizer.ggml.pre"]?.string
        tokenCount = metadata["tokenizer.ggml.tokens"]?.strings?.count
        chatTemplateSHA256 = template.map { SHA256.hexadecimal(of: Array($0.utf8)) }
        chatTemplateLength = template?.utf8.count
        licence = metadata["general.license"]?.string
        tensors = files.tensors.map { Tensor(name: $0.name, type: $0.type.name, dimensions: $0.dimensions) }
        self.problem = problem
    }

    private init(folder url: URL) throws {
        let model = try ModelFile.open(url)
        let weights = try SafetensorsCollection(folder: url)
        let described = try HuggingFaceTokenizerSummary(model.tokenizerFiles)
        path = url.path
        origin = .huggingFace
        architecture = model.configuration.architecture.rawValue
        name = model.configuration.name
        fileSize = weights.files.reduce(0) { $0 + $1.size }
        parameterCount = Self.count(model.tensors.map(\.elementCount))
        types = Self.histogram(model.tensors.map { ($0.type.name, $0.elementCount) })
        shape = Shape(model.configuration)
        tokenizer = described.kind
        preTokenizer = nil
        tokenCount = described.tokenCount
        chatTemplateSHA256 = described.template.map { SHA256.hexadecimal(of: Array($0.utf8)) }
        chatTemplateLength = described.template?.utf8.count
        licence = nil
        tensors = model.tensors.map { Tensor(name: $0.name, type: $0.type.name, dimensions: $0.dimensions) }
        problem = nil
    }

    /// A sum that stays at the largest number instead of overflowing: no real model comes near.
    private static func count(_ elements: [Int]) -> Int {
        elements.reduce(0) { sum, count in
            let (next, overflow) = sum.addingReportingOverflow(count)
            return overflow ? Int.max : next
        }
    }

    private static func histogram(_ tensors: [(String, Int)]) -> [String: Int] {
        Dictionary(grouping: tensors, by: \.0).mapValues { count($0.map(\.1)) }
    }
}

extension ModelInspection.Shape {
    init(_ configuration: ModelConfiguration) {
        contextLength = configuration.contextLength
        embeddingLength = configuration.embeddingLength
        blockCount = configuration.blockCount
        feedForwardLength = configuration.feedForwardLength
        headCount = configuration.headCount
        kvHeadCount = configuration.kvHeadCount
        keyLength = configuration.keyLength
        valueLength = configuration.valueLength
        vocabularySize = configuration.vocabularySize
        tiedOutput = configuration.tiedOutput
        normEpsilon = configuration.normEpsilon
        ropeBase = configuration.ropeBase
        slidingWindow = configuration.slidingWindow
        expertCount = configuration.experts?.count
        expertUsedCount = configuration.experts?.used
        ropeScaling =
            switch configuration.ropeScaling {
            case .none: configuration.ropeFrequencyFactors == nil ? "none" : "llama3"
            case .linear(let factor): "linear \(factor)"
            case .llama3(let factor, _, _, _): "llama3 \(factor)"
            case .yarn(let yarn): "yarn \(yarn.factor)"
            case .longRope(let rope): "longrope from \(rope.originalContextLength)"
            }
    }
}
