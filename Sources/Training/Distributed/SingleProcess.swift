#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A run of one process: there is nobody to talk to.
public struct SingleProcess: Communicator {
    /// Always 0.
    public var rank: Int { 0 }
    /// Always 1.
    public var size: Int { 1 }

    /// The only process.
    public init() {}

    /// Returns at once.
    public func barrier() {}
    /// Leaves the bytes as they are.
    public func broadcast(_ bytes: inout [UInt8], from root: Int) {}
    /// The own bytes.
    public func allGather(_ bytes: [UInt8]) -> [[UInt8]] { [bytes] }
    /// Leaves the values as they are.
    public func broadcast(_ values: inout [Float], from root: Int) {}
    /// There is no other process.
    public func send(_ values: [Float], to rank: Int) throws(CommunicationError) {
        throw .failed(operation: "send", rank: 0, reason: "there is no process \(rank)")
    }
    /// There is no other process.
    public func receive(_ values: inout [Float], from rank: Int) throws(CommunicationError) {
        throw .failed(operation: "receive", rank: 0, reason: "there is no process \(rank)")
    }
    /// Nothing to leave.
    public func close() {}
    /// Ends the process.
    public func abort(code: Int32) -> Never { exit(code) }
}
