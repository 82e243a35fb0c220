internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A group of processes that a launcher of MPI (mpirun, srun) started, on one machine or several.
///
/// Whoever waits longer than the time limit for another process gets an error that names the operation, instead of
/// waiting for ever. A process that dies ends the job: mpirun kills the others.
public final class MPICommunicator: Communicator {
    /// Number of this process.
    public let rank: Int
    /// Number of processes.
    public let size: Int
    /// Name and version of the MPI that is used.
    public var implementation: String { library.implementation }

    private let library: MPILibrary
    /// Seconds after which a wait is given up; 0 waits for ever.
    private let timeLimit: Double
    /// Calls come one at a time; the first failure is kept, since nothing may be called after it.
    private let failure = Mutex<CommunicationError?>(nil)

    /// Loads the library and joins the group.
    ///
    /// - Parameters:
    ///   - path: libpallet-mpi.so.
    ///   - expected: The number of processes that the launcher says it started, and the variable in which it does.
    ///   - timeLimit: Seconds after which a wait for another process is given up; 0 waits for ever.
    /// - Throws: `CommunicationError.worldSize` when MPI sees another number of processes.
    public init(
        path: String, expected: (count: Int, variable: String), timeLimit: Double
    ) throws(CommunicationError) {
        library = try MPILibrary(path: path)
        let (code, rank, size) = library.open()
        if code != 0 { throw .failed(operation: "MPI_Init", rank: rank, reason: library.text(of: code)) }
        self.rank = rank
        self.size = size
        self.timeLimit = timeLimit
        if size != expected.count {
            let error = CommunicationError.worldSize(
                launcher: expected.count, variable: expected.variable, mpi: size, library: library.implementation)
            _ = library.close()
            throw error
        }
    }

    private func call(_ operation: String, _ body: () -> Int32) throws(CommunicationError) {
        let error: CommunicationError? = failure.withLock { failure in
            if let failure { return failure }
            let code = body()
            if code == 0 { return nil }
            let found = CommunicationError.failed(operation: operation, rank: rank, reason: library.text(of: code))
            failure = found
            return found
        }
        if let error { throw error }
    }

    private func check(_ other: Int, _ operation: String) throws(CommunicationError) {
        guard (0..<size).contains(other) else {
            throw .failed(operation: operation, rank: rank, reason: "there is no process \(other) of \(size)")
        }
    }

    /// Returns when all processes have called it.
    public func barrier() throws(CommunicationError) {
        try call("waiting for all") { library.barrier(timeout: timeLimit) }
    }

    /// Gives the bytes of one process to all: their number first, then the bytes in pieces.
    public func broadcast(_ bytes: inout [UInt8], from root: Int) throws(CommunicationError) {
        try check(root, "broadcast")
        var count = [rank == root ? bytes.count : 0]
        try call("broadcast from \(root)") { library.broadcast(&count, from: root, timeout: timeLimit) }
        guard (0...Self.largestMessage).contains(count[0]) else {
            throw .failed(operation: "broadcast from \(root)", rank: rank, reason: "\(count[0]) bytes are too many")
        }
        if rank != root { bytes = [UInt8](repeating: 0, count: count[0]) }
        try broadcastPieces(&bytes, from: root, length: 1 << 24)
    }

    /// More bytes than this in one broadcast are a mistake.
    private static let largestMessage = 1 << 40

    /// Gives the values of one process to all.
    public func broadcast(_ values: inout [Float], from root: Int) throws(CommunicationError) {
        try check(root, "broadcast")
        try broadcastPieces(&values, from: root, length: 1 << 22)
    }

    private func broadcastPieces<Element: BitwiseCopyable>(
        _ values: inout [Element], from root: Int, length: Int
    ) throws(CommunicationError) {
        if values.count <= length {
            if values.isEmpty { return }
            return try call("broadcast from \(root)") { library.broadcast(&values, from: root, timeout: timeLimit) }
        }
        for start in stride(from: 0, to: values.count, by: length) {
            let range = start..<min(values.count, start + length)
            var piece = Array(values[range])
            try call("broadcast from \(root)") { library.broadcast(&piece, from: root, timeout: timeLimit) }
            values.replaceSubrange(range, with: piece)
        }
    }

    /// The bytes of all processes, each broadcast in turn: for a few kilobytes, not for gradients.
    public func allGather(_ bytes: [UInt8]) throws(CommunicationError) -> [[UInt8]] {
        var all: [[UInt8]] = []
        for root in 0..<size {
            var piece = root == rank ? bytes : []
            try broadcast(&piece, from: root)
            all.append(piece)
        }
        return all
    }

    /// Sends values to a process that receives as many.
    public func send(_ values: [Float], to other: Int) throws(CommunicationError) {
        try check(other, "send")
        try call("send to \(other)") { library.send(values[...], to: other, timeout: timeLimit) }
    }

    /// Replaces values by as many that a process sends.
    public func receive(_ values: inout [Float], from other: Int) throws(CommunicationError) {
        try check(other, "receive")
        try call("receive from \(other)") { library.receive(&values, from: other, timeout: timeLimit) }
    }

    /// Leaves the group.
    public func close() throws(CommunicationError) {
        try call("leaving") { library.close() }
    }

    /// Ends all processes. Without the lock: another thread may be waiting in a call.
    public func abort(code: Int32) -> Never {
        library.abort(code)
        exit(code)
    }
}
