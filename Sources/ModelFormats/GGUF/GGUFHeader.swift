/// What stands before the tensor data of a GGUF file, read and checked.
///
/// Layout, all little-endian: `"GGUF"` · u32 version · u64 number of tensors · u64 number of keys · keys ·
/// tensors · padding to the alignment · data. A key is a string, a u32 value type and the value; a string is a u64 length and
/// bytes; an array is a u32 element type, a u64 count and the elements. A tensor is its name, a u32 number of
/// dimensions, u64 dimensions (the contiguous one first), a u32 type and a u64 offset into the data.
/// Tensors lie one after the other in the order of the list, each padded to the alignment; a file with holes,
/// overlaps or bytes at its end is refused.
struct GGUFHeader {
    static let maximumKeys = 1 << 16
    static let maximumTensors = 1 << 20
    static let maximumKeyLength = 65_535
    static let maximumNameLength = 63
    static let maximumString = 64 << 20
    /// Elements of an array of strings: sixteen times the largest published vocabulary.
    static let maximumStrings = 1 << 22
    /// Bytes of an array of numbers.
    static let maximumArrayBytes = 64 << 20
    static let maximumAlignment: UInt32 = 1 << 16
    static let defaultAlignment = 32

    var version: UInt32 = 3
    var alignment = defaultAlignment
    var keys: [String] = []
    var metadata: [String: GGUFValue] = [:]
    var tensors: [GGUFTensor] = []
    var dataStart = 0

    init(reading file: ReadOnlyFile) throws(GGUFError) {
        var cursor = GGUFHeaderCursor(file)
        let magic = try cursor.bytes(4, "the magic number")
        guard magic.elementsEqual("GGUF".utf8) else { throw .badMagic(actual: Array(magic)) }
        version = try cursor.integer("the version")
        guard version & 0xFFFF != 0 || version == 0 else { throw .otherByteOrder(version: version) }
        guard version == 2 || version == 3 else { throw .unsupportedVersion(actual: version) }
        let tensorCount = try cursor.integer("the number of tensors", as: UInt64.self)
        guard tensorCount <= UInt64(Self.maximumTensors) else {
            throw .tooManyTensors(actual: tensorCount, limit: Self.maximumTensors)
        }
        let keyCount = try cursor.integer("the number of keys", as: UInt64.self)
        guard keyCount <= UInt64(Self.maximumKeys) else {
            throw .tooManyKeys(actual: keyCount, limit: Self.maximumKeys)
        }
        for index in 0..<Int(keyCount) { try readKey(index, &cursor) }
        try readAlignment()
        var names = Set<String>()
        var offset: UInt64 = 0
        for index in 0..<Int(tensorCount) {
            let tensor = try readTensor(index, &cursor, expectedOffset: offset)
            guard names.insert(tensor.name).inserted else { throw .duplicateTensor(tensor.name) }
            offset = try Self.padded(tensor, after: offset, to: alignment)
            tensors.append(tensor)
        }
        try checkEnd(headerEnd: cursor.position, fileSize: file.size)
    }

    private mutating func readKey(_ index: Int, _ cursor: inout GGUFHeaderCursor) throws(GGUFError) {
        let length = try cursor.integer("metadata key \(index)", as: UInt64.self)
        guard length > 0 else { throw .emptyKey(index: index) }
        guard length <= UInt64(Self.maximumKeyLength) else {
            throw .keyTooLong(index: index, length: length, limit: Self.maximumKeyLength)
        }
        let start = cursor.position
        let bytes = try cursor.bytes(length, "metadata key \(index)")
        guard let key = String(validating: bytes, as: UTF8.self) else {
            throw .notUTF8(reading: "metadata key \(index)", offset: start)
        }
        let value = try cursor.value(of: key)
        guard metadata.updateValue(value, forKey: key) == nil else { throw .duplicateKey(key) }
        keys.append(key)
    }

