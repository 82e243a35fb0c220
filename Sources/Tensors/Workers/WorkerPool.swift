internal import CKernels

/// A fixed number of threads for compute, with one parallel region per forward step.
///
/// Swift concurrency is for requests; a long kernel on its cooperative threads would starve them. Waiting inside a
/// region spins for a few microseconds and then sleeps. Not re-entrant: a region must not start another on the same
/// pool. Regions that several threads start run one after the other.
@safe
public final class WorkerPool: Sendable {
    /// Workers of a region, the caller of `run` included.
    public let threads: Int
    /// The kernels that the workers use.
    public let instructionSet: InstructionSet
    nonisolated(unsafe) let pool: OpaquePointer

    /// - Parameters:
    ///   - threads: 1 ... 1024; more than there are cores makes every region slower.
    ///   - instructionSet: another than the machine's best, for comparison.
    /// - Throws: `sizeOutOfRange`, `threadsUnavailable`.
    public init(threads: Int, instructionSet: InstructionSet = .current) throws(TensorError) {
        guard threads > 0, threads <= 1024 else {
            throw .sizeOutOfRange(what: "The number of threads", value: threads, limit: 1024)
        }
        guard let pool = unsafe ck_pool_create(threads) else { throw .threadsUnavailable(count: threads) }
        self.threads = threads
        self.instructionSet = instructionSet
        unsafe self.pool = pool
    }

    deinit { unsafe ck_pool_destroy(pool) }

    /// Runs the body once on every worker and returns when all have ended. The caller is worker 0.
    public func run(_ body: @Sendable (Worker) -> Void) {
        withoutActuallyEscaping(body) { body in
            let region = Region(pool: self, body: body)
            unsafe ck_pool_run(
                pool,
                { context, index in
                    let region = unsafe Unmanaged<Region>.fromOpaque(context).takeUnretainedValue()
                    region.body(Worker(pool: region.pool, index: index))
                }, Unmanaged.passUnretained(region).toOpaque())
            // The workers hold the region without counting; it must live until all have ended.
            withExtendedLifetime(region) {}
        }
    }

    private final class Region {
        let pool: WorkerPool
        let body: @Sendable (Worker) -> Void
        init(pool: WorkerPool, body: @escaping @Sendable (Worker) -> Void) {
            self.pool = pool
            self.body = body
        }
    }
}
