import Hummingbird
import NIOCore

/// A request has a larger body than is read.
struct BodyTooLarge: Error {}

extension Request {
    /// What is read of a body that is refused, in bytes and time, so that the refusal reaches the client.
    private static let drainLimit = 64 << 20
    private static let drainTime: Duration = .seconds(20)

    /// Whether the connection ends with the response. A server that closes while the client still sends makes the
    /// system throw the response away; otherwise what is left of a body is read after the response.
    private var endsConnection: Bool { headers[.connection]?.lowercased().contains("close") ?? false }

    /// The body in one piece.
    /// - Throws: `BodyTooLarge` where it is longer than `limit`.
    func wholeBody(upTo limit: Int) async throws -> ByteBuffer {
        var whole = ByteBuffer()
        var iterator = body.makeAsyncIterator()
        while let part = try await iterator.next() {
            guard part.readableBytes <= limit - whole.readableBytes else {
                if endsConnection { await Self.drain(&iterator) }
                throw BodyTooLarge()
            }
            whole.writeImmutableBuffer(part)
        }
        return whole
    }

    /// Reads the body of a request that is refused without looking at it, where the connection ends with the refusal.
    func drainBody() async {
        guard endsConnection else { return }
        var iterator = body.makeAsyncIterator()
        await Self.drain(&iterator)
    }

    private static func drain(_ iterator: inout RequestBody.AsyncIterator) async {
        let end = ContinuousClock.now + drainTime
        var drained = 0
        while drained < drainLimit, ContinuousClock.now < end, let part = try? await iterator.next() {
            drained += part.readableBytes
        }
    }
}
