/// Writes a value as Python's `json.dumps` does.
struct JSONWriter {
    var keepsUnicode = true
    /// What one level is indented by; nil writes everything on one line.
    var indent: PythonString?
    var itemSeparator: PythonString = ", "
    var keySeparator: PythonString = ": "
    var sortsKeys = false

    func text(of value: Value, _ renderer: Renderer) throws(TemplateError) -> PythonString {
        var writer = TextWriter(renderer)
        try write(value, level: 0, to: &writer)
        try renderer.charge(stringOf: writer.bytes.count)
        return PythonString(utf8: writer.bytes)
    }

    private func write(_ value: Value, level: Int, to writer: inout TextWriter) throws(TemplateError) {
        switch value {
        case .none: try writer.write("null")
        case .bool(let value): try writer.write(value ? "true" : "false")
        case .int(let value): try writer.write(String(value))
        case .largeInteger(let digits): try writer.write(digits)
        case .float(let value): try writer.write(Self.text(of: value))
        case .string(let text): try write(text, to: &writer)
        case .list(let storage), .tuple(let storage): try write(storage.items, level: level, to: &writer)
        case .dict(let storage): try write(storage, level: level, to: &writer)
        case .undefined, .object:
            throw TemplateError(.type, "Object of type \(value.typeName) is not JSON serializable")
        }
    }

    private static func text(of value: Double) -> String {
        value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : FloatText.repr(value)
    }

    private func writeLine(level: Int, to writer: inout TextWriter) throws(TemplateError) {
        guard let indent else { return }
        try writer.write("\n")
        for _ in 0..<level { try writer.write(indent) }
    }

    private func write(_ items: [Value], level: Int, to writer: inout TextWriter) throws(TemplateError) {
        guard !items.isEmpty else { return try writer.write("[]") }
        try writer.write("[")
        for (place, item) in items.enumerated() {
            if place > 0 { try writer.write(itemSeparator) }
            try writeLine(level: level + 1, to: &writer)
            try write(item, level: level + 1, to: &writer)
        }
        try writeLine(level: level, to: &writer)
        try writer.write("]")
    }

    private func write(_ storage: DictStorage, level: Int, to writer: inout TextWriter) throws(TemplateError) {
        guard !storage.entries.isEmpty else { return try writer.write("{}") }
        var entries = storage.entries
        if sortsKeys {
            let order = try writer.renderer.sorted(entries.map(\.shown))
            entries = order.map { entries[$0] }
        }
        try writer.write("{")
        for (place, entry) in entries.enumerated() {
            if place > 0 { try writer.write(itemSeparator) }
            try writeLine(level: level + 1, to: &writer)
            try write(try Self.name(entry.shown), to: &writer)
            try writer.write(keySeparator)
            try write(entry.value, level: level + 1, to: &writer)
        }
        try writeLine(level: level, to: &writer)
        try writer.write("}")
    }

    /// A key: numbers, booleans and none become strings.
    private static func name(_ key: Value) throws(TemplateError) -> PythonString {
        switch key {
        case .string(let text): return text
        case .none: return "null"
        case .bool(let value): return value ? "true" : "false"
        case .int(let value): return PythonString(String(value))
        case .largeInteger(let digits): return digits
        case .float(let value): return PythonString(text(of: value))
        default:
            throw TemplateError(.type, "keys must be str, int, float, bool or None, not \(key.typeName)")
        }
    }

    private func write(_ text: PythonString, to writer: inout TextWriter) throws(TemplateError) {
        try writer.renderer.charge(scanning: text)
        var bytes: [UInt8] = [UInt8(ascii: "\"")]
        bytes.reserveCapacity(text.utf8.count + 2)
        if keepsUnicode {
            for byte in text.utf8 { Self.append(byte, to: &bytes) }
        } else {
            for scalar in text.scalars {
                if scalar.value < 0x7F {
                    Self.append(UInt8(truncatingIfNeeded: scalar.value), to: &bytes)
                } else {
                    for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
                        Self.appendEscape(unit, to: &bytes)
                    }
                }
            }
        }
        bytes.append(UInt8(ascii: "\""))
        try writer.write(PythonString(utf8: bytes, count: text.count))
    }

    private static func append(_ byte: UInt8, to bytes: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "\""): bytes.append(contentsOf: "\\\"".utf8)
        case UInt8(ascii: "\\"): bytes.append(contentsOf: "\\\\".utf8)
        case 0x08: bytes.append(contentsOf: "\\b".utf8)
        case 0x0C: bytes.append(contentsOf: "\\f".utf8)
        case 0x0A: bytes.append(contentsOf: "\\n".utf8)
        case 0x0D: bytes.append(contentsOf: "\\r".utf8)
        case 0x09: bytes.append(contentsOf: "\\t".utf8)
        case 0..<0x20: appendEscape(UInt16(byte), to: &bytes)
        default: bytes.append(byte)
        }
    }

    private static func appendEscape(_ unit: UInt16, to bytes: inout [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        bytes.append(contentsOf: "\\u".utf8)
        for shift in stride(from: 12, through: 0, by: -4) { bytes.append(digits[Int(unit >> UInt16(shift) & 0xF)]) }
    }
}
