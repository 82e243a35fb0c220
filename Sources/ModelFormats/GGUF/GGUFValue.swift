/// A metadata value of a GGUF file, with the type it has in the file.
public enum GGUFValue: Equatable, Sendable {
    case uint8(UInt8)
    case int8(Int8)
    case uint16(UInt16)
    case int16(Int16)
    case uint32(UInt32)
    case int32(Int32)
    case float32(Float)
    case bool(Bool)
    case string(String)
    case array(GGUFArray)
    case uint64(UInt64)
    case int64(Int64)
    case float64(Double)
}

/// An array of a GGUF file: all elements have one type. Arrays of arrays do not exist.
public enum GGUFArray: Equatable, Sendable {
    case uint8([UInt8])
    case int8([Int8])
    case uint16([UInt16])
    case int16([Int16])
    case uint32([UInt32])
    case int32([Int32])
    case float32([Float])
    case bool([Bool])
    case string([String])
    case uint64([UInt64])
    case int64([Int64])
    case float64([Double])
}

/// The numbers of the value types in the file.
enum GGUFValueType: UInt32 {
    case uint8 = 0
    case int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

    /// Bytes of one value; 0 for strings and arrays, whose length varies.
    var width: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        case .string, .array: 0
        }
    }
}

extension GGUFValue {
    /// The value as an integer, from any integer type; nil when it is none or does not fit.
    public var integer: Int? {
        switch self {
        case .uint8(let value): Int(value)
        case .int8(let value): Int(value)
        case .uint16(let value): Int(value)
        case .int16(let value): Int(value)
        case .uint32(let value): Int(value)
        case .int32(let value): Int(value)
        case .uint64(let value): Int(exactly: value)
        case .int64(let value): Int(value)
        default: nil
        }
    }

    /// The value as a double, from any number type.
    public var double: Double? {
        switch self {
        case .float32(let value): Double(value)
        case .float64(let value): value
        default: integer.map { Double($0) }
        }
    }

    /// The text when this is a string.
    public var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The truth value when this is a bool.
    public var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The texts when this is an array of strings.
    public var strings: [String]? {
        if case .array(.string(let texts)) = self { texts } else { nil }
    }

    /// The numbers when this is an array of any integer type and all fit.
    public var integers: [Int]? {
        guard case .array(let array) = self else { return nil }
        switch array {
        case .uint8(let values): return values.map { Int($0) }
        case .int8(let values): return values.map { Int($0) }
        case .uint16(let values): return values.map { Int($0) }
        case .int16(let values): return values.map { Int($0) }
        case .uint32(let values): return values.map { Int($0) }
        case .int32(let values): return values.map { Int($0) }
        case .int64(let values): return values.map { Int($0) }
        case .uint64(let values):
            let fitting = values.compactMap { Int(exactly: $0) }
            return fitting.count == values.count ? fitting : nil
        case .float32, .float64, .bool, .string: return nil
        }
    }

    /// The numbers when this is an array of numbers (scores are f32, in some files i32).
    public var floats: [Float]? {
        switch self {
        case .array(.float32(let values)): values
        case .array(.float64(let values)): values.map { Float($0) }
        default: integers?.map { Float($0) }
        }
    }

    /// The type's name in the format's specification, for messages.
    public var typeName: String {
        switch self {
        case .uint8: "u8"
        case .int8: "i8"
        case .uint16: "u16"
        case .int16: "i16"
        case .uint32: "u32"
        case .int32: "i32"
        case .float32: "f32"
        case .bool: "bool"
        case .string: "string"
        case .uint64: "u64"
        case .int64: "i64"
        case .float64: "f64"
        case .array(let array): "array of \(array.elementTypeName), \(array.count) elements"
        }
    }
}

extension GGUFArray {
    /// Number of elements.
    public var count: Int {
        switch self {
        case .uint8(let values): values.count
        case .int8(let values): values.count
        case .uint16(let values): values.count
        case .int16(let values): values.count
        case .uint32(let values): values.count
        case .int32(let values): values.count
        case .float32(let values): values.count
        case .bool(let values): values.count
        case .string(let values): values.count
        case .uint64(let values): values.count
        case .int64(let values): values.count
        case .float64(let values): values.count
        }
    }

    /// The element type's name in the format's specification.
    public var elementTypeName: String {
        switch self {
        case .uint8: "u8"
        case .int8: "i8"
        case .uint16: "u16"
        case .int16: "i16"
        case .uint32: "u32"
        case .int32: "i32"
        case .float32: "f32"
        case .bool: "bool"
        case .string: "string"
        case .uint64: "u64"
        case .int64: "i64"
        case .float64: "f64"
        }
    }
}
