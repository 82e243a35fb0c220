/// The part behind the colon of a replacement field: `[[fill]align][sign][#][0][width][,][.precision][type]`.
struct FormatSpecification {
    private var fill: Unicode.Scalar = " "
    private var alignment: Unicode.Scalar?
    private var sign: Unicode.Scalar = "-"
    private var alternate = false
    private var width = 0
    private var grouping: Unicode.Scalar?
    private var precision: Int?
    private var type: Unicode.Scalar?

    init(_ text: PythonString) throws(TemplateError) {
        var scalars = ArraySlice(text.scalars)
        let aligns: [Unicode.Scalar] = ["<", ">", "^", "="]
        if scalars.count > 1, aligns.contains(scalars[1]) {
            fill = scalars[0]
            alignment = scalars[1]
            scalars = scalars.dropFirst(2)
        } else if let first = scalars.first, aligns.contains(first) {
            alignment = first
            scalars.removeFirst()
        }
        if let first = scalars.first, first == "+" || first == "-" || first == " " { sign = scalars.removeFirst() }
        if scalars.first == "#" {
            alternate = true
            scalars.removeFirst()
        }
        if scalars.first == "0" {
            scalars.removeFirst()
            if alignment == nil {
                alignment = "="
                fill = "0"
            }
        }
        width = try Self.number(&scalars) ?? 0
        if let first = scalars.first, first == "," || first == "_" { grouping = scalars.removeFirst() }
        if scalars.first == "." {
            scalars.removeFirst()
            guard let number = try Self.number(&scalars) else {
                throw TemplateError(.value, "Format specifier missing precision")
            }
            precision = number
        }
        type = scalars.popFirst()
        guard scalars.isEmpty else { throw TemplateError(.value, "Invalid format specifier '\(text.string)'") }
    }

    private static func number(_ scalars: inout ArraySlice<Unicode.Scalar>) throws(TemplateError) -> Int? {
        var number: Int?
        while let first = scalars.first, (0x30...0x39).contains(first.value) {
            number = (number ?? 0) * 10 + Int(first.value - 0x30)
            guard (number ?? 0) < 1 << 31 else { throw TemplateError(.limit, "too many digits in a format") }
            scalars.removeFirst()
        }
        return number
    }

    func text(of value: Value, _ renderer: Renderer) throws(TemplateError) -> PythonString {
        switch value {
        case .string(let text): return try self.text(ofString: text, renderer)
        case .int(let number): return try self.text(of: number, renderer)
        case .bool(let truth): return try self.text(of: truth ? 1 : 0, renderer)
        case .float(let number): return try self.text(of: number, type, renderer)
        default:
            throw TemplateError(.type, "unsupported format string passed to \(value.typeName).__format__")
        }
    }

    private func text(ofString text: PythonString, _ renderer: Renderer) throws(TemplateError) -> PythonString {
        guard type == nil || type == "s" else {
            throw TemplateError(.value, "Unknown format code for object of type 'str'")
        }
        guard alignment != "=" || fill == "0", sign == "-", !alternate, grouping == nil else {
            throw TemplateError(.value, "a format of numbers given to a string")
        }
        let cut = precision.map { text.slice(0, min($0, text.count)) } ?? text
        return try pad(cut.marked(false), standard: alignment == "=" ? "<" : "<", renderer)
    }

    private func text(of number: Int, _ renderer: Renderer) throws(TemplateError) -> PythonString {
        switch type {
        case nil, "d", "b", "o", "x", "X":
            guard precision == nil else {
                throw TemplateError(.value, "Precision not allowed in integer format specifier")
            }
            let radix = type == "b" ? 2 : type == "o" ? 8 : type == "x" || type == "X" ? 16 : 10
            let digits = String(number.magnitude, radix: radix, uppercase: type == "X")
            let prefix = alternate && radix != 10 ? "0" + (type.map(String.init) ?? "") : ""
            return try finish(digits, "", prefix: prefix, isNegative: number < 0, group: radix == 10 ? 3 : 4, renderer)
        case "c":
            guard let scalar = UInt32(exactly: number).flatMap(Unicode.Scalar.init) else {
                throw TemplateError(.value, "%c arg not in range(0x110000)")
            }
            return try pad(PythonString(scalars: [scalar]), standard: "<", renderer)
        default: return try text(of: Double(number), type, renderer)
        }
    }

    private func text(
        of number: Double, _ type: Unicode.Scalar?, _ renderer: Renderer
    ) throws(TemplateError) -> PythonString {
        guard (precision ?? 0) <= 1000 else { throw TemplateError(.limit, "a precision of \(precision ?? 0)") }
        let magnitude = number.magnitude
        var text: String
        switch type {
        case nil:
            guard precision == nil else {
                throw TemplateError(.unsupported, "a float with precision and no type is not implemented")
            }
            text = FloatText.repr(magnitude)
        case "%":
            text = NumberText.formatted(magnitude * 100, "f", precision: precision ?? 6, alternate: alternate) + "%"
        case "e", "E", "f", "F", "g", "G":
            let letter = type.map { Character($0) } ?? "g"
            text = NumberText.formatted(magnitude, letter, precision: precision ?? 6, alternate: alternate)
        default: throw TemplateError(.value, "Unknown format code for object of type 'float'")
        }
        let whole = text.prefix { $0.isNumber }
        let rest = text.dropFirst(whole.count)
        return try finish(
            String(whole), String(rest), prefix: "", isNegative: number.sign == .minus, group: 3, renderer)
    }

    private func finish(
        _ digits: String, _ rest: String, prefix: String, isNegative: Bool, group: Int, _ renderer: Renderer
    ) throws(TemplateError) -> PythonString {
        let sign = isNegative ? "-" : self.sign == "-" ? "" : String(self.sign)
        var digits = digits
        if let grouping {
            guard !(alignment == "=" && fill == "0" && width > 0) else {
                throw TemplateError(.unsupported, "zeros before grouped digits are not implemented")
            }
            var grouped = ""
            for (place, digit) in digits.enumerated() {
                if place > 0, (digits.count - place) % group == 0 { grouped.unicodeScalars.append(grouping) }
                grouped.append(digit)
            }
            digits = grouped
        }
        let head = sign + prefix
        if alignment == "=" {
            let body = PythonString(digits + rest)
            let filled = try StringMethods.pad(
                renderer, body, width - head.count, PythonString(scalars: [fill]), .right)
            return PythonString(head) + filled
        }
        return try pad(PythonString(head + digits + rest), standard: ">", renderer)
    }

    private func pad(
        _ text: PythonString, standard: Unicode.Scalar, _ renderer: Renderer
    ) throws(TemplateError) -> PythonString {
        let alignment = self.alignment == "=" ? standard : self.alignment ?? standard
        let fill = PythonString(scalars: [fill])
        guard alignment == "^" else {
            return try StringMethods.pad(renderer, text, width, fill, alignment == ">" ? .right : .left)
        }
        // Unlike the method `center`, a format puts the odd one right.
        let missing = max(0, width - text.count)
        let left = try StringMethods.pad(renderer, text, text.count + missing / 2, fill, .right)
        return try StringMethods.pad(renderer, left, max(width, text.count), fill, .left)
    }
}
