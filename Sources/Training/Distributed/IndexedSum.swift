public import Tensors

/// The sum of one buffer for each index 0 ..< count, in one fixed binary tree over the indices.
///
/// Floating-point sums depend on their order, so the order is the indices', whoever computed them: node (0, i) is
/// buffer i, node (l + 1, k) is node (l, 2k) + node (l, 2k + 1), or node (l, 2k) alone where the other has no index.
/// The same micro-batches give the same bits on one process and on many, in whatever shares.
///
/// Buffers are added up as they come, like a binary counter: an index that is even waits for its neighbour. With
/// indices in rising order at most log₂(count) + 1 sums are held.
public struct IndexedSum {
    /// A place in the tree.
    struct Node: Hashable {
        /// 0 for single buffers.
        var level: Int
        /// The node covers the indices from `number` · 2^level on.
        var number: Int
    }

    /// Number of buffers in the sum.
    public let count: Int
    /// Values of each.
    public let length: Int
    /// Sums of this process that wait for a neighbour.
    var held: [Node: FloatBuffer] = [:]
    /// Indices that came to this process.
    private(set) var indices: [Int] = []
    let pool: WorkerPool
    private var spare: [FloatBuffer] = []

    /// Largest number of buffers in a sum.
    static let largestCount = 1 << 24

    /// An empty sum of `count` buffers with `length` values each; the pool adds.
    public init(count: Int, length: Int, pool: WorkerPool) throws(CommunicationError) {
        guard (1...Self.largestCount).contains(count), length >= 0 else {
            throw .parts(reason: "a sum of \(count) buffers with \(length) values each")
        }
        self.count = count
        self.length = length
        self.pool = pool
    }

    /// Sums that are held now.
    public var heldSums: Int { held.count }

    /// Level of the node that covers all indices.
    var rootLevel: Int { count == 1 ? 0 : Int.bitWidth - (count - 1).leadingZeroBitCount }

    /// Begins another sum of the same shape and keeps the memory.
    public mutating func reset() {
        spare += held.values
        held.removeAll(keepingCapacity: true)
        indices.removeAll(keepingCapacity: true)
    }

    /// Adds the buffer of an index; its values are copied, the caller may use it again.
    public mutating func add(index: Int, _ values: FloatBuffer) throws {
        guard (0..<count).contains(index), values.count >= length else {
            throw CommunicationError.parts(
                reason: "buffer \(index) of \(count) has \(values.count) values, expected \(length)")
        }
        indices.append(index)
        let leaf = Node(level: 0, number: index)
        let neighbour = Node(level: 0, number: index ^ 1)
        if let sum = held.removeValue(forKey: neighbour) {
            add(values, to: sum)
            place(sum, at: Node(level: 1, number: index / 2))
        } else {
            let copy = try spare.popLast() ?? FloatBuffer(count: length)
            let (pool, length) = (pool, length)
            pool.run { worker in
                worker.copy(
                    MatrixView(values, offset: 0, rows: 1, columns: length),
                    to: MatrixView(copy, offset: 0, rows: 1, columns: length))
            }
            place(copy, at: leaf)
        }
    }

    /// Puts a sum at its node, or further up as long as its neighbour is here or has no index.
    mutating func place(_ sum: FloatBuffer, at start: Node) {
        var (sum, node) = (sum, start)
        while node.level < rootLevel {
            let neighbour = Node(level: node.level, number: node.number ^ 1)
            if let other = held.removeValue(forKey: neighbour) {
                // Addition commutes bit for bit, so the left one may be added to the right one.
                add(other, to: sum)
                spare.append(other)
            } else if neighbour.number << neighbour.level < count {
                break
            }
            node = Node(level: node.level + 1, number: node.number / 2)
        }
        held[node] = sum
    }

    /// Adds `length` values.
    private func add(_ values: FloatBuffer, to sum: FloatBuffer) {
        let length = length
        pool.run { worker in
            worker.add(
                MatrixView(values, offset: 0, rows: 1, columns: length),
                to: MatrixView(sum, offset: 0, rows: 1, columns: length))
        }
    }

    /// Gives back the memory of a sum that is no longer needed here.
    mutating func release(_ sum: FloatBuffer) { spare.append(sum) }
}
