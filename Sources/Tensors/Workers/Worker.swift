internal import CKernels

/// One worker inside a region of a `WorkerPool`.
///
/// The operations on it (products, norms, attention) are called by all workers of the region with equal arguments; each
/// ends with a barrier, so that all see its results.
public struct Worker {
    let pool: WorkerPool
    /// 0 ..< count; 0 is the caller of the region.
    public let index: Int

    /// Workers of the region.
    public var count: Int { pool.threads }

    /// Waits until all workers are here. All must call it equally often.
    public func barrier() { unsafe ck_pool_barrier(pool.pool, index) }

    /// Calls the body for those chunks of 0 ..< n that this worker claims first; all workers together do each once. Each
    /// begins with its own equal part, in order, and then helps with the others'.
    ///
    /// There is no barrier inside; the next call needs one in between, and all workers give the same n.
    public func forEachChunk(_ n: Int, _ body: (Int) -> Void) {
        while true {
            let chunk = unsafe ck_pool_claim(pool.pool, index, n)
            guard chunk < n else { return }
            body(chunk)
        }
    }

    var set: InstructionSet { pool.instructionSet }
}
