/// What is given to a template: the data that JSON has, and tuples and undefined, which it has not.
///
/// Numbers keep their kind (`1` and `1.0` print differently) and dictionaries their order. A name that is not given
/// at all is undefined; `.none` is Python's `None`, and the two differ in most tests.
public enum TemplateValue: Sendable {
    case undefined
    case none
    case bool(Bool)
    case int(Int)
    /// A whole number outside 64 bits, as its decimal digits with sign: it can be printed and compared, not computed.
    case largeInteger(String)
    case float(Double)
    case string(String)
    case list([TemplateValue])
    case tuple([TemplateValue])
    case dict(TemplateDictionary)

    /// A dictionary of these entries in this order.
    public static func dict(_ entries: [(String, TemplateValue)]) -> TemplateValue {
        .dict(TemplateDictionary(entries))
    }

    /// The value of a key, or nil where this is no dictionary or has no such key.
    public subscript(key: String) -> TemplateValue? {
        guard case .dict(let entries) = self else { return nil }
        return entries[key]
    }

    /// True for `.none`.
    public var isNone: Bool {
        if case .none = self { true } else { false }
    }
}

extension TemplateValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A value written in Swift as a literal.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A value written in Swift as a literal.
    public init(integerLiteral value: Int) { self = .int(value) }
    /// A value written in Swift as a literal.
    public init(floatLiteral value: Double) { self = .float(value) }
    /// A value written in Swift as a literal.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// A value written in Swift as a literal.
    public init(arrayLiteral elements: TemplateValue...) { self = .list(elements) }
    /// A dictionary written in Swift as a literal.
    public init(dictionaryLiteral elements: (String, TemplateValue)...) { self = .dict(TemplateDictionary(elements)) }
}
