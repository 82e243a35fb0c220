public import Tensors

/// A check of the group before a long run: everybody is there, has the same program and data, and sums are right.
public struct ProcessCheck: Sendable {
    /// Values in the trial sum: more than one message.
    private static let length = (1 << 20) + 3

    /// Checks the group; all processes must call it.
    ///
    /// - Parameters:
    ///   - facts: What must be equal in all processes, such as the hashes of program, data and configuration.
    ///   - pool: Adds.
    /// - Throws: `CommunicationError.disagreement` naming what differs, `.parts` when a sum is wrong.
    public static func run(
        _ communicator: any Communicator, facts: [(name: String, value: String)], pool: WorkerPool
    ) throws {
        for fact in facts { try communicator.requireEqual(fact.value, named: fact.name) }
        // Whole numbers are summed without rounding, so the result is known: Σ (i + 1) over the buffers.
        let count = 2 * communicator.size + 1
        var sum = try IndexedSum(count: count, length: length, pool: pool)
        let values = try FloatBuffer(count: length)
        for index in communicator.ownIndices(of: count) {
            values.fill(0..<length, with: Float(index + 1))
            try sum.add(index: index, values)
        }
        try sum.finish(over: communicator, into: values)
        let expected = Float(count * (count + 1) / 2)
        if let wrong = values.array.first(where: { $0 != expected }) {
            throw CommunicationError.parts(reason: "a trial sum gave \(wrong), expected \(expected)")
        }
        try communicator.barrier()
    }
}
