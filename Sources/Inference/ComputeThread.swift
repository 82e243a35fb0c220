import Dispatch

/// Runs an actor's jobs one after the other on a thread that may block, so that a long step of a model does not hold
/// one of the threads on which everything else waits for its turn.
final class ComputeThread: SerialExecutor {
    private let queue: DispatchQueue

    /// - Parameter label: what debuggers show.
    init(label: String) { queue = DispatchQueue(label: label, qos: .userInitiated) }

    func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        // Each job is run once, as the protocol wants; the closure keeps the executor alive until then.
        queue.async { [self] in unsafe unowned.runSynchronously(on: asUnownedSerialExecutor()) }
    }
}
