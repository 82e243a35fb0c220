/// `text.format(…)`: replacement fields in braces, with the sandbox's access to attributes and items.
struct BraceFormat {
    private let renderer: Renderer
    private let arguments: CallArguments
    private let isMarkup: Bool
    private var automatic: Int?
    private var isManual = false

    init(_ renderer: Renderer, _ arguments: CallArguments, isMarkup: Bool) {
        self.renderer = renderer
        self.arguments = arguments
        self.isMarkup = isMarkup
    }

    mutating func text(of format: [Unicode.Scalar], depth: Int) throws(TemplateError) -> PythonString {
        guard depth <= 2 else { throw TemplateError(.value, "Max string recursion exceeded") }
        var output: [UInt8] = []
        var place = 0
        while place < format.count {
            let scalar = format[place]
            let next = place + 1 < format.count ? format[place + 1] : nil
            if scalar == "{" || scalar == "}" {
                if next == scalar {
                    output.append(scalar)
                    place += 2
                    continue
                }
                guard scalar == "{" else { throw TemplateError(.value, "Single '}' encountered in format string") }
                guard let end = Self.fieldEnd(format, from: place + 1) else {
                    throw TemplateError(.value, "expected '}' before end of string")
                }
                output.append(contentsOf: try field(Array(format[(place + 1)..<end]), depth: depth).utf8)
                guard output.count <= renderer.limits.stringBytes else { break }
                place = end + 1
            } else {
                output.append(scalar)
                place += 1
            }
        }
        try renderer.charge(stringOf: output.count)
        return PythonString(utf8: output)
    }

    private static func fieldEnd(_ format: [Unicode.Scalar], from start: Int) -> Int? {
        var depth = 1
        for place in start..<format.count {
            if format[place] == "{" { depth += 1 }
            if format[place] == "}" { depth -= 1 }
            if depth == 0 { return place }
        }
        return nil
    }

    /// `name!conversion:specification`.
    private mutating func field(_ field: [Unicode.Scalar], depth: Int) throws(TemplateError) -> PythonString {
        try renderer.charge(steps: 1)
        var nameEnd = field.startIndex
        var bracket = false
        while nameEnd < field.endIndex {
            let scalar = field[nameEnd]
            if scalar == "[" { bracket = true }
            if scalar == "]" { bracket = false }
            if !bracket, scalar == "!" || scalar == ":" { break }
            nameEnd += 1
        }
        var value = try self.value(of: field[..<nameEnd])
        var rest = field[nameEnd...]
        if rest.first == "!" {
            guard rest.count > 1 else { throw TemplateError(.value, "end of string while looking for conversion") }
            switch rest[rest.startIndex + 1] {
            case "s": value = .string(try renderer.text(of: value))
            case "r": value = .string(try renderer.repr(value))
            default: throw TemplateError(.unsupported, "a conversion other than !s and !r is not implemented")
            }
            rest = rest.dropFirst(2)
            guard rest.isEmpty || rest.first == ":" else {
                throw TemplateError(.value, "expected ':' after conversion specifier")
            }
        }
        let specification = try text(of: Array(rest.dropFirst()), depth: depth + 1)
        return try formatted(value, specification)
    }

    private func formatted(_ value: Value, _ specification: PythonString) throws(TemplateError) -> PythonString {
        var text: PythonString
        if case .string(let string) = value, isMarkup, string.isMarkup {
            guard specification.isEmpty else {
                throw TemplateError(.value, "Unsupported format specification for Markup.")
            }
            return string
        }
        if specification.isEmpty {
            text = try renderer.text(of: value)
        } else if case .undefined = value {
            throw TemplateError(.type, "unsupported format string passed to Undefined.__format__")
        } else {
            text = try FormatSpecification(specification).text(of: value, renderer)
        }
        if isMarkup { text = try renderer.escaped(text.marked(false)) }
        return text
    }

    /// The argument of a field name such as `0`, `name`, `0.attribute[item]`.
    private mutating func value(of name: ArraySlice<Unicode.Scalar>) throws(TemplateError) -> Value {
        let first = name.prefix { $0 != "." && $0 != "[" }
        var value = try argument(PythonString(scalars: first))
        var rest = name.dropFirst(first.count)
        while let mark = rest.popFirst() {
            if mark == "." {
                let attribute = rest.prefix { $0 != "." && $0 != "[" }
                guard !attribute.isEmpty else { throw TemplateError(.value, "Empty attribute in format string") }
                value = try renderer.attribute(PythonString(scalars: attribute), of: value)
                rest = rest.dropFirst(attribute.count)
            } else if mark == "[" {
                let item = rest.prefix { $0 != "]" }
                rest = rest.dropFirst(item.count)
                guard rest.popFirst() == "]", !item.isEmpty else {
                    throw TemplateError(.value, "Missing ']' in format string")
                }
                let text = PythonString(scalars: item)
                value = try renderer.item(Self.index(text).map { .int($0) } ?? .string(text), of: value)
            } else {
                throw TemplateError(.value, "Only '.' or '[' may follow ']' in format field specifier")
            }
        }
        return value
    }

    private static func index(_ text: PythonString) -> Int? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(text.string)
    }

    private mutating func argument(_ name: PythonString) throws(TemplateError) -> Value {
        var place = Self.index(name)
        if name.isEmpty {
            guard !isManual else {
                throw TemplateError(.value, "cannot switch from manual to automatic field numbering")
            }
            place = automatic ?? 0
            automatic = (automatic ?? 0) + 1
        } else if place != nil {
            guard automatic == nil else {
                throw TemplateError(.value, "cannot switch from automatic to manual field numbering")
            }
            isManual = true
        }
        if let place {
            guard arguments.positional.indices.contains(place) else {
                throw TemplateError(.value, "Replacement index \(place) out of range")
            }
            return arguments.positional[place]
        }
        guard let value = arguments.keywords.first(where: { $0.name == name })?.value else {
            throw TemplateError(.value, "no argument named '\(name.string)'")
        }
        return value
    }
}

extension Renderer {
    /// `format.format(…)`.
    func format(_ format: PythonString, _ arguments: CallArguments) throws(TemplateError) -> PythonString {
        try charge(steps: format.utf8.count)
        var formatter = BraceFormat(self, arguments, isMarkup: format.isMarkup)
        return try formatter.text(of: Array(format.scalars), depth: 0).marked(format.isMarkup)
    }
}
