public import FoundationEssentials

/// Writes a safetensors file, tensor after tensor, with the memory of one piece; it appears when `finish` succeeds.
public final class SafetensorsWriter {
    /// A tensor to be written: shape as PyTorch says it, outermost dimension first.
    public struct Layout: Equatable, Sendable {
        /// Unique in the file.
        public let name: String
        /// Outermost dimension first: [rows, columns].
        public let shape: [Int]
        /// Type of the elements.
        public let type: SafetensorsType

        /// A tensor of this name, shape and type.
        public init(name: String, shape: [Int], type: SafetensorsType) {
            self.name = name
            self.shape = shape
            self.type = type
        }
    }

    private let output: OutputFile
    private let sizes: [(name: String, byteCount: Int)]
    private var current = -1
    private var missing = 0

    /// Writes the header.
    ///
    /// - Parameters:
    ///   - metadata: the `__metadata__` strings; transformers expects `format` = `pt`.
    ///   - tensors: in the order in which their bytes will be given.
    ///   - replacing: whether an existing file of that name is replaced.
    public init(
        to url: URL, metadata: [String: String] = ["format": "pt"], tensors layout: [Layout], replacing: Bool = false
    ) throws(SafetensorsError) {
        var members: [String: JSONValue] = [:]
        var sizes: [(String, Int)] = []
        var offset = 0
        for tensor in layout {
            let count = try Self.byteCount(tensor)
            let (end, overflow) = offset.addingReportingOverflow(count)
            guard !overflow else { throw .sizeOverflow(tensor: tensor.name, shape: tensor.shape) }
            let entry: [String: JSONValue] = [
                "dtype": .string(tensor.type.rawValue),
                "shape": .array(tensor.shape.map { .integer($0) }),
                "data_offsets": .array([.integer(offset), .integer(end)]),
            ]
            guard tensor.name != "__metadata__", members.updateValue(.object(entry), forKey: tensor.name) == nil else {
                throw .duplicateTensor(tensor.name, files: [url.lastPathComponent])
            }
            sizes.append((tensor.name, count))
            offset = end
        }
        if !metadata.isEmpty { members["__metadata__"] = .object(metadata.mapValues { .string($0) }) }
        var header = Array(JSONValue.object(members).text(indented: false).utf8)
        // The data starts at a multiple of 8, so that readers that map the file find aligned numbers.
        while (8 + header.count) % 8 != 0 { header.append(0x20) }
        guard header.count <= SafetensorsFile.maximumHeader else {
            throw .headerTooLarge(actual: UInt64(header.count), limit: SafetensorsFile.maximumHeader)
        }
        self.sizes = sizes
        let length = UInt64(header.count)
        do {
            output = try OutputFile(url, replacing: replacing)
            try output.write((0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) })
            try output.write(header)
        } catch { throw .file(error) }
        startNext()
    }

    /// Appends bytes of the current tensor; when it is complete the next one is current.
    public func write(_ bytes: [UInt8]) throws(SafetensorsError) {
        guard bytes.count <= missing else {
            let name = current < sizes.count ? sizes[current].name : "(none)"
            throw .wrongSize(tensor: name, expected: missing, actual: bytes.count)
        }
        do { try output.write(bytes) } catch { throw .file(error) }
        missing -= bytes.count
        if missing == 0, current < sizes.count { startNext() }
    }

    /// Makes the file durable and gives it its name; every tensor must be complete.
    public func finish() throws(SafetensorsError) {
        guard current == sizes.count else {
            throw .wrongSize(
                tensor: sizes[current].name, expected: sizes[current].byteCount,
                actual: sizes[current].byteCount - missing)
        }
        do { try output.commit() } catch { throw .file(error) }
    }

    private func startNext() {
        repeat { current += 1 } while current < sizes.count && sizes[current].byteCount == 0
        missing = current < sizes.count ? sizes[current].byteCount : 0
    }

    private static func byteCount(_ tensor: Layout) throws(SafetensorsError) -> Int {
        var bytes = tensor.type.width
        for dimension in tensor.shape {
            guard dimension >= 0 else { throw .badEntry(tensor: tensor.name, reason: "a dimension is negative") }
            let (product, overflow) = bytes.multipliedReportingOverflow(by: dimension)
            guard !overflow else { throw .sizeOverflow(tensor: tensor.name, shape: tensor.shape) }
            bytes = product
        }
        return bytes
    }
}
