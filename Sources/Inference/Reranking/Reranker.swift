public import ModelFormats
public import Tensors
import Tokenizers
import Transformers

/// Weighs passages against a query: how well each answers it, read together with it and not as vectors apart.
///
/// Two kinds of models: encoders with a head that scores a pair (BERT cross-encoders), and decoders that are asked
/// whether the passage meets the query and whose probability of "yes" against "no" counts (Qwen3-Reranker).
///
/// An actor on a thread of its own. Between two passages (encoders: two steps) other callers get their turn. What comes
/// out for a passage does not depend on the passages beside it, on the number of threads or on who asks beside it.
public actor Reranker {
    /// How well one passage fits.
    public struct Score: Sendable, Equatable {
        /// Between 0 and 1: the sigmoid of the logit.
        public var relevance: Double
        /// What the model said; larger is better, whatever the sign.
        public var logit: Double
        /// Tokens of query and passage together, special ones and the question's form included.
        public var tokens: Int
        /// Whether the pair was longer than the model's context, so that an end was not read.
        public var truncated: Bool

        init(logit: Double, tokens: Int, truncated: Bool) {
            relevance = Logistic.sigmoid(logit)
            self.logit = logit
            self.tokens = tokens
            self.truncated = truncated
        }
    }

    private enum Method {
        case encoder(CrossEncoder)
        case decoder(RelevanceJudge)
    }

    /// The name under which it is asked for.
    public nonisolated let name: String
    /// Most tokens of query and passage together; what is longer is cut.
    public nonisolated let contextLength: Int

    private let executor = ComputeThread(label: "pallet.reranker")
    /// The thread that computes.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        // The actor keeps the executor alive for as long as it lives itself.
        unsafe executor.asUnownedSerialExecutor()
    }

    private let method: Method
    private let pool: WorkerPool

    /// No pair is longer, whatever context a model file claims.
    public static let longestPair = 8192

    /// Reads weights and vocabulary from one model file.
    ///
    /// - Parameter stepTokens: most tokens computed at once; for an encoder raised to its context.
    /// - Throws: `RerankingError`, `TransformerError`, `TokenizerError`, or the file's own errors.
    public init(
        name: String, file: ModelFile, threads: Int, precision: Precision = .integer, stepTokens: Int = 512,
        progress: @escaping (String, Int, Int) -> Void = { _, _, _ in }
    ) throws {
        let configuration = file.configuration
        let tokenizer = try Tokenizer(try TokenizerDefinition(file: file))
        let contextLength = min(configuration.contextLength, Self.longestPair)
        self.name = name
        self.contextLength = contextLength
        pool = try WorkerPool(threads: threads)
        if configuration.architecture.isEncoder {
            guard configuration.scoresPairs else { throw RerankingError.noHead(model: name) }
            let encoder = try EncoderModel(file: file, precision: precision, progress: progress)
            method = .encoder(
                try CrossEncoder(
                    encoder: encoder, tokenizer: tokenizer, contextLength: contextLength, stepTokens: stepTokens))
        } else {
            method = .decoder(
                try RelevanceJudge(
                    name: name, file: file, tokenizer: tokenizer, contextLength: contextLength,
                    stepTokens: stepTokens, precision: precision, progress: progress))
        }
    }

    /// The scores of some passages, in their order.
    /// - Throws: `RerankingError.queryTooLong`, `TransformerError` for damaged weights, `CancellationError`.
    public func scores(query: String, passages: [String]) async throws -> [Score] {
        guard !passages.isEmpty else { return [] }
        switch method {
        case .encoder(let encoder):
            var scores: [Score] = []
            for step in encoder.steps(query: query, passages: passages) {
                scores += try encoder.scores(step, pool: pool)
                await Task.yield()
                try Task.checkCancellation()
            }
            return scores
        case .decoder(let judge):
            let questions = try passages.map { try judge.question(query: query, passage: $0) }
            let beginning = try judge.beginning(of: questions, pool: pool)
            var scores: [Score] = []
            for question in questions {
                scores.append(try judge.score(question, behind: beginning, pool: pool))
                await Task.yield()
                try Task.checkCancellation()
            }
            return scores
        }
    }
}

/// Why a model cannot rerank, or not this query.
public enum RerankingError: Error, Equatable, CustomStringConvertible {
    /// An encoder without a head that scores pairs.
    case noHead(model: String)
    /// A decoder whose vocabulary lacks the answer.
    case noAnswer(model: String, word: String)
    /// The query leaves no room for a passage.
    case queryTooLong(tokens: Int, limit: Int)

    /// What is wrong, and what to do.
    public var description: String {
        switch self {
        case .noHead(let model):
            "the model \(model) has no head that scores a pair of texts: choose a reranker (a cross-encoder with one "
                + "label, or a decoder such as Qwen3-Reranker)"
        case .noAnswer(let model, let word):
            "the model \(model) cannot answer \"\(word)\" with one token: choose a reranker"
        case .queryTooLong(let tokens, let limit):
            "the query takes \(tokens) tokens with its form, but the context holds \(limit) and a passage needs at least "
                + "one of them: shorten the query"
        }
    }
}
