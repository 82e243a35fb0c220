/// The processes of one training run: who am I, how many are we, and how bytes get across.
///
/// All processes call the same functions in the same order. A function that throws leaves the group unusable: the
/// caller saves what it has and calls `abort`, which ends all processes; a process that just returned would leave the
/// others waiting. Calls may come from any thread, one at a time.
public protocol Communicator: Sendable {
    /// Number of this process: 0 ..< size.
    var rank: Int { get }
    /// Number of processes.
    var size: Int { get }
    /// Returns when all processes have called it.
    func barrier() throws(CommunicationError)
    /// Gives the bytes of process `root` to all; they may differ in number before.
    func broadcast(_ bytes: inout [UInt8], from root: Int) throws(CommunicationError)
    /// The bytes of all processes, by rank; they may differ in number.
    func allGather(_ bytes: [UInt8]) throws(CommunicationError) -> [[UInt8]]
    /// Gives the values of process `root` to all; all have the same number of them.
    func broadcast(_ values: inout [Float], from root: Int) throws(CommunicationError)
    /// Sends values to a process that receives as many.
    func send(_ values: [Float], to rank: Int) throws(CommunicationError)
    /// Replaces values by as many that a process sends.
    func receive(_ values: inout [Float], from rank: Int) throws(CommunicationError)
    /// Leaves the group; the last call. All processes must leave.
    func close() throws(CommunicationError)
    /// Ends all processes of the run at once with this exit code.
    func abort(code: Int32) -> Never
}

extension Communicator {
    /// Whether this process speaks for all: prints, writes metrics and checkpoints.
    public var isLeader: Bool { rank == 0 }

    /// The values of all processes, by rank.
    public func allGather(_ values: [Float]) throws(CommunicationError) -> [[Float]] {
        let bytes = values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
        return try allGather(bytes).map { bytes in
            stride(from: 0, to: bytes.count - bytes.count % 4, by: 4).map { start in
                Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) })
            }
        }
    }

    /// Integers of all processes, by rank.
    public func allGather(_ integers: [Int]) throws(CommunicationError) -> [[Int]] {
        let bytes = integers.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        return try allGather(bytes).map { bytes in
            stride(from: 0, to: bytes.count - bytes.count % 8, by: 8).map { start in
                Int(
                    truncatingIfNeeded: (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << (8 * UInt64($1)) }
                )
            }
        }
    }

    /// The indices of 0 ..< count that this process works on: a range, so that sums over neighbours stay inside it.
    public func ownIndices(of count: Int) -> Range<Int> {
        rank * count / size..<(rank + 1) * count / size
    }

    /// Refuses to go on when the processes have different values of something, such as the hash of the data.
    public func requireEqual(_ value: String, named name: String) throws(CommunicationError) {
        let all = try allGather(Array(value.utf8)).map { String(decoding: $0, as: UTF8.self) }
        if all.contains(where: { $0 != all[0] }) { throw .disagreement(about: name, values: all) }
    }
}
