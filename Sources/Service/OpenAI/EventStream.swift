import Foundation
import Hummingbird
import Logging

/// Server-sent events: `data: {…}` and a blank line each, `data: [DONE]` at the end.
struct EventStream {
    private let encoder: JSONEncoder

    init() {
        encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    }

    func event(_ value: some Encodable) throws -> ByteBuffer {
        var buffer = ByteBuffer(string: "data: ")
        buffer.writeBytes(try encoder.encode(value))
        buffer.writeString("\n\n")
        return buffer
    }

    static let done = ByteBuffer(string: "data: [DONE]\n\n")

    /// Writing failed: nobody listens any more.
    private struct ClientLeft: Error {
        let reason: any Error
    }

    /// A streaming response whose events `body` writes. An error after the first byte becomes an `error` event, since
    /// the status is sent by then. A client that goes away ends `body`, and is no failure of ours.
    static func response(
        for request: Request, log: ServiceLog, failure: Logger.Message,
        _ body: @escaping @Sendable (EventStream, (ByteBuffer) async throws -> Void) async throws -> Void
    ) -> Response {
        let headers: HTTPFields = [
            .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store",
        ]
        return Response(
            status: .ok, headers: headers,
            body: .init { writer in
                let stream = EventStream()
                do {
                    try await body(stream) { event in
                        do { try await writer.write(event) } catch { throw ClientLeft(reason: error) }
                    }
                    try await writer.write(Self.done)
                } catch is CancellationError {
                    // Nobody listens any more.
                } catch let error as ClientLeft {
                    log.departure(error.reason)
                    throw error.reason
                } catch {
                    log.failure(failure, error)
                    try await writer.write(try stream.event(OpenAIError(error).body))
                }
                try await writer.finish(nil)
            })
    }
}
