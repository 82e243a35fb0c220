import Hummingbird
import NIOCore

/// What is known of a request beside its text: with the connection that it came through.
struct ClientContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    private let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// Does long work for the client and cancels it when the client leaves.
    /// - Throws: `CancellationError` then, and what `work` throws.
    func whileClientStays<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        let presence = try await channel.pipeline.handler(type: ClientPresence.self).get()
        let task = Task { try await work() }
        let id = presence.whenGone { task.cancel() }
        defer { presence.forget(id) }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }
}
