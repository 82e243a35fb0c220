extension JSONValue {
    /// The value as JSON text: names sorted, so that equal values give equal bytes.
    ///
    /// - Parameter indented: two spaces a level, as transformers writes its configurations; otherwise one line.
    func text(indented: Bool) -> String {
        var text = ""
        append(to: &text, indent: indented ? 0 : nil)
        return text
    }

    private func append(to text: inout String, indent: Int?) {
        switch self {
        case .null: text += "null"
        case .bool(let value): text += value ? "true" : "false"
        case .integer(let value): text += String(value)
        case .number(let value): text += value.isFinite ? value.description : "null"
        case .string(let value): Self.append(value, to: &text)
        case .array(let elements):
            Self.appendList("[", "]", elements.count, to: &text, indent: indent) { index, text, inner in
                elements[index].append(to: &text, indent: inner)
            }
        case .object(let members):
            let sorted = members.sorted { $0.key < $1.key }
            Self.appendList("{", "}", sorted.count, to: &text, indent: indent) { index, text, inner in
                Self.append(sorted[index].key, to: &text)
                text += indent == nil ? ":" : ": "
                sorted[index].value.append(to: &text, indent: inner)
            }
        }
    }

    private static func appendList(
        _ open: String, _ close: String, _ count: Int, to text: inout String, indent: Int?,
        _ element: (Int, inout String, Int?) -> Void
    ) {
        text += open
        for index in 0..<count {
            if index > 0 { text += "," }
            if let indent { text += "\n" + String(repeating: " ", count: 2 * (indent + 1)) }
            element(index, &text, indent.map { $0 + 1 })
        }
        if let indent, count > 0 { text += "\n" + String(repeating: " ", count: 2 * indent) }
        text += close
    }

    private static func append(_ string: String, to text: inout String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}
