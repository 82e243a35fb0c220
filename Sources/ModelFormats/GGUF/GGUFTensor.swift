/// One entry of a GGUF file's tensor list.
public struct GGUFTensor: Equatable, Sendable {
    /// At most 63 bytes of UTF-8, unique in the file.
    public let name: String
    /// Zero to four dimensions, the contiguous one first ("ne" order): a weight matrix is [columns, rows].
    public let dimensions: [Int]
    /// How the weights are stored.
    public let type: GGUFTensorType
    /// Bytes from the start of the data section.
    public let offset: Int
    /// Bytes of the tensor without padding.
    public let byteCount: Int
    /// Weights in a row (`dimensions[0]`; 1 for a scalar).
    public let columns: Int
    /// Product of the other dimensions.
    public let rows: Int

    /// Bytes of one row.
    public var rowBytes: Int { columns / type.blockLength * type.blockBytes }

    /// Checks that sizes do not overflow and that a row holds whole blocks.
    init(name: String, dimensions: [Int], type: GGUFTensorType, offset: Int) throws(GGUFError) {
        var rest = 1
        for dimension in dimensions.dropFirst() {
            let (product, overflow) = rest.multipliedReportingOverflow(by: dimension)
            guard !overflow else { throw .tooManyElements(tensor: name, dimensions: dimensions) }
            rest = product
        }
        let columns = dimensions.first ?? 1
        guard !columns.multipliedReportingOverflow(by: rest).overflow else {
            throw .tooManyElements(tensor: name, dimensions: dimensions)
        }
        guard columns % type.blockLength == 0 else {
            throw .partialBlock(tensor: name, columns: columns, blockLength: type.blockLength)
        }
        let (rowBytes, rowOverflow) = (columns / type.blockLength).multipliedReportingOverflow(by: type.blockBytes)
        let (total, overflow) = rowBytes.multipliedReportingOverflow(by: rest)
        guard !rowOverflow, !overflow else { throw .tooManyBytes(tensor: name, dimensions: dimensions) }
        self.name = name
        self.dimensions = dimensions
        self.type = type
        self.offset = offset
        self.columns = columns
        rows = rest
        byteCount = total
    }
}
