import ChatTemplates
import Hummingbird
import Inference
import Logging

/// `POST /v1/rerank`: documents in the order in which they fit a query, as Jina's and Cohere's clients ask for it.
struct RerankController {
    /// Most documents of a request.
    static let mostDocuments = 1000

    let served: ServedModels
    let metrics: ServiceMetrics
    let log: ServiceLog

    func rerank(_ request: Request, _ context: ClientContext) async throws -> Response {
        let fields = try await RequestFields(reading: request)
        let model = try fields.string("model") ?? ""
        guard let reranker = served.rerankers[model] else {
            throw served.refusal(of: model, fitting: served.rerankers.keys.sorted())
        }
        guard let query = try fields.string("query"), !query.isEmpty else {
            throw OpenAIError.invalid("query", "query must be a string that is not empty.")
        }
        let documents = try documents(fields)
        let most = try fields.integer("top_n", in: 1...Self.mostDocuments) ?? documents.count
        let returnsDocuments = try fields.bool("return_documents") ?? false
        do {
            let scores = try await context.whileClientStays {
                try await reranker.scores(query: query, passages: documents)
            }
            let tokens = scores.reduce(0) { $0 + $1.tokens }
            metrics.recordReranking(tokens: tokens)
            let order = scores.indices.sorted { (scores[$1].logit, $0) < (scores[$0].logit, $1) }
            return try .json(
                RerankTypes.Result(
                    model: model, usage: .init(prompt_tokens: tokens, total_tokens: tokens),
                    results: order.prefix(most).map { index in
                        RerankTypes.Item(
                            index: index, relevance_score: scores[index].relevance,
                            document: returnsDocuments ? .init(text: documents[index]) : nil)
                    }))
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            if OpenAIError(error).status.code >= 500 { log.failure("reranking failed", error) }
            throw OpenAIError(error, prompt: "documents")
        }
    }

    /// Strings, or objects with a `text`.
    private func documents(_ fields: RequestFields) throws(OpenAIError) -> [String] {
        guard case .list(let items)? = fields.value("documents"), (1...Self.mostDocuments).contains(items.count) else {
            throw .invalid("documents", "documents must be a list of 1 to \(Self.mostDocuments) strings.")
        }
        var texts: [String] = []
        for item in items {
            if case .string(let text) = item {
                texts.append(text)
            } else if case .string(let text)? = item["text"] {
                texts.append(text)
            } else {
                throw .invalid("documents", "documents must hold strings, or objects with a string \"text\".")
            }
        }
        return texts
    }
}

/// Responses of `/v1/rerank`.
enum RerankTypes {
    struct Document: Encodable { let text: String }

    struct Item: Encodable {
        let index: Int
        let relevance_score: Double
        let document: Document?
    }

    struct Result: Encodable {
        let model: String
        let usage: EmbeddingTypes.Usage
        let results: [Item]
    }
}
