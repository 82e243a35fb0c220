/// Builds GGUF files byte by byte, right or deliberately wrong.
struct GGUFBytes {
    struct Tensor {
        var name: String
        var dimensions: [UInt64]
        var type: UInt32 = 0
        /// nil: where it belongs.
        var offset: UInt64?
        /// Bytes that the tensor really has.
        var byteCount: UInt64 = 0
    }

    var magic: [UInt8] = Array("GGUF".utf8)
    var version: UInt32 = 3
    /// nil: as many as there are.
    var keyCount: UInt64?
    var tensorCount: UInt64?
    /// Key, value type, bytes of the value.
    var keys: [(String, UInt32, [UInt8])] = []
    var tensors: [Tensor] = []
    /// The alignment by which tensors are placed, whatever the file says.
    var alignment: UInt64 = 32
    /// Bytes taken from the end of the file, or added to it.
    var cut = 0
    var extra = 0

    mutating func add(_ key: String, u32 value: UInt32) { keys.append((key, 4, le(value))) }
    mutating func add(_ key: String, string value: String) { keys.append((key, 8, string(value))) }
    mutating func add(_ key: String, f32 value: Float) { keys.append((key, 6, le(value.bitPattern))) }
    mutating func add(_ key: String, array type: UInt32, count: UInt64, _ bytes: [UInt8]) {
        keys.append((key, 9, le(type) + le(count) + bytes))
    }
    /// An f32 tensor.
    mutating func addTensor(_ name: String, _ dimensions: [UInt64]) {
        tensors.append(Tensor(name: name, dimensions: dimensions, byteCount: 4 * dimensions.reduce(1, *)))
    }

    var bytes: [UInt8] {
        var result = magic + le(version)
        result += le(tensorCount ?? UInt64(tensors.count)) + le(keyCount ?? UInt64(keys.count))
        for (key, type, value) in keys { result += string(key) + le(type) + value }
        var offset: UInt64 = 0
        var data: [UInt8] = []
        for tensor in tensors {
            result += string(tensor.name) + le(UInt32(tensor.dimensions.count))
            for dimension in tensor.dimensions { result += le(dimension) }
            result += le(tensor.type) + le(tensor.offset ?? offset)
            let size = (tensor.byteCount + alignment - 1) / alignment * alignment
            offset += size
            data += (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ 3) }
        }
        while result.count % Int(alignment) != 0 { result.append(0) }
        result += data + [UInt8](repeating: 0, count: extra)
        return Array(result.dropLast(cut))
    }
}

func le(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<(value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
}

func string(_ text: String) -> [UInt8] { le(UInt64(text.utf8.count)) + Array(text.utf8) }
