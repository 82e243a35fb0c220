/// The bytes before the data of a GGUF file of version 3.
struct GGUFHeaderBytes {
    private(set) var bytes: [UInt8] = []

    /// `general.architecture` comes first, as readers that look no further expect; the others are sorted, so that
    /// equal models give equal files.
    static func ordered(_ metadata: [String: GGUFValue]) -> [(key: String, value: GGUFValue)] {
        let first = "general.architecture"
        return metadata.sorted { ($0.key == first ? 0 : 1, $0.key) < ($1.key == first ? 0 : 1, $1.key) }
    }

    /// The keys, which must differ, in this order.
    init(keys: [(key: String, value: GGUFValue)], tensors: [GGUFTensor]) throws(GGUFError) {
        guard keys.count <= GGUFHeader.maximumKeys else {
            throw .tooManyKeys(actual: UInt64(keys.count), limit: GGUFHeader.maximumKeys)
        }
        guard tensors.count <= GGUFHeader.maximumTensors else {
            throw .tooManyTensors(actual: UInt64(tensors.count), limit: GGUFHeader.maximumTensors)
        }
        bytes = Array("GGUF".utf8)
        append(UInt32(3))
        append(UInt64(tensors.count))
        append(UInt64(keys.count))
        for (index, (key, value)) in keys.enumerated() {
            guard !key.isEmpty else { throw .emptyKey(index: index) }
            guard key.utf8.count <= GGUFHeader.maximumKeyLength else {
                throw .keyTooLong(index: index, length: UInt64(key.utf8.count), limit: GGUFHeader.maximumKeyLength)
            }
            try append(key, reading: "metadata key \(index)")
            try append(value, key: key)
        }
        for tensor in tensors {
            try append(tensor.name, reading: "the name of \(tensor.name)")
            append(UInt32(tensor.dimensions.count))
            for dimension in tensor.dimensions { append(UInt64(dimension)) }
            append(tensor.type.id)
            append(UInt64(tensor.offset))
        }
    }

    private mutating func append(_ value: some FixedWidthInteger) {
        var rest = value
        for _ in 0..<(value.bitWidth / 8) {
            bytes.append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }

    private mutating func append(each values: [some FixedWidthInteger]) {
        for value in values { append(value) }
    }

    private mutating func append(_ text: String, reading: String) throws(GGUFError) {
        let count = text.utf8.count
        guard count <= GGUFHeader.maximumString else {
            throw .stringTooLong(reading: reading, length: UInt64(count), limit: GGUFHeader.maximumString)
        }
        append(UInt64(count))
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func append(_ value: GGUFValue, key: String) throws(GGUFError) {
        append(value.valueType.rawValue)
        switch value {
        case .uint8(let number): append(number)
        case .int8(let number): append(number)
        case .uint16(let number): append(number)
        case .int16(let number): append(number)
        case .uint32(let number): append(number)
        case .int32(let number): append(number)
        case .uint64(let number): append(number)
        case .int64(let number): append(number)
        case .float32(let number): append(number.bitPattern)
        case .float64(let number): append(number.bitPattern)
        case .bool(let truth): append(UInt8(truth ? 1 : 0))
        case .string(let text): try append(text, reading: key)
        case .array(let array): try append(array, key: key)
        }
    }

    private mutating func append(_ array: GGUFArray, key: String) throws(GGUFError) {
        let width = max(1, array.elementType.width)
        let limit = array.elementType == .string ? GGUFHeader.maximumStrings : GGUFHeader.maximumArrayBytes / width
        guard array.count <= limit else {
            throw .arrayTooLong(key: key, count: UInt64(array.count), limit: limit)
        }
        append(array.elementType.rawValue)
        append(UInt64(array.count))
        switch array {
        case .uint8(let values): bytes.append(contentsOf: values)
        case .int8(let values): append(each: values)
        case .uint16(let values): append(each: values)
        case .int16(let values): append(each: values)
        case .uint32(let values): append(each: values)
        case .int32(let values): append(each: values)
        case .uint64(let values): append(each: values)
        case .int64(let values): append(each: values)
        case .float32(let values): append(each: values.map(\.bitPattern))
        case .float64(let values): append(each: values.map(\.bitPattern))
        case .bool(let values): append(each: values.map { UInt8($0 ? 1 : 0) })
        case .string(let values): for text in values { try append(text, reading: "a string of \(key)") }
        }
    }
}

extension GGUFValue {
    var valueType: GGUFValueType {
        switch self {
        case .uint8: .uint8
        case .int8: .int8
        case .uint16: .uint16
        case .int16: .int16
        case .uint32: .uint32
        case .int32: .int32
        case .float32: .float32
        case .bool: .bool
        case .string: .string
        case .array: .array
        case .uint64: .uint64
        case .int64: .int64
        case .float64: .float64
        }
    }
}

extension GGUFArray {
    var elementType: GGUFValueType {
        switch self {
        case .uint8: .uint8
        case .int8: .int8
        case .uint16: .uint16
        case .int16: .int16
        case .uint32: .uint32
        case .int32: .int32
        case .float32: .float32
        case .bool: .bool
        case .string: .string
        case .uint64: .uint64
        case .int64: .int64
        case .float64: .float64
        }
    }
}
