/// The members of a configuration object, read with the type that is expected. Null counts as absent.
struct JSONObject {
    let members: [String: JSONValue]

    init(_ members: [String: JSONValue]) { self.members = members }

    /// Whether the key is there, be it with null.
    func has(_ key: String) -> Bool { members[key] != nil }

    func integer(_ key: String) throws(ModelConfigurationError) -> Int? {
        guard let value = present(key) else { return nil }
        guard let integer = value.integer else {
            throw .wrongType(key: key, expected: "an integer", actual: value.kind)
        }
        return integer
    }

    func required(_ key: String) throws(ModelConfigurationError) -> Int {
        guard let value = try integer(key) else { throw .missing(key: key) }
        return value
    }

    func number(_ key: String) throws(ModelConfigurationError) -> Double? {
        guard let value = present(key) else { return nil }
        guard let number = value.double else { throw .wrongType(key: key, expected: "a number", actual: value.kind) }
        return number
    }

    func requiredNumber(_ key: String) throws(ModelConfigurationError) -> Double {
        guard let value = try number(key) else { throw .missing(key: key) }
        return value
    }

    func bool(_ key: String) throws(ModelConfigurationError) -> Bool? {
        guard let value = present(key) else { return nil }
        guard case .bool(let truth) = value else {
            throw .wrongType(key: key, expected: "true or false", actual: value.kind)
        }
        return truth
    }

    func string(_ key: String) throws(ModelConfigurationError) -> String? {
        guard let value = present(key) else { return nil }
        guard let text = value.string else { throw .wrongType(key: key, expected: "a string", actual: value.kind) }
        return text
    }

    func object(_ key: String) throws(ModelConfigurationError) -> JSONObject? {
        guard let value = present(key) else { return nil }
        guard let members = value.object else {
            throw .wrongType(key: key, expected: "an object", actual: value.kind)
        }
        return JSONObject(members)
    }

    private func present(_ key: String) -> JSONValue? {
        guard let value = members[key], value != .null else { return nil }
        return value
    }
}
