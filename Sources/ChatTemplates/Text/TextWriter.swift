/// Collects the text of a value under the limits of a rendering.
struct TextWriter {
    private(set) var bytes: [UInt8] = []
    private var depth = 0
    let renderer: Renderer

    init(_ renderer: Renderer) { self.renderer = renderer }

    mutating func write(_ text: String) throws(TemplateError) {
        bytes.append(contentsOf: text.utf8)
        try check()
    }

    mutating func write(_ text: PythonString) throws(TemplateError) {
        bytes.append(contentsOf: text.utf8)
        try check()
    }

    private func check() throws(TemplateError) {
        try renderer.charge(steps: 1)
        guard bytes.count <= renderer.limits.stringBytes else {
            throw TemplateError(.limit, "the text of a value has more than \(renderer.limits.stringBytes) bytes")
        }
    }

    /// Counts the nesting of what is written: objects such as namespaces may hold themselves.
    mutating func enter() throws(TemplateError) {
        depth += 1
        guard depth <= TemplateLimits.valueDepth * 2 else {
            throw TemplateError(.limit, "a value nested deeper than \(TemplateLimits.valueDepth * 2), or in itself")
        }
    }

    mutating func leave() { depth -= 1 }

    // MARK: Python's repr

    mutating func writeRepr(_ value: Value) throws(TemplateError) {
        switch value {
        case .undefined: try write("Undefined")
        case .string(let text):
            if text.isMarkup { try write("Markup(") }
            try writeQuoted(text)
            if text.isMarkup { try write(")") }
        case .list(let storage): try writeItems(storage.items, "[", "]")
        case .tuple(let storage): try writeItems(storage.items, "(", storage.items.count == 1 ? ",)" : ")")
        case .dict(let storage): try writeDict(storage)
        case .object(let object as NamespaceObject):
            try enter()
            try write("<Namespace ")
            try writeDict(try object.snapshot())
            try write(">")
            leave()
        case .object(let object as DictViewObject):
            try write(object.typeName.description + "([")
            try writeSequence(try renderer.items(of: value))
            try write("])")
        default: try write(try renderer.text(of: value))
        }
    }

    private mutating func writeItems(_ items: [Value], _ open: String, _ close: String) throws(TemplateError) {
        try enter()
        try write(open)
        try writeSequence(items)
        try write(close)
        leave()
    }

    private mutating func writeSequence(_ items: [Value]) throws(TemplateError) {
        for (place, item) in items.enumerated() {
            if place > 0 { try write(", ") }
            try writeRepr(item)
        }
    }

    private mutating func writeDict(_ storage: DictStorage) throws(TemplateError) {
        try enter()
        try write("{")
        for (place, entry) in storage.entries.enumerated() {
            if place > 0 { try write(", ") }
            try writeRepr(entry.shown)
            try write(": ")
            try writeRepr(entry.value)
        }
        try write("}")
        leave()
    }

    /// A string in quotes: single ones unless it has one and no double one; what is not printable as an escape.
    mutating func writeQuoted(_ text: PythonString) throws(TemplateError) {
        try renderer.charge(scanning: text)
        let single = UInt8(ascii: "'")
        let quote = text.utf8.contains(single) && !text.utf8.contains(UInt8(ascii: "\"")) ? UInt8(ascii: "\"") : single
        bytes.append(quote)
        for scalar in text.scalars {
            switch scalar {
            case "\\": bytes.append(contentsOf: "\\\\".utf8)
            case "\n": bytes.append(contentsOf: "\\n".utf8)
            case "\r": bytes.append(contentsOf: "\\r".utf8)
            case "\t": bytes.append(contentsOf: "\\t".utf8)
            case _ where scalar.value == UInt32(quote):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(quote)
            case _ where Printable.contains(scalar): bytes.append(scalar)
            default: bytes.append(contentsOf: Self.escape(scalar).utf8)
            }
        }
        bytes.append(quote)
        try check()
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
        return "\\" + letter + String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// Python's `str.isprintable` for one character, by the Unicode version of Python 3.11.
enum Printable {
    static func contains(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x7F { return scalar.value >= 0x20 }
        let properties = scalar.properties
        switch properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
            .spaceSeparator:
            return false
        default:
            guard let age = properties.age else { return false }
            return age.major <= 14
        }
    }
}

extension Renderer {
    /// `str()` of a value.
    func text(of value: Value) throws(TemplateError) -> PythonString {
        switch value {
        case .undefined: return .empty
        case .none: return "None"
        case .bool(let value): return value ? "True" : "False"
        case .int(let value): return PythonString(String(value))
        case .largeInteger(let digits): return digits
        case .float(let value): return PythonString(FloatText.repr(value))
        case .string(let text): return text
        case .object(let object) where !(object is NamespaceObject || object is DictViewObject):
            guard let text = try object.text(self) else {
                throw TemplateError(
                    .unsupported, "the text of a \(object.typeName) is an address in Python, which no template can mean"
                )
            }
            return text
        case .list, .tuple, .dict, .object: return try repr(value)
        }
    }

    /// `repr()` of a value.
    func repr(_ value: Value) throws(TemplateError) -> PythonString {
        var writer = TextWriter(self)
        try writer.writeRepr(value)
        try charge(stringOf: writer.bytes.count)
        return PythonString(utf8: writer.bytes)
    }

    /// Text with HTML's five characters as entities, marked; marked text stays as it is.
    func escaped(_ text: PythonString) throws(TemplateError) -> PythonString {
        if text.isMarkup { return text }
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "&"): bytes.append(contentsOf: "&amp;".utf8)
            case UInt8(ascii: "<"): bytes.append(contentsOf: "&lt;".utf8)
            case UInt8(ascii: ">"): bytes.append(contentsOf: "&gt;".utf8)
            case UInt8(ascii: "\""): bytes.append(contentsOf: "&#34;".utf8)
            case UInt8(ascii: "'"): bytes.append(contentsOf: "&#39;".utf8)
            default: bytes.append(byte)
            }
        }
        try charge(scanning: text)
        try charge(stringOf: bytes.count)
        return PythonString(utf8: bytes, isMarkup: true)
    }
}
