public import FoundationEssentials

/// A GGUF file of version 2 or 3, opened for reading.
///
/// Opening reads and checks the whole header; the weights are read when asked for. Safe from several threads.
///
///     let file = try GGUFFile(URL(filePath: "model.gguf"))
///     let rows = try file.read("token_embd.weight", rows: 0..<16)
public final class GGUFFile: Sendable {
    /// 2 or 3.
    public let version: UInt32
    /// Alignment of the tensors in bytes.
    public let alignment: Int
    /// The metadata keys in the file's order.
    public let keys: [String]
    /// All metadata, also keys that nothing here knows.
    public let metadata: [String: GGUFValue]
    /// The tensors in the file's order.
    public let tensors: [GGUFTensor]
    /// Size of the file in bytes.
    public var size: Int { file.size }

    private let file: ReadOnlyFile
    private let dataStart: Int
    private let indices: [String: Int]

    /// Opens a file and checks it against every rule of the format.
    public init(_ url: URL) throws(GGUFError) {
        do { file = try ReadOnlyFile(url) } catch { throw .file(error) }
        let header = try GGUFHeader(reading: file)
        version = header.version
        alignment = header.alignment
        keys = header.keys
        metadata = header.metadata
        tensors = header.tensors
        dataStart = header.dataStart
        indices = Dictionary(
            header.tensors.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The tensor of this name.
    public func tensor(_ name: String) -> GGUFTensor? { indices[name].map { tensors[$0] } }

    /// The stored bytes of a whole tensor.
    public func read(_ name: String) throws(GGUFError) -> [UInt8] {
        guard let tensor = tensor(name) else { throw .noSuchTensor(name) }
        return try read(tensor, rows: 0..<tensor.rows)
    }

    /// The stored bytes of some rows of a tensor (rows over all dimensions after the first).
    public func read(_ name: String, rows: Range<Int>) throws(GGUFError) -> [UInt8] {
        guard let tensor = tensor(name) else { throw .noSuchTensor(name) }
        return try read(tensor, rows: rows)
    }

    private func read(_ tensor: GGUFTensor, rows: Range<Int>) throws(GGUFError) -> [UInt8] {
        guard rows.lowerBound >= 0, rows.upperBound <= tensor.rows else {
            throw .rowsOutOfRange(tensor: tensor.name, rows: rows, count: tensor.rows)
        }
        let start = dataStart + tensor.offset + rows.lowerBound * tensor.rowBytes
        do { return try file.bytes(at: start, count: rows.count * tensor.rowBytes) } catch { throw .file(error) }
    }
}
