import Foundation
import Training

/// Processes played by threads of one process: messages go through queues.
final class ThreadGroup: @unchecked Sendable {
    // @unchecked: the condition's lock protects both variables.
    private let size: Int
    private let condition = NSCondition()
    private var queues: [String: [[UInt8]]] = [:]
    private var sentValues = 0

    init(size: Int) { self.size = size }

    /// Values that went from one process to another without broadcasts.
    var valuesSent: Int { condition.withLock { sentValues } }

    func put(_ bytes: [UInt8], from: Int, to: Int, values: Int = 0) {
        condition.withLock {
            queues["\(from)>\(to)", default: []].append(bytes)
            sentValues += values
            condition.broadcast()
        }
    }

    func take(from: Int, to: Int) throws(CommunicationError) -> [UInt8] {
        let key = "\(from)>\(to)"
        let found: [UInt8]? = condition.withLock {
            let end = Date().addingTimeInterval(20)
            while queues[key, default: []].isEmpty {
                if !condition.wait(until: end) { return nil }
            }
            return queues[key]?.removeFirst()
        }
        guard let found else { throw .failed(operation: "receive", rank: to, reason: "timed out") }
        return found
    }

    /// Runs the body in a thread for each process and gives the results by rank.
    static func run<Result: Sendable>(
        _ size: Int, _ body: @escaping @Sendable (ThreadCommunicator) throws -> Result
    ) -> (results: [Swift.Result<Result, any Error>], valuesSent: Int) {
        let group = ThreadGroup(size: size)
        let results = Box<[Swift.Result<Result, any Error>?]>(.init(repeating: nil, count: size))
        let done = DispatchGroup()
        for rank in 0..<size {
            done.enter()
            Thread.detachNewThread {
                let result = Swift.Result { try body(ThreadCommunicator(rank: rank, size: size, group: group)) }
                results.change { $0[rank] = result }
                done.leave()
            }
        }
        done.wait()
        return (results.value.compactMap { $0 }, group.valuesSent)
    }
}

final class Box<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var stored: Value
    init(_ value: Value) { stored = value }
    var value: Value { lock.withLock { stored } }
    func change(_ body: (inout Value) -> Void) { lock.withLock { body(&stored) } }
}

struct ThreadCommunicator: Communicator {
    let rank: Int
    let size: Int
    let group: ThreadGroup

    func barrier() throws(CommunicationError) { _ = try allGather([UInt8]()) }

    func broadcast(_ bytes: inout [UInt8], from root: Int) throws(CommunicationError) {
        if rank == root {
            for other in 0..<size where other != rank { group.put(bytes, from: rank, to: other) }
        } else {
            bytes = try group.take(from: root, to: rank)
        }
    }

    func allGather(_ bytes: [UInt8]) throws(CommunicationError) -> [[UInt8]] {
        var all: [[UInt8]] = []
        for root in 0..<size {
            var piece = root == rank ? bytes : []
            try broadcast(&piece, from: root)
            all.append(piece)
        }
        return all
    }

    func broadcast(_ values: inout [Float], from root: Int) throws(CommunicationError) {
        var bytes = Self.bytes(values)
        try broadcast(&bytes, from: root)
        values = Self.values(bytes)
    }

    func send(_ values: [Float], to other: Int) throws(CommunicationError) {
        group.put(Self.bytes(values), from: rank, to: other, values: values.count)
    }

    func receive(_ values: inout [Float], from other: Int) throws(CommunicationError) {
        let found = Self.values(try group.take(from: other, to: rank))
        guard found.count == values.count else {
            throw .failed(operation: "receive", rank: rank, reason: "\(found.count) values, expected \(values.count)")
        }
        values = found
    }

    func close() {}
    func abort(code: Int32) -> Never { exit(code) }

    private static func bytes(_ values: [Float]) -> [UInt8] {
        values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } }
    }

    private static func values(_ bytes: [UInt8]) -> [Float] {
        stride(from: 0, to: bytes.count, by: 4).map { start in
            Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) })
        }
    }
}
