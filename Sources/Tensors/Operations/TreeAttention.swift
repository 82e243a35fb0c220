internal import CKernels

/// Documents of a batch and what each sees: itself up to the row that asks, and its ancestors.
///
/// Rows that were packed side by side are trees of one document each; rows that share a beginning are children of the
/// document that holds it. A tree's rows are contiguous, ancestors come before their children.
public struct DocumentForest: Sendable {
    /// The rows of each tree.
    public private(set) var trees: [Range<Int>] = []
    /// Position of each row in its own sequence.
    public let positions: [Int32]
    private struct Tree: Sendable {
        var firstRange: [UInt32] = [0]
        var begins: [UInt32] = []
        var ends: [UInt32] = []
    }
    private var ranges: [Tree] = []

    /// A forest over rows with these positions, without documents yet.
    public init(positions: [Int32]) { self.positions = positions }

    /// Adds a tree: for each document its ancestors' rows in order and its own last. All ranges lie within `rows`.
    public mutating func add(rows: Range<Int>, documents: [[Range<Int>]]) {
        var tree = Tree()
        for document in documents {
            for range in document {
                precondition(
                    !range.isEmpty && range.lowerBound >= rows.lowerBound && range.upperBound <= rows.upperBound
                        && rows.upperBound <= positions.count, "a document lies outside its tree")
                tree.begins.append(UInt32(range.lowerBound))
                tree.ends.append(UInt32(range.upperBound))
            }
            tree.firstRange.append(UInt32(tree.begins.count))
        }
        trees.append(rows)
        ranges.append(tree)
    }

    fileprivate func withTree(_ index: Int, _ body: (ck_tree_attention) -> Void) {
        let tree = ranges[index]
        unsafe tree.firstRange.withUnsafeBufferPointer { first in
            unsafe tree.begins.withUnsafeBufferPointer { begins in
                unsafe tree.ends.withUnsafeBufferPointer { ends in
                    unsafe positions.withUnsafeBufferPointer { positions in
                        guard let first = first.baseAddress, let begins = begins.baseAddress,
                            let ends = ends.baseAddress, let positions = positions.baseAddress
                        else { preconditionFailure("a tree without documents") }
                        var a = unsafe ck_tree_attention()
                        unsafe a.first_range = first
                        unsafe a.range_begin = begins
                        unsafe a.range_end = ends
                        unsafe a.documents = tree.firstRange.count - 1
                        unsafe a.positions = positions
                        unsafe a.begin = trees[index].lowerBound
                        unsafe a.end = trees[index].upperBound
                        unsafe body(a)
                    }
                }
            }
        }
    }
}

/// What attention reads and writes; all row-major over the rows of the batch.
public struct TreeAttention: Sendable {
    /// Query heads, heads of keys and values (a divisor), dimensions of a head.
    public var heads: Int, kvHeads: Int, keyLength: Int, valueLength: Int
    /// What scores are multiplied with.
    public var scale: Float
    /// Positions that a row sees, its own included; nil for all.
    public var window: Int?
    /// [rows, heads · keyLength], rotated.
    public var q: FloatBuffer
    /// [rows, kvHeads · keyLength], rotated, and [rows, kvHeads · valueLength].
    public var k: FloatBuffer, v: FloatBuffer
    /// [rows, heads · valueLength]
    public var output: FloatBuffer
    /// [rows, heads]: log Σ e^score, kept for the backward pass.
    public var logSums: FloatBuffer

    /// See the properties.
    public init(
        heads: Int, kvHeads: Int, keyLength: Int, valueLength: Int, scale: Float, window: Int?, q: FloatBuffer,
        k: FloatBuffer, v: FloatBuffer, output: FloatBuffer, logSums: FloatBuffer
    ) {
        self.heads = heads
        self.kvHeads = kvHeads
        self.keyLength = keyLength
        self.valueLength = valueLength
        self.scale = scale
        self.window = window
        self.q = q
        self.k = k
        self.v = v
        self.output = output
        self.logSums = logSums
    }

