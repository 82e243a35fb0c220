public import ModelFormats
public import Tensors
import Tokenizers
import Transformers

/// Texts as vectors of unit length: near where the texts mean alike. Similarity is the dot product.
///
/// Encoders of the bert family, and decoders that were trained for it (Qwen3-Embedding: the state of the last token,
/// behind the end-of-text token that their tokenizer adds).
///
/// An actor on a thread of its own. Texts are computed in steps of at most `stepTokens` tokens; between two steps other
/// callers get their turn, so that a question does not wait for a whole document. What comes out for a text does not
/// depend on its neighbours, on the number of threads or on who asks beside it.
///
/// Models of the E5 family expect `query: ` before a question and `passage: ` before a passage; whoever calls puts it
/// there.
public actor SentenceEmbedder {
    /// What a text cost and became.
    public struct Embedding: Sendable, Equatable {
        /// [E], of length 1 unless asked for otherwise.
        public var vector: [Float]
        /// Tokens that were computed, special ones included.
        public var tokens: Int
        /// Whether the text was longer than the model's context, so that its end is not in the vector.
        public var truncated: Bool
    }

    /// What was computed since the start; for metrics.
    public struct Statistics: Sendable, Equatable {
        /// Texts and their tokens.
        public var texts = 0, tokens = 0
        /// Texts that were cut.
        public var truncated = 0
        /// Seconds spent in steps.
        public var stepSeconds = 0.0
    }

    /// The name under which it is asked for.
    public nonisolated let name: String
    /// Values of a vector.
    public nonisolated let dimensions: Int
    /// Most tokens of a text, special ones included; the rest is cut off.
    public nonisolated let contextLength: Int
    /// How states become a vector.
    public nonisolated let pooling: Pooling

    private let executor = ComputeThread(label: "pallet.embedder")
    /// The thread that computes.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        // The actor keeps the executor alive for as long as it lives itself.
        unsafe executor.asUnownedSerialExecutor()
    }

    /// What computes a step, and its memory.
    private enum Model {
        case encoder(EncoderModel, EncoderWorkspace)
        case decoder(TransformerModel, Workspace)
    }

    private let model: Model
    private let tokenizer: Tokenizer
    private let pool: WorkerPool
    /// Most tokens of a step; one text may have more of them, which a decoder then takes in pieces.
    private let stepTokens: Int
    private var counters = Statistics()

    /// Reads weights and vocabulary from one model file.
    ///
    /// - Parameters:
    ///   - threads: threads that compute.
    ///   - pooling: another pooling than the file states; needed where it states none.
    ///   - stepTokens: most tokens computed at once; raised to the model's context, which one text may fill.
    /// - Throws: `EmbeddingError`, `TransformerError`, `TokenizerError`, or the file's own errors.
    public init(
        name: String, file: ModelFile, threads: Int, precision: Precision = .integer, pooling: Pooling? = nil,
        stepTokens: Int = 512, progress: @escaping (String, Int, Int) -> Void = { _, _, _ in }
    ) throws {
        guard let pooling = pooling ?? file.configuration.pooling else { throw EmbeddingError.noPooling(model: name) }
        let tokenizer = try Tokenizer(try TokenizerDefinition(file: file))
        // Longer texts than this are cut; memory for more rows would be taken for nothing.
        let contextLength = min(file.configuration.contextLength, Self.longestText)
        self.name = name
        self.tokenizer = tokenizer
        self.pooling = pooling
        self.contextLength = contextLength
        dimensions = file.configuration.embeddingLength
        pool = try WorkerPool(threads: threads)
        if file.configuration.architecture.isEncoder {
            let encoder = try EncoderModel(file: file, precision: precision, progress: progress)
            self.stepTokens = max(stepTokens, contextLength)
            model = .encoder(encoder, try EncoderWorkspace(model: encoder, rows: self.stepTokens))
        } else {
            let decoder = try TransformerModel(file: file, precision: precision, progress: progress)
            self.stepTokens = max(stepTokens, 1)
            model = .decoder(decoder, try Workspace(model: decoder, rows: self.stepTokens, logitRows: 1))
        }
    }

    /// No text is longer, whatever context a model file claims.
    public static let longestText = 8192

    /// The vectors of some texts, in their order.
    /// - Throws: `TransformerError` for damaged weights, `CancellationError`.
    public func embed(_ texts: [String]) async throws -> [[Float]] {
        try await embeddings(of: texts).map(\.vector)
    }

    /// The same with what each text cost.
    /// - Parameter normalised: whether vectors are brought to length 1.
    public func embeddings(of texts: [String], normalised: Bool = true) async throws -> [Embedding] {
        var result: [Embedding] = []
        result.reserveCapacity(texts.count)
        var step: [[Int]] = []
        var cut: [Bool] = []
        var rows = 0
        func flush() throws {
            let vectors = try compute(step, normalised: normalised)
            for (index, vector) in vectors.enumerated() {
                result.append(Embedding(vector: vector, tokens: step[index].count, truncated: cut[index]))
            }
            (step, cut, rows) = ([], [], 0)
        }
        for text in texts {
            let (ids, truncated) = tokens(of: text)
            if rows + ids.count > stepTokens, !step.isEmpty {
                try flush()
                // Others who wait get their turn here.
                await Task.yield()
                try Task.checkCancellation()
            }
            step.append(ids)
            cut.append(truncated)
            rows += ids.count
        }
        if !step.isEmpty { try flush() }
        counters.truncated += result.count { $0.truncated }
        return result
    }

    /// What was computed since the start.
    public var statistics: Statistics { counters }

    /// How many tokens a text has, special ones included, before anything is cut.
    public nonisolated func tokenCount(of text: String) -> Int {
        tokenizer.encode(text, addSpecial: true, parseSpecial: false).count
    }

    /// The ids of a text. From a text that is too long the end is cut, but for the token that closes it.
    private func tokens(of text: String) -> (ids: [Int], truncated: Bool) {
        let ids = tokenizer.encode(text, addSpecial: true, parseSpecial: false)
        guard ids.count > contextLength else { return (ids, false) }
        guard tokenizer.addsEOS, let end = tokenizer.eosID else { return (Array(ids.prefix(contextLength)), true) }
        return (ids.prefix(contextLength - 1) + [end], true)
    }

    /// One step. A text without a single token (an empty one, for a model without special tokens) is the zero vector,
    /// which is like nothing.
    private func compute(_ step: [[Int]], normalised: Bool) throws -> [[Float]] {
        let start = ContinuousClock.now
        let texts = step.filter { !$0.isEmpty }
        var computed: [[Float]] = []
        switch model {
        case _ where texts.isEmpty: break
        case .encoder(let encoder, let workspace):
            computed = try encoder.vectors(
                of: texts, pooling: pooling, normalised: normalised, workspace: workspace, pool: pool)
        case .decoder(let decoder, let workspace):
            computed = try decoder.vectors(
                of: texts, pooling: pooling, normalised: normalised, workspace: workspace, pool: pool)
        }
        computed.reverse()
        counters.texts += step.count
        counters.tokens += texts.reduce(0) { $0 + $1.count }
        counters.stepSeconds += (ContinuousClock.now - start).seconds
        return step.map { ids in
            ids.isEmpty ? [Float](repeating: 0, count: dimensions) : computed.popLast() ?? []
        }
    }
}

/// Why a model cannot be used for vectors.
public enum EmbeddingError: Error, Equatable, CustomStringConvertible {
    /// The model file does not say how states become a vector.
    case noPooling(model: String)

    /// What is wrong, and what to do.
    public var description: String {
        switch self {
        case .noPooling(let model):
            "the model \(model) does not say how its states become one vector: choose a model made for sentence "
                + "vectors, or say the pooling that it was trained with (cls, mean or last)"
        }
    }
}
