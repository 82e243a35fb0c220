public import Tensors

/// A weight as the program sees it: under its GGUF name and in GGUF's order of rows, wherever it is stored.
public struct TensorDescription: Equatable, Sendable {
    /// For example `blk.0.attn_q.weight`.
    public let name: String
    /// How the weights are stored.
    public let type: ElementType
    /// The contiguous dimension first: a weight matrix is [columns, rows].
    public let dimensions: [Int]
    /// Weights in a row: `dimensions[0]`.
    public let columns: Int
    /// Product of the other dimensions; 1 for a vector.
    public let rows: Int

    /// Number of weights.
    public var elementCount: Int { columns * rows }
    /// Bytes of one row.
    public var rowBytes: Int { columns / type.blockLength * type.blockBytes }
    /// Bytes of the whole tensor.
    public var byteCount: Int { rowBytes * rows }

    /// Sizes have been checked by the format's reader: they do not overflow, rows hold whole blocks.
    init(name: String, type: ElementType, dimensions: [Int]) {
        self.name = name
        self.type = type
        self.dimensions = dimensions
        columns = dimensions.first ?? 1
        rows = dimensions.dropFirst().reduce(1, *)
    }
}
