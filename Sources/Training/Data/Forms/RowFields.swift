import ChatTemplates

/// The values of a row, read with the type that is expected.
struct RowFields {
    let entries: TemplateDictionary

    /// A value that is there and not null.
    func value(_ key: String) -> TemplateValue? {
        entries[key].flatMap { $0.isNone ? nil : $0 }
    }

    /// The text of the first of these keys that is there; nil where none is.
    func text(_ keys: String...) throws(RowProblem) -> String? {
        for key in keys {
            guard let value = value(key) else { continue }
            guard case .string(let text) = value else { throw .wrongType(key: key, expected: "a string") }
            return text
        }
        return nil
    }

    /// The text of the first of these keys that is there; it must not be empty.
    func required(_ keys: String...) throws(RowProblem) -> String {
        for key in keys {
            if let found = try text(key), !found.isEmpty { return found }
        }
        throw .missing(key: keys.first ?? "")
    }

    func list(_ key: String) throws(RowProblem) -> [TemplateValue]? {
        guard let value = value(key) else { return nil }
        switch value {
        case .list(let items): return items
        case .string(let text):
            guard case .list(let items)? = try? TemplateValue(json: text.utf8) else {
                throw .wrongType(key: key, expected: "a list")
            }
            return items
        default: throw .wrongType(key: key, expected: "a list")
        }
    }

    /// Token ids; `ignored` (−100) is allowed where `allowsIgnored`.
    func ids(_ key: String, vocabulary: Int?, allowsIgnored: Bool = false) throws(RowProblem) -> [Int32] {
        guard let items = try list(key) else { throw .missing(key: key) }
        var ids: [Int32] = []
        ids.reserveCapacity(items.count)
        for item in items {
            guard case .int(let id) = item else { throw .wrongType(key: key, expected: "a list of whole numbers") }
            let isIgnored = allowsIgnored && id == Int(TrainingRow.ignored)
            guard isIgnored || (id >= 0 && id < vocabulary ?? Int(Int32.max)) else {
                throw .idOutsideVocabulary(key: key, id: id, count: vocabulary ?? Int(Int32.max))
            }
            ids.append(Int32(id))
        }
        return ids
    }

    /// Definitions of tools: a list, or JSON text of one; an empty list is none.
    func tools() throws(RowProblem) -> TemplateValue? {
        if case .string("")? = value("tools") { return nil }
        guard let items = try list("tools"), !items.isEmpty else { return nil }
        return .list(items)
    }
}
