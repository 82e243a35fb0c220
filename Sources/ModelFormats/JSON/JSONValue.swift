/// A JSON value as it stands in a configuration or a safetensors header.
///
/// Integers and other numbers are kept apart, so that a size is never rounded by a detour through `Double`.
enum JSONValue: Equatable, Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    /// What kind of value this is, for messages.
    var kind: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .integer: "an integer"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }

    /// The members when this is an object.
    var object: [String: JSONValue]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// The text when this is a string.
    var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// The elements when this is an array.
    var array: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The number as an integer; `4.0` counts as 4, since Python writes some counts so.
    var integer: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    /// The number as a double.
    var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}

/// Which rule of JSON a text breaks, and at which byte.
public enum JSONError: Error, Equatable, Sendable {
    /// A byte that cannot stand there.
    case unexpectedByte(offset: Int, expected: String, actual: UInt8)
    /// The text ends too early.
    case unexpectedEnd(offset: Int, expected: String)
    /// Arrays and objects stand too deep in each other.
    case tooDeep(offset: Int, limit: Int)
    /// One object has the same name twice, so that readers would disagree about its value.
    case duplicateName(offset: Int, name: String)
    /// A string with bytes that are not UTF-8, or with a lone half of a surrogate pair.
    case badString(offset: Int)
    /// A number that is none or that no double holds.
    case badNumber(offset: Int, text: String)
    /// Something follows the value.
    case trailingBytes(offset: Int)
}

extension JSONError: CustomStringConvertible {
    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .unexpectedByte(let offset, let expected, let actual):
            "JSON: byte \(offset) is 0x\(String(actual, radix: 16)), \(expected) expected"
        case .unexpectedEnd(let offset, let expected): "JSON: the text ends at byte \(offset), \(expected) expected"
        case .tooDeep(let offset, let limit): "JSON: nested deeper than \(limit) levels at byte \(offset)"
        case .duplicateName(let offset, let name):
            "JSON: the name \"\(name)\" stands twice in one object (byte \(offset))"
        case .badString(let offset): "JSON: the string at byte \(offset) is not valid UTF-8"
        case .badNumber(let offset, let text): "JSON: \"\(text)\" at byte \(offset) is not a number"
        case .trailingBytes(let offset): "JSON: text after the end of the value, at byte \(offset)"
        }
    }
}
