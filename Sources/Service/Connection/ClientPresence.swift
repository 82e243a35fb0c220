import NIOCore
import Synchronization

/// Sits in a connection's pipeline and tells whoever works for the client that it has gone.
///
/// A client that closes its connection while an answer is computed is not noticed by writing, since nothing is written
/// before the answer is whole. The end of its stream is an event of the channel: it comes as long as somebody wants to
/// read, and the service does, for the next request.
final class ClientPresence: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = NIOAny

    private struct State {
        var hasLeft = false
        var nextID = 0
        var waiting: [Int: @Sendable () -> Void] = [:]
    }

    private let state = Mutex(State())

    /// Calls `action` once when the client leaves, at once where it has left already.
    /// - Returns: what `forget` takes.
    func whenGone(_ action: @escaping @Sendable () -> Void) -> Int {
        let (id, left) = state.withLock { state in
            state.nextID += 1
            if !state.hasLeft { state.waiting[state.nextID] = action }
            return (state.nextID, state.hasLeft)
        }
        if left { action() }
        return id
    }

    /// The work is done; nobody needs to be told any more.
    func forget(_ id: Int) { state.withLock { _ = $0.waiting.removeValue(forKey: id) } }

    private func leave() {
        let actions = state.withLock { state in
            state.hasLeft = true
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for action in actions { action() }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { leave() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }
}
