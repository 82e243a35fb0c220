import Tensors
import Testing

/// What the limits of a machine are measured with: every thread does its part, every value is read.
struct MachineLimitTests {
    @Test(arguments: InstructionSet.available)
    func everyValueIsReadOnce(set: InstructionSet) throws {
        for threads in [1, 2, 3] {
            let pool = try WorkerPool(threads: threads, instructionSet: set)
            // Around the vectors, the four streams and the pieces of a thread.
            for count in [0, 1, 15, 16, 63, 64, 65, 127, 257, 1 << 18, (1 << 18) + 77, (3 << 18) - 1] {
                let bits = (0..<count).map { UInt32(truncatingIfNeeded: $0 &* 2_654_435_761) >> 2 }
                let buffer = try FloatBuffer(bits.map { Float(bitPattern: $0) })
                #expect(Worker.read(buffer, pool: pool) == bits.reduce(0, ^), "\(count) values, \(threads) threads")
            }
        }
    }

    @Test(arguments: InstructionSet.available)
    func operationsAreCountedForAllThreads(set: InstructionSet) throws {
        let one = try WorkerPool(threads: 1, instructionSet: set)
        let three = try WorkerPool(threads: 3, instructionSet: set)
        for chains in [Worker.multiplyAdds, Worker.byteMultiplyAdds] {
            let count = chains(100, one)
            #expect(count > 0)
            #expect(chains(100, three) == 3 * count)
            #expect(chains(200, one) == 2 * count)
            #expect(chains(0, one) == 0)
            #expect(chains(-1, one) == 0)
        }
    }
}
