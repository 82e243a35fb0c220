/// A JSON document as a tree. Objects keep their members in order and by bytes.
///
/// Why not Foundation's: vocabularies have keys that Swift's `String` holds for equal (a letter with an accent in one
/// or in two code points), so that a dictionary would lose tokens; and strings may begin with U+FEFF, which
/// `JSONSerialization` drops.
enum JSONValue: Sendable {
    case null
    case bool(Bool)
    /// Any number; integers up to 2⁵³ are exact.
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([JSONMember])

    /// The member of an object with this name; the last one counts where a name is repeated.
    subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    /// The text, nil for another kind of value.
    var string: String? { if case .string(let value) = self { value } else { nil } }

    /// The truth value, nil for another kind of value.
    var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

    /// The number when it is a whole one between 0 and 2³¹, nil otherwise.
    var integer: Int? {
        if case .number(let value) = self, value >= 0, value < 0x8000_0000, value == value.rounded(.towardZero) {
            Int(value)
        } else {
            nil
        }
    }

    /// The elements, nil for another kind of value.
    var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }

    /// True for null.
    var isNull: Bool { if case .null = self { true } else { false } }

    /// The value in a few words, for messages.
    var summary: String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .number(let value): "\(value)"
        case .string(let value): value
        case .array(let value): "an array of \(value.count)"
        case .object(let value): "an object of \(value.count)"
        }
    }
}

/// A member of a JSON object.
struct JSONMember: Sendable {
    let name: String
    let value: JSONValue
}
