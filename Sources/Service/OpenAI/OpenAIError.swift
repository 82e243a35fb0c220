import Foundation
public import Hummingbird
import Inference

/// An error in the shape that OpenAI's clients parse: `{"error": {"message", "type", "param", "code"}}`.
public struct OpenAIError: Error, HTTPResponseError, Sendable, Equatable {
    /// The response's status.
    public var status: HTTPResponse.Status
    /// What is wrong and what is expected, for people.
    public var message: String
    /// `invalid_request_error`, `authentication_error`, `not_found_error`, `rate_limit_error`, `server_error`.
    public var type: String
    /// The field of the request that is wrong, if it is one.
    public var parameter: String?
    /// The kind of error, for programs.
    public var code: String?
    /// The methods that the path has, where the request's is not one of them.
    public var allowedMethods: [String] = []

    /// An error that a client is told.
    public init(
        _ status: HTTPResponse.Status, type: String, message: String, parameter: String? = nil, code: String? = nil
    ) {
        self.status = status
        self.message = message
        self.type = type
        self.parameter = parameter
        self.code = code
    }

    /// 400: a field of the request is wrong.
    static func invalid(_ parameter: String?, _ message: String, code: String? = nil) -> OpenAIError {
        OpenAIError(.badRequest, type: "invalid_request_error", message: message, parameter: parameter, code: code)
    }

    /// 404: the model is not served here.
    static func unknownModel(_ name: String, known: [String]) -> OpenAIError {
        OpenAIError(
            .notFound, type: "invalid_request_error",
            message: "The model '\(name)' does not exist here. Served: \(known.joined(separator: ", ")).",
            parameter: "model", code: "model_not_found")
    }

    /// 405: the path is there, the method is not.
    static func wrongMethod(_ method: String, path: String, allowed: [String]) -> OpenAIError {
        var error = OpenAIError(
            .methodNotAllowed, type: "invalid_request_error",
            message: "\(method.prefix(20)) \(path): this path takes \(allowed.joined(separator: ", ")).",
            code: "method_not_allowed")
        error.allowedMethods = allowed
        return error
    }

    /// What an error of the engine means to a client; the unexpected becomes an empty 500, its text stays in the log.
    /// - Parameter prompt: the field that the prompt came in.
    init(_ error: any Error, prompt: String = "messages") {
        switch error {
        case let error as OpenAIError: self = error
        case let error as GenerationError:
            switch error {
            case .promptTooLong:
                self = .invalid(prompt, "\(error)", code: "context_length_exceeded")
            case .emptyPrompt, .scoredPrompt: self = .invalid(prompt, "\(error)")
            case .maxTokens: self = .invalid("max_tokens", "\(error)")
            case .busy:
                self.init(.tooManyRequests, type: "rate_limit_error", message: "\(error)", code: "queue_full")
            case .shuttingDown:
                self.init(.serviceUnavailable, type: "server_error", message: "\(error)", code: "shutting_down")
            }
        case let error as SamplingError:
            switch error {
            case .outOfRange(let name, _, _): self = .invalid(name, "\(error)")
            case .unknownToken(let source, _, _): self = .invalid(source, "\(error)")
            default: self.init(.internalServerError, type: "server_error", message: "\(error)")
            }
        case let error as RerankingError: self = .invalid("query", "\(error)", code: "context_length_exceeded")
        case let error as ChatPromptError: self = .invalid(prompt, "\(error)", code: "chat_template")
        default:
            self.init(.internalServerError, type: "server_error", message: "The server could not answer.")
        }
    }

    struct Body: Encodable {
        struct Detail: Encodable {
            let message: String
            let type: String
            let param: String?
            let code: String?

            // Clients expect the keys even where they are null.
            func encode(to encoder: any Encoder) throws {
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode(message, forKey: .message)
                try container.encode(type, forKey: .type)
                try container.encode(param, forKey: .param)
                try container.encode(code, forKey: .code)
            }

            enum CodingKeys: String, CodingKey { case message, type, param, code }
        }

        let error: Detail
    }

    var body: Body { Body(error: .init(message: message, type: type, param: parameter, code: code)) }

    /// The error as JSON, with `Retry-After` and `WWW-Authenticate` where they belong.
    public func response(from request: Request, context: some RequestContext) throws -> Response {
        var response = try Response.json(body, status: status)
        if status == .tooManyRequests || status == .serviceUnavailable { response.headers[.retryAfter] = "5" }
        if !allowedMethods.isEmpty { response.headers[.allow] = allowedMethods.joined(separator: ", ") }
        if status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }
}

extension Response {
    /// A value as JSON.
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(value)
        return Response(
            status: status, headers: [.contentType: "application/json; charset=utf-8"],
            body: .init(byteBuffer: ByteBuffer(bytes: data)))
    }
}