    fileprivate func check(rows: Int) {
        precondition(heads > 0 && kvHeads > 0 && heads % kvHeads == 0, "heads do not divide into groups")
        precondition(
            rows * heads * keyLength <= q.count && rows * kvHeads * keyLength <= k.count
                && rows * kvHeads * valueLength <= v.count && rows * heads * valueLength <= output.count
                && rows * heads <= logSums.count, "rows out of range")
        // Keys and values share one stride in the kernels.
        precondition(keyLength == valueLength, "keys and values of different lengths")
    }
}

extension Worker {
    /// Attention over the trees of a forest: `output` and `logSums` from q, k, v. Ends with a barrier.
    public func attention(_ a: TreeAttention, forest: DocumentForest) {
        a.check(rows: forest.positions.count)
        forEachChunk(forest.trees.count * a.kvHeads) { chunk in
            unsafe call(a, forest, chunk) { arguments, scratch in
                unsafe ck_tree_forward(set.table, &arguments, scratch)
            }
        }
        barrier()
    }

    /// Gradients of q, k and v are added to `dq`, `dk`, `dv` (of the shapes of q, k, v) from that of the output.
    /// Ends with a barrier.
    public func attentionBackward(
        _ a: TreeAttention, forest: DocumentForest, dOutput: FloatBuffer, dq: FloatBuffer, dk: FloatBuffer,
        dv: FloatBuffer
    ) {
        let rows = forest.positions.count
        a.check(rows: rows)
        precondition(
            rows * a.heads * a.valueLength <= dOutput.count && rows * a.heads * a.keyLength <= dq.count
                && rows * a.kvHeads * a.keyLength <= dk.count && rows * a.kvHeads * a.valueLength <= dv.count,
            "rows out of range")
        let perGroup = a.heads / a.kvHeads
        forEachChunk(forest.trees.count * a.kvHeads) { chunk in
            unsafe call(a, forest, chunk) { arguments, scratch in
                let group = chunk % a.kvHeads
                unsafe arguments.output_gradient = UnsafePointer(dOutput.base + group * perGroup * a.valueLength)
                unsafe arguments.q_gradient = dq.base + group * perGroup * a.keyLength
                unsafe arguments.k_gradient = dk.base + group * a.keyLength
                unsafe arguments.v_gradient = dv.base + group * a.valueLength
                unsafe ck_tree_backward(set.table, &arguments, scratch)
            }
        }
        barrier()
    }

    private func call(
        _ a: TreeAttention, _ forest: DocumentForest, _ chunk: Int,
        _ body: (inout ck_tree_attention, UnsafeMutablePointer<Float>) -> Void
    ) {
        let group = chunk % a.kvHeads, perGroup = a.heads / a.kvHeads
        unsafe forest.withTree(chunk / a.kvHeads) { tree in
            var arguments = unsafe tree
            unsafe arguments.q = UnsafePointer(a.q.base + group * perGroup * a.keyLength)
            unsafe arguments.k = UnsafePointer(a.k.base + group * a.keyLength)
            unsafe arguments.v = UnsafePointer(a.v.base + group * a.valueLength)
            unsafe arguments.q_stride = a.heads * a.keyLength
            unsafe arguments.kv_stride = a.kvHeads * a.keyLength
            unsafe arguments.heads = perGroup
            unsafe arguments.key_length = a.keyLength
            unsafe arguments.value_length = a.valueLength
            unsafe arguments.window = Int64(a.window ?? 0)
            unsafe arguments.scale = a.scale
            unsafe arguments.output = a.output.base + group * perGroup * a.valueLength
            unsafe arguments.output_stride = a.heads * a.valueLength
            unsafe arguments.log_sums = a.logSums.base + group * perGroup
            unsafe arguments.log_stride = a.heads
            let floats = unsafe ck_tree_scratch(&arguments)
            guard let scratch = unsafe ck_pool_scratch(pool.pool, index, floats) else {
                preconditionFailure("no memory for attention over \(floats) values")
            }
            unsafe body(&arguments, scratch)
        }
    }
}
