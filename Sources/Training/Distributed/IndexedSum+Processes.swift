public import Tensors

extension IndexedSum {
    /// Values in one message: 4 MiB.
    private static let pieceLength = 1 << 20

    /// Finishes the sum over the buffers of all processes and gives it to all of them.
    ///
    /// A process first has the sums of all nodes whose indices are its own. Where the halves of a node lie with two
    /// processes, the one that has the right half sends it to the one that has the left, which adds; the sum of all
    /// then goes from the process of index 0 to all. With ranges of indices (`Communicator.ownIndices`), a power of two
    /// in each, that is one buffer from each process but the first, in log₂ P rounds, and one broadcast; ranges that
    /// cut through the tree's nodes send more, at most log₂ count buffers for each cut.
    ///
    /// - Parameters:
    ///   - communicator: The processes; each index was added in exactly one of them.
    ///   - result: Gets `length` values.
    /// - Throws: `CommunicationError.parts` in all processes when an index is missing or double.
    public mutating func finish(over communicator: any Communicator, into result: FloatBuffer) throws {
        guard result.count >= length else {
            throw CommunicationError.parts(reason: "the result has \(result.count) values, expected \(length)")
        }
        let owners = try owners(communicator)
        let root = Node(level: rootLevel, number: 0)
        var staging = Staging(pieceLength: min(length, Self.pieceLength))
        let owner = try resolve(root, owners, communicator, &staging)
        if owner == communicator.rank {
            let sum = try take(root)
            let (pool, length) = (pool, length)
            pool.run { worker in
                worker.copy(
                    MatrixView(sum, offset: 0, rows: 1, columns: length),
                    to: MatrixView(result, offset: 0, rows: 1, columns: length))
            }
            release(sum)
        }
        if communicator.size > 1 {
            for range in pieces {
                var piece = owner == communicator.rank ? result.array(range) : [Float](repeating: 0, count: range.count)
                try communicator.broadcast(&piece, from: owner)
                if owner != communicator.rank { result.store(piece, at: range.lowerBound) }
            }
        }
        reset()
    }

    /// Memory for values on their way.
    private struct Staging {
        let pieceLength: Int
        var buffer: FloatBuffer?

        mutating func memory() throws -> FloatBuffer {
            if let buffer { return buffer }
            let new = try FloatBuffer(count: pieceLength)
            buffer = new
            return new
        }
    }

    private var pieces: [Range<Int>] {
        stride(from: 0, to: length, by: Self.pieceLength).map { $0..<min(length, $0 + Self.pieceLength) }
    }

    /// Which process has each index, the same list in all processes.
    private func owners(_ communicator: any Communicator) throws -> [Int] {
        let all = try communicator.allGather([count, length] + indices)
        var owners = [Int](repeating: -1, count: count)
        for (rank, message) in all.enumerated() {
            guard message.count >= 2, message[0] == count, message[1] == length else {
                throw CommunicationError.parts(
                    reason:
                        "process \(rank) sums \(message.prefix(2)), process \(communicator.rank) [\(count), \(length)]")
            }
            for index in message.dropFirst(2) {
                guard owners.indices.contains(index), owners[index] < 0 else {
                    throw CommunicationError.parts(reason: "index \(index) comes from process \(rank) once too often")
                }
                owners[index] = rank
            }
        }
        if let missing = owners.firstIndex(of: -1) {
            throw CommunicationError.parts(reason: "no process has index \(missing) of \(count)")
        }
        return owners
    }

    /// Makes the sum of a node and says which process has it. All processes walk the tree in the same order, so each
    /// message's sender and receiver meet, whatever the shares are.
    private mutating func resolve(
        _ node: Node, _ owners: [Int], _ communicator: any Communicator, _ staging: inout Staging
    ) throws -> Int {
        let first = node.number << node.level
        let end = min(count, (node.number + 1) << node.level)
        let owner = owners[first]
        // Indices of one process: it added them up as they came.
        if owners[first..<end].allSatisfy({ $0 == owner }) { return owner }
        let left = Node(level: node.level - 1, number: node.number * 2)
        let right = Node(level: node.level - 1, number: node.number * 2 + 1)
        let receiver = try resolve(left, owners, communicator, &staging)
        guard right.number << right.level < count else {
            if receiver == communicator.rank, let sum = held.removeValue(forKey: left) { held[node] = sum }
            return receiver
        }
        let sender = try resolve(right, owners, communicator, &staging)
        // `place` has joined what both lies here.
        if sender == receiver { return receiver }
        if communicator.rank == sender {
            let sum = try take(right)
            for range in pieces { try communicator.send(sum.array(range), to: receiver) }
            release(sum)
        }
        if communicator.rank == receiver {
            let sum = try take(left)
            try receive(into: sum, from: sender, communicator, &staging)
            place(sum, at: node)
        }
        return receiver
    }

    private mutating func take(_ node: Node) throws -> FloatBuffer {
        if let sum = held.removeValue(forKey: node) { return sum }
        throw CommunicationError.parts(reason: "the sum of node \(node.level), \(node.number) is not here")
    }

    private func receive(
        into sum: FloatBuffer, from sender: Int, _ communicator: any Communicator, _ staging: inout Staging
    ) throws {
        let memory = try staging.memory()
        var values: [Float] = []
        for range in pieces {
            values = [Float](repeating: 0, count: range.count)
            try communicator.receive(&values, from: sender)
            memory.store(values, at: 0)
            pool.run { worker in
                worker.add(
                    MatrixView(memory, offset: 0, rows: 1, columns: range.count),
                    to: MatrixView(sum, offset: range.lowerBound, rows: 1, columns: range.count))
            }
        }
    }
}

extension Communicator {
    /// The sum of one buffer for each index 0 ..< count over all processes, in the fixed tree of `IndexedSum`: the same
    /// bits for any number of processes.
    ///
    /// - Parameters:
    ///   - parts: The buffers of this process; each index lies in exactly one process.
    ///   - count: Number of buffers in all processes.
    ///   - result: Gets the sum; may be one of the parts.
    ///   - pool: Adds.
    public func reduceByIndex(
        parts: [(index: Int, values: FloatBuffer)], count: Int, into result: FloatBuffer, pool: WorkerPool
    ) throws {
        var sum = try IndexedSum(count: count, length: result.count, pool: pool)
        for part in parts.sorted(by: { $0.index < $1.index }) { try sum.add(index: part.index, part.values) }
        try sum.finish(over: self, into: result)
    }
}
