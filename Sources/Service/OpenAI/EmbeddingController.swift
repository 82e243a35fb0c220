import ChatTemplates
import Foundation
import Hummingbird
import Inference
import Logging

/// `POST /v1/embeddings`: texts become vectors of unit length, as OpenAI's clients ask for them.
struct EmbeddingController {
    /// Most texts of a request.
    static let mostTexts = 2048

    let served: ServedModels
    let metrics: ServiceMetrics
    let log: ServiceLog

    func embed(_ request: Request, _ context: ClientContext) async throws -> Response {
        let fields = try await RequestFields(reading: request)
        let model = try fields.string("model") ?? ""
        guard let embedder = served.embedders[model] else {
            throw served.refusal(of: model, fitting: served.embedders.keys.sorted())
        }
        let texts = try texts(fields)
        let encoding = try encoding(fields)
        if let wanted = try fields.integer("dimensions", in: 1...1_000_000), wanted != embedder.dimensions {
            throw OpenAIError.invalid(
                "dimensions", "\(model) has \(embedder.dimensions) dimensions; vectors are not shortened.",
                code: "unsupported_value")
        }
        // Cutting silently would find texts by their beginnings only; who wants that says so.
        if try fields.bool("truncate") != true {
            for (index, text) in texts.enumerated() {
                let tokens = embedder.tokenCount(of: text)
                if tokens > embedder.contextLength {
                    throw OpenAIError.invalid(
                        "input",
                        "Text \(index) has \(tokens) tokens, but \(model) reads \(embedder.contextLength): shorten it, or "
                            + "send truncate: true.", code: "context_length_exceeded")
                }
            }
        }
        do {
            let embeddings = try await context.whileClientStays { try await embedder.embeddings(of: texts) }
            let tokens = embeddings.reduce(0) { $0 + $1.tokens }
            metrics.recordEmbedding(tokens: tokens)
            return try .json(
                EmbeddingTypes.Result(
                    data: embeddings.enumerated().map { .init(index: $0, vector: $1.vector, encoding: encoding) },
                    model: model, usage: .init(prompt_tokens: tokens, total_tokens: tokens)))
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            log.failure("embedding failed", error)
            throw OpenAIError(error, prompt: "input")
        }
    }

    private func texts(_ fields: RequestFields) throws(OpenAIError) -> [String] {
        if case .list(let items)? = fields.value("input") {
            switch items.first {
            case .int?, .list?:
                throw .invalid(
                    "input",
                    "input must be a string or a list of strings: token ids of another tokenizer would mean other texts.",
                    code: "unsupported_value")
            default: break
            }
        }
        guard let texts = try fields.strings("input", limit: Self.mostTexts), !texts.isEmpty else {
            throw .invalid("input", "input must be a string or a list of 1 to \(Self.mostTexts) strings.")
        }
        return texts
    }

    private func encoding(_ fields: RequestFields) throws(OpenAIError) -> EmbeddingTypes.Encoding {
        guard let name = try fields.string("encoding_format") else { return .float }
        guard let encoding = EmbeddingTypes.Encoding(rawValue: name) else {
            throw .invalid("encoding_format", "encoding_format must be float or base64.", code: "unsupported_value")
        }
        return encoding
    }
}

/// Responses of `/v1/embeddings` as OpenAI writes them.
enum EmbeddingTypes {
    /// How a vector is written.
    enum Encoding: String {
        /// A list of numbers, which read back to the same f32 values.
        case float
        /// Little-endian f32 values.
        case base64
    }

    struct Usage: Encodable {
        let prompt_tokens: Int
        let total_tokens: Int
    }

    struct Item: Encodable {
        let index: Int
        let vector: [Float]
        let encoding: Encoding

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode("embedding", forKey: .object)
            try container.encode(index, forKey: .index)
            switch encoding {
            case .float: try container.encode(vector, forKey: .embedding)
            case .base64:
                let bytes = vector.flatMap { value in
                    (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> UInt32(8 * $0)) }
                }
                try container.encode(Data(bytes).base64EncodedString(), forKey: .embedding)
            }
        }

        enum CodingKeys: String, CodingKey { case object, index, embedding }
    }

    struct Result: Encodable {
        var object = "list"
        let data: [Item]
        let model: String
        let usage: Usage
    }
}
