internal import CKernels
import Synchronization

extension Worker {
    /// Runs multiply-adds in the registers of all threads of a pool, to measure what they can do at most.
    /// - Parameter rounds: length of the chains; 100,000 take a fraction of a millisecond.
    /// - Returns: floating-point operations of all threads together; an addition and a product count as two.
    public static func multiplyAdds(rounds: Int, pool: WorkerPool) -> Int {
        let total = Mutex(0)
        pool.run { worker in
            var sink: Float = 0
            let count = unsafe ck_training(worker.set.table).pointee.peak(max(0, rounds), &sink)
            total.withLock { $0 += Int(count) }
        }
        return total.withLock { $0 }
    }
}
