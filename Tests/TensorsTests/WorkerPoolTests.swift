import Synchronization
import Tensors
import Testing

@Suite struct WorkerPoolTests {
    final class Counters: Sendable {
        let sum = Atomic<Int>(0)
        let wrong = Atomic<Int>(0)
        let cells: Mutex<[Int]>
        init(_ count: Int) { cells = Mutex([Int](repeating: 0, count: count)) }
    }

    @Test(arguments: [1, 2, 3, 7])
    func everyWorkerRunsOncePerRegion(threads: Int) throws {
        let pool = try WorkerPool(threads: threads)
        let counters = Counters(threads)
        for _ in 0..<200 {
            pool.run { worker in
                #expect(worker.count == threads)
                counters.cells.withLock { $0[worker.index] += 1 }
            }
        }
        #expect(counters.cells.withLock { $0 } == [Int](repeating: 200, count: threads))
    }

    /// After a barrier all see what all did before it.
    @Test(arguments: [2, 3, 5])
    func barriersSeparate(threads: Int) throws {
        let pool = try WorkerPool(threads: threads)
        let counters = Counters(1)
        pool.run { worker in
            for round in 1...500 {
                counters.sum.add(1, ordering: .relaxed)
                worker.barrier()
                if counters.sum.load(ordering: .relaxed) != round * threads {
                    counters.wrong.add(1, ordering: .relaxed)
                }
                worker.barrier()
            }
        }
        #expect(counters.wrong.load(ordering: .relaxed) == 0)
    }

    @Test(arguments: [1, 2, 3])
    func chunksAreClaimedOnce(threads: Int) throws {
        let pool = try WorkerPool(threads: threads)
        let counters = Counters(100)
        for n in [0, 1, 2, 99, 100] {
            counters.cells.withLock { $0 = [Int](repeating: 0, count: 100) }
            pool.run { worker in
                for _ in 0..<20 {
                    worker.forEachChunk(n) { chunk in counters.cells.withLock { $0[chunk] += 1 } }
                    worker.barrier()
                }
            }
            let expected = (0..<100).map { $0 < n ? 20 : 0 }
            #expect(counters.cells.withLock { $0 } == expected)
        }
    }

    /// Nobody claims a second chunk before all have their first: so each holds the first of its own part.
    @Test func workersBeginWithTheirOwnPart() throws {
        let pool = try WorkerPool(threads: 3)
        for _ in 0..<20 {
            let counters = Counters(3)
            pool.run { worker in
                var first = true
                worker.forEachChunk(7) { chunk in
                    guard first else { return }
                    first = false
                    counters.cells.withLock { $0[worker.index] = chunk }
                    counters.sum.add(1, ordering: .sequentiallyConsistent)
                    while counters.sum.load(ordering: .sequentiallyConsistent) < 3 {}
                }
            }
            #expect(counters.cells.withLock { $0 } == [0, 3, 5])
        }
    }

    @Test func regionsOfSeveralThreadsTakeTurns() async throws {
        let pool = try WorkerPool(threads: 2)
        let counters = Counters(1)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<50 {
                        pool.run { worker in
                            worker.barrier()
                            counters.sum.add(1, ordering: .relaxed)
                            worker.barrier()
                            if counters.sum.load(ordering: .relaxed) % 2 != 0 {
                                counters.wrong.add(1, ordering: .relaxed)
                            }
                            worker.barrier()
                        }
                    }
                }
            }
        }
        #expect(counters.sum.load(ordering: .relaxed) == 800)
        #expect(counters.wrong.load(ordering: .relaxed) == 0)
    }

    /// Pools that end at once, after work, and after their workers have gone to sleep.
    @Test func poolsEnd() async throws {
        for round in 0..<60 {
            let pool = try WorkerPool(threads: round % 4 + 1)
            if round % 3 > 0 { pool.run { $0.barrier() } }
            if round % 10 == 2 { try await Task.sleep(for: .milliseconds(5)) }
        }
        #expect(throws: TensorError.self) { try WorkerPool(threads: 0) }
        #expect(throws: TensorError.self) { try WorkerPool(threads: 5000) }
    }

    @Test func setsOfThisMachine() {
        #expect(InstructionSet.available.first?.name == "scalar")
        #expect(InstructionSet.available.contains(InstructionSet.current))
    }
}