    private mutating func readAlignment() throws(GGUFError) {
        guard let value = metadata["general.alignment"] else { return }
        guard case .uint32(let stated) = value else { throw .alignmentType(actual: value.typeName) }
        guard stated > 0, stated & (stated - 1) == 0, stated <= Self.maximumAlignment else {
            throw .badAlignment(actual: stated)
        }
        alignment = Int(stated)
    }

    private func readTensor(_ index: Int, _ cursor: inout GGUFHeaderCursor, expectedOffset: UInt64)
        throws(GGUFError) -> GGUFTensor
    {
        let length = try cursor.integer("the name of tensor \(index)", as: UInt64.self)
        guard length > 0 else { throw .emptyTensorName(index: index) }
        guard length <= UInt64(Self.maximumNameLength) else {
            throw .tensorNameTooLong(index: index, length: length, limit: Self.maximumNameLength)
        }
        let start = cursor.position
        let bytes = try cursor.bytes(length, "the name of tensor \(index)")
        guard let name = String(validating: bytes, as: UTF8.self) else {
            throw .notUTF8(reading: "the name of tensor \(index)", offset: start)
        }
        let dimensionCount = try cursor.integer("the dimensions of \(name)", as: UInt32.self)
        guard dimensionCount <= 4 else { throw .tooManyDimensions(tensor: name, actual: dimensionCount) }
        var dimensions: [Int] = []
        for axis in 0..<Int(dimensionCount) {
            let stated = try cursor.integer("the dimensions of \(name)", as: UInt64.self)
            guard let dimension = Int(exactly: stated) else {
                throw .negativeDimension(tensor: name, axis: axis, actual: stated)
            }
            dimensions.append(dimension)
        }
        let id = try cursor.integer("the type of \(name)", as: UInt32.self)
        guard let type = GGUFTensorType(id: id) else {
            if let removed = GGUFTensorType.removedName(id: id) {
                throw .removedTensorType(tensor: name, name: removed)
            }
            throw .unknownTensorType(tensor: name, id: id)
        }
        let offset = try cursor.integer("the offset of \(name)", as: UInt64.self)
        guard offset == expectedOffset else {
            throw .wrongOffset(tensor: name, expected: expectedOffset, actual: offset)
        }
        return try GGUFTensor(name: name, dimensions: dimensions, type: type, offset: Int(clamping: offset))
    }

    /// The offset of the tensor after `tensor`; every sum is checked, since padding a huge size would wrap to 0.
    static func padded(_ tensor: GGUFTensor, after offset: UInt64, to alignment: Int) throws(GGUFError) -> UInt64 {
        let (end, overflow) = offset.addingReportingOverflow(UInt64(tensor.byteCount))
        let (next, wrapped) = end.addingReportingOverflow(UInt64(alignment - 1))
        guard !overflow, !wrapped, next <= UInt64(Int.max) else {
            throw .tooManyBytes(tensor: tensor.name, dimensions: tensor.dimensions)
        }
        return next & ~UInt64(alignment - 1)
    }

    /// The file must end at the end of the last tensor, or at most at the end of its padding.
    private mutating func checkEnd(headerEnd: Int, fileSize: Int) throws(GGUFError) {
        dataStart = (headerEnd + alignment - 1) & ~(alignment - 1)
        let last = tensors.last
        let used = last.map { $0.offset + $0.byteCount } ?? 0
        let paddedUse = last.map { ($0.offset + $0.byteCount + alignment - 1) & ~(alignment - 1) } ?? 0
        // Without any data the padding before it may be missing too.
        let (end, overflow) = dataStart.addingReportingOverflow(used)
        let least = used == 0 ? headerEnd : end
        guard !overflow, fileSize >= least else { throw .truncatedData(expected: least, actual: fileSize) }
        let (most, tooFar) = dataStart.addingReportingOverflow(paddedUse)
        guard tooFar || fileSize <= most else { throw .trailingBytes(expected: most, actual: fileSize) }
    }
}
