internal import CKernels
import Synchronization

/// What a machine can do at most, with the instructions of a pool's set: the figures that speeds are a share of.
extension Worker {
    /// Runs multiply-adds of f32 in the registers of all threads of a pool, to measure what they can do at most.
    /// - Parameter rounds: length of the chains; 100,000 take a fraction of a millisecond.
    /// - Returns: floating-point operations of all threads together; an addition and a product count as two.
    public static func multiplyAdds(rounds: Int, pool: WorkerPool) -> Int {
        total(pool) { worker in
            var sink: Float = 0
            return unsafe ck_limits(worker.set.table).pointee.float_chains(max(0, rounds), &sink)
        }
    }

    /// The same with bytes, as products of quantised weights with quantised activations use them at best: sums of
    /// unsigned times signed bytes (`vpdpbusd`, or `vpmaddubsw` with sums in 16 bits).
    public static func byteMultiplyAdds(rounds: Int, pool: WorkerPool) -> Int {
        total(pool) { worker in
            var sink: Int32 = 1
            return unsafe ck_limits(worker.set.table).pointee.byte_chains(max(0, rounds), &sink)
        }
    }

    /// Reads a buffer once with all threads of a pool, in pieces of 1 MiB. To measure memory, take one that is much
    /// larger than the caches.
    /// - Returns: exclusive or of all bit patterns.
    @discardableResult
    public static func read(_ buffer: FloatBuffer, pool: WorkerPool) -> UInt32 {
        let piece = 1 << 18
        let result = Mutex<UInt32>(0)
        pool.run { worker in
            var own: UInt32 = 0
            worker.forEachChunk((buffer.count + piece - 1) / piece) { chunk in
                let count = min(piece, buffer.count - chunk * piece)
                own ^= unsafe ck_limits(worker.set.table).pointee.read(buffer.base + chunk * piece, count)
            }
            result.withLock { $0 ^= own }
        }
        return result.withLock { $0 }
    }

    private static func total(_ pool: WorkerPool, _ body: @Sendable (Worker) -> Int) -> Int {
        let total = Mutex(0)
        pool.run { worker in
            let count = body(worker)
            total.withLock { $0 += count }
        }
        return total.withLock { $0 }
    }
}
