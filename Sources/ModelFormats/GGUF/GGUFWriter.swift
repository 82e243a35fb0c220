public import FoundationEssentials
public import Tensors

/// Writes a GGUF file of version 3, tensor after tensor, with the memory of one piece.
///
/// The file appears under its name when `finish` succeeds; until then a hidden file stands beside it, which is removed
/// when the writer goes away unfinished.
///
///     let writer = try GGUFWriter(to: url, metadata: ["general.architecture": .string("llama")], tensors: layout)
///     for tensor in layout { try writer.write(bytes(of: tensor)) }
///     try writer.finish()
public final class GGUFWriter {
    /// A tensor to be written: dimensions with the contiguous one first.
    public struct Layout: Equatable, Sendable {
        /// At most 63 bytes, unique in the file.
        public let name: String
        /// The contiguous dimension first: [columns, rows].
        public let dimensions: [Int]
        /// How the weights are stored; a row must hold whole blocks.
        public let type: ElementType

        /// A tensor of this name, shape and type.
        public init(name: String, dimensions: [Int], type: ElementType) {
            self.name = name
            self.dimensions = dimensions
            self.type = type
        }
    }

    private let output: OutputFile
    private let alignment: Int
    private let tensors: [GGUFTensor]
    private var current = 0
    private var missing: Int

    /// Writes the header. The same rules are applied as in reading, so what is written can be read.
    ///
    /// - Parameters:
    ///   - metadata: all keys; `general.alignment` among them sets the alignment (default 32).
    ///   - tensors: in the order in which their bytes will be given.
    ///   - replacing: whether an existing file of that name is replaced.
    public convenience init(
        to url: URL, metadata: [String: GGUFValue], tensors layout: [Layout], replacing: Bool = false
    ) throws(GGUFError) {
        try self.init(to: url, keys: GGUFHeaderBytes.ordered(metadata), tensors: layout, replacing: replacing)
    }

    /// The same with the keys, which must differ, in this order: for a file that is to be equal to a published one.
    init(
        to url: URL, keys: [(key: String, value: GGUFValue)], tensors layout: [Layout], replacing: Bool
    ) throws(GGUFError) {
        alignment = try Self.alignment(keys.first { $0.key == "general.alignment" }?.value)
        tensors = try Self.place(layout, alignment: alignment)
        let head = try GGUFHeaderBytes(keys: keys, tensors: tensors).bytes
        do {
            output = try OutputFile(url, replacing: replacing)
            try output.write(head)
            try output.pad(to: alignment)
        } catch { throw .file(error) }
        missing = 0
        current = -1
        startNext()
    }

    /// Appends bytes of the current tensor; when it is complete the next one is current.
    public func write(_ bytes: [UInt8]) throws(GGUFError) {
        guard bytes.count <= missing else {
            let name = current < tensors.count ? tensors[current].name : "(none)"
            throw .tooMuchWritten(tensor: name, expected: missing, actual: bytes.count)
        }
        do {
            try output.write(bytes)
            missing -= bytes.count
            if missing == 0, current < tensors.count {
                try output.pad(to: alignment)
                startNext()
            }
        } catch { throw .file(error) }
    }

    /// Makes the file durable and gives it its name; every tensor must be complete.
    public func finish() throws(GGUFError) {
        guard current == tensors.count else {
            throw .incomplete(tensor: tensors[current].name, missing: missing)
        }
        do { try output.commit() } catch { throw .file(error) }
    }

    /// Moves to the next tensor that has bytes.
    private func startNext() {
        repeat { current += 1 } while current < tensors.count && tensors[current].byteCount == 0
        missing = current < tensors.count ? tensors[current].byteCount : 0
    }

    private static func alignment(_ value: GGUFValue?) throws(GGUFError) -> Int {
        guard let value else { return GGUFHeader.defaultAlignment }
        guard case .uint32(let stated) = value else { throw .alignmentType(actual: value.typeName) }
        guard stated > 0, stated & (stated - 1) == 0, stated <= GGUFHeader.maximumAlignment else {
            throw .badAlignment(actual: stated)
        }
        return Int(stated)
    }

    private static func place(_ layout: [Layout], alignment: Int) throws(GGUFError) -> [GGUFTensor] {
        var offset: UInt64 = 0
        var names = Set<String>()
        var result: [GGUFTensor] = []
        for (index, tensor) in layout.enumerated() {
            let length = tensor.name.utf8.count
            guard length > 0 else { throw .emptyTensorName(index: index) }
            guard length <= GGUFHeader.maximumNameLength else {
                throw .tensorNameTooLong(index: index, length: UInt64(length), limit: GGUFHeader.maximumNameLength)
            }
            guard names.insert(tensor.name).inserted else { throw .duplicateTensor(tensor.name) }
            guard tensor.dimensions.count <= 4 else {
                throw .tooManyDimensions(tensor: tensor.name, actual: UInt32(clamping: tensor.dimensions.count))
            }
            if let axis = tensor.dimensions.firstIndex(where: { $0 < 0 }) {
                throw .negativeDimension(
                    tensor: tensor.name, axis: axis, actual: UInt64(bitPattern: Int64(tensor.dimensions[axis])))
            }
            guard let type = GGUFTensorType(tensor.type) else {
                throw .unknownTensorType(tensor: tensor.name, id: tensor.type.rawValue)
            }
            let placed = try GGUFTensor(
                name: tensor.name, dimensions: tensor.dimensions, type: type, offset: Int(clamping: offset))
            offset = try GGUFHeader.padded(placed, after: offset, to: alignment)
            result.append(placed)
        }
        return result
    }
}
