extension GGUFHeaderCursor {
    /// A value type and the value behind it.
    mutating func value(of key: String) throws(GGUFError) -> GGUFValue {
        let type = try valueType(of: key)
        switch type {
        case .uint8: return .uint8(try integer(key))
        case .int8: return .int8(try integer(key))
        case .uint16: return .uint16(try integer(key))
        case .int16: return .int16(try integer(key))
        case .uint32: return .uint32(try integer(key))
        case .int32: return .int32(try integer(key))
        case .uint64: return .uint64(try integer(key))
        case .int64: return .int64(try integer(key))
        case .float32: return .float32(Float(bitPattern: try integer(key)))
        case .float64: return .float64(Double(bitPattern: try integer(key)))
        case .bool: return .bool(try integer(key, as: UInt8.self) != 0)
        case .string: return .string(try string(limit: GGUFHeader.maximumString, key))
        case .array: return .array(try array(of: key))
        }
    }

    private mutating func valueType(of key: String) throws(GGUFError) -> GGUFValueType {
        let id = try integer(key, as: UInt32.self)
        guard let type = GGUFValueType(rawValue: id) else { throw .unknownValueType(key: key, actual: id) }
        return type
    }

    private mutating func array(of key: String) throws(GGUFError) -> GGUFArray {
        let type = try valueType(of: key)
        let count = try integer(key, as: UInt64.self)
        switch type {
        case .array: throw .nestedArray(key: key)
        case .string: return .string(try strings(count, key))
        case .bool: return .bool(try numbers(count, key, UInt8.self).map { $0 != 0 })
        case .uint8: return .uint8(try numbers(count, key))
        case .int8: return .int8(try numbers(count, key))
        case .uint16: return .uint16(try numbers(count, key))
        case .int16: return .int16(try numbers(count, key))
        case .uint32: return .uint32(try numbers(count, key))
        case .int32: return .int32(try numbers(count, key))
        case .uint64: return .uint64(try numbers(count, key))
        case .int64: return .int64(try numbers(count, key))
        case .float32: return .float32(try numbers(count, key, UInt32.self).map { Float(bitPattern: $0) })
        case .float64: return .float64(try numbers(count, key, UInt64.self).map { Double(bitPattern: $0) })
        }
    }

    /// Every string needs at least the eight bytes of its length, so a count beyond that is refused at once.
    private mutating func strings(_ count: UInt64, _ key: String) throws(GGUFError) -> [String] {
        let limit = GGUFHeader.maximumStrings
        guard count <= UInt64(limit) else { throw .arrayTooLong(key: key, count: count, limit: limit) }
        guard count <= UInt64(remaining / 8) else {
            throw .truncatedHeader(reading: key, offset: position, needed: count * 8, available: remaining)
        }
        var result: [String] = []
        result.reserveCapacity(Int(count))
        for _ in 0..<Int(count) {
            result.append(try string(limit: GGUFHeader.maximumString, "a string of \(key)"))
        }
        return result
    }

    private mutating func numbers<T: FixedWidthInteger & Sendable>(
        _ count: UInt64, _ key: String, _ type: T.Type = T.self
    ) throws(GGUFError) -> [T] {
        let width = T.bitWidth / 8
        let limit = GGUFHeader.maximumArrayBytes / width
        guard count <= UInt64(limit) else { throw .arrayTooLong(key: key, count: count, limit: limit) }
        let content = Array(try bytes(count * UInt64(width), key))
        return (0..<Int(count)).map { littleEndian(content, at: $0 * width) }
    }
}
