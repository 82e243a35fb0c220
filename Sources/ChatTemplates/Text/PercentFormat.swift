/// `text % values`: C's conversions as Python has them.
struct PercentFormat {
    private let renderer: Renderer
    private let format: [Unicode.Scalar]
    private let arguments: Value
    private let isMarkup: Bool
    private var place = 0
    private var used = 0
    private var usedNames = false
    private var output: [UInt8] = []

    private struct Conversion {
        var left = false
        var plus = false
        var blank = false
        var zero = false
        var alternate = false
        var width = 0
        var precision: Int?
    }

    init(_ format: PythonString, _ arguments: Value, _ renderer: Renderer) {
        self.renderer = renderer
        self.format = Array(format.scalars)
        self.arguments = arguments
        isMarkup = format.isMarkup
    }

    mutating func text() throws(TemplateError) -> PythonString {
        while place < format.count {
            let scalar = format[place]
            place += 1
            guard scalar == "%" else {
                output.append(scalar)
                continue
            }
            try convert()
            guard output.count <= renderer.limits.stringBytes else { break }
        }
        if !usedNames, used < count {
            throw TemplateError(.type, "not all arguments converted during string formatting")
        }
        try renderer.charge(stringOf: output.count)
        return PythonString(utf8: output, isMarkup: isMarkup)
    }

    private var count: Int {
        switch arguments {
        case .tuple(let storage): storage.items.count
        // A mapping need not be used at all, and neither what is indexed as one.
        case .dict, .list, .undefined: 0
        case .object(let object): object.isSequence ? 0 : 1
        default: 1
        }
    }

    private mutating func next() throws(TemplateError) -> Value {
        if case .tuple(let storage) = arguments {
            guard used < storage.items.count else {
                throw TemplateError(.type, "not enough arguments for format string")
            }
            used += 1
            return storage.items[used - 1]
        }
        guard used == 0 else { throw TemplateError(.type, "not enough arguments for format string") }
        used = 1
        return arguments
    }

    private func current() throws(TemplateError) -> Unicode.Scalar {
        guard place < format.count else { throw TemplateError(.value, "incomplete format") }
        return format[place]
    }

    private mutating func name() throws(TemplateError) -> Value {
        var depth = 1
        var name: [Unicode.Scalar] = []
        place += 1
        while true {
            let scalar = try current()
            place += 1
            if scalar == ")" { depth -= 1 }
            if scalar == "(" { depth += 1 }
            if depth == 0 { break }
            name.append(scalar)
        }
        guard case .dict(let storage) = arguments else { throw TemplateError(.type, "format requires a mapping") }
        usedNames = true
        guard let value = storage[PythonString(scalars: name)] else {
            throw TemplateError(.value, "format has no value for '\(PythonString(scalars: name).string)'")
        }
        return value
    }

    private mutating func number() throws(TemplateError) -> Int? {
        if try current() == "*" {
            place += 1
            return try renderer.integer(try next(), "* wants int")
        }
        var number: Int?
        while let digit = try current().properties.numericType == .decimal ? Int(String(current())) : nil {
            number = (number ?? 0) * 10 + digit
            guard (number ?? 0) <= renderer.limits.stringBytes else { throw TemplateError(.limit, "width too big") }
            place += 1
        }
        return number
    }

    private mutating func convert() throws(TemplateError) {
        var conversion = Conversion()
        var named: Value?
        if try current() == "(" { named = try name() }
        flags: while true {
            switch try current() {
            case "-": conversion.left = true
            case "+": conversion.plus = true
            case " ": conversion.blank = true
            case "0": conversion.zero = true
            case "#": conversion.alternate = true
            default: break flags
            }
            place += 1
        }
        if let width = try number() {
            if width < 0 { conversion.left = true }
            conversion.width = Int(clamping: width.magnitude)
        }
        if try current() == "." {
            place += 1
            conversion.precision = max(0, try number() ?? 0)
        }
        while "hlL".unicodeScalars.contains(try current()) { place += 1 }
        let letter = try current()
        place += 1
        if letter == "%" {
            output.append(letter)
            return
        }
        let value: Value
        if let named { value = named } else { value = try next() }
        try write(value, Character(letter), conversion)
    }

    private mutating func write(
        _ value: Value, _ letter: Character, _ conversion: Conversion
    ) throws(TemplateError) {
        switch letter {
        case "s", "r", "a":
            if letter == "a" { throw TemplateError(.unsupported, "the conversion %a is not implemented") }
            var text = letter == "s" ? try renderer.text(of: value) : try renderer.repr(value)
            if isMarkup { text = try renderer.escaped(text) }
            if let precision = conversion.precision { text = text.slice(0, min(precision, text.count)) }
            try pad(text, conversion)
        case "c":
            guard case .string(let text) = value, text.count == 1 else {
                if case .int(let code) = value, let scalar = UInt32(exactly: code).flatMap(Unicode.Scalar.init) {
                    return try pad(PythonString(scalars: [scalar]), conversion)
                }
                throw TemplateError(.type, "%c requires int or char")
            }
            try pad(text, conversion)
        case "d", "i", "u", "x", "X", "o": try writeWhole(value, letter, conversion)
        case "e", "E", "f", "F", "g", "G":
            let precision = conversion.precision ?? 6
            guard precision <= 1000 else { throw TemplateError(.limit, "a precision of \(precision)") }
            if case .undefined(let absence) = value { throw absence.error }
            guard let number = Number(value) else {
                throw TemplateError(.type, "must be real number, not \(value.typeName)")
            }
            let text = NumberText.formatted(
                number.double, letter, precision: precision, alternate: conversion.alternate)
            try writeSigned(text, prefix: "", conversion)
        default: throw TemplateError(.value, "unsupported format character '\(letter)'")
        }
    }

    private mutating func writeWhole(
        _ value: Value, _ letter: Character, _ conversion: Conversion
    ) throws(TemplateError) {
        let whole: Int
        switch value {
        case .int(let number): whole = number
        case .bool(let truth): whole = truth ? 1 : 0
        case .float(let float) where "diu".contains(letter):
            guard let number = Int(exactly: float.rounded(.towardZero)) else {
                throw TemplateError(.unsupported, "whole numbers beyond 64 bits are not implemented")
            }
            whole = number
        case .undefined(let absence): throw absence.error
        default: throw TemplateError(.type, "%\(letter) format: a real number is required, not \(value.typeName)")
        }
        let radix = letter == "x" || letter == "X" ? 16 : letter == "o" ? 8 : 10
        var digits = String(whole.magnitude, radix: radix, uppercase: letter == "X")
        if let precision = conversion.precision, precision > digits.count {
            guard precision <= 1000 else { throw TemplateError(.limit, "a precision of \(precision)") }
            digits = String(repeating: "0", count: precision - digits.count) + digits
        }
        let prefix = conversion.alternate && radix != 10 ? "0\(letter)" : ""
        try writeSigned((whole < 0 ? "-" : "") + digits, prefix: prefix, conversion)
    }

    private mutating func writeSigned(
        _ text: String, prefix: String, _ conversion: Conversion
    ) throws(TemplateError) {
        let isNegative = text.hasPrefix("-")
        let sign = isNegative ? "-" : conversion.plus ? "+" : conversion.blank ? " " : ""
        let digits = isNegative ? text.dropFirst() : text[...]
        var middle = ""
        if conversion.zero, !conversion.left {
            let missing = conversion.width - sign.count - prefix.count - digits.count
            if missing > 0 {
                try renderer.charge(stringOf: missing)
                middle = String(repeating: "0", count: missing)
            }
        }
        try pad(PythonString(sign + prefix + middle + digits), conversion)
    }

    private mutating func pad(_ text: PythonString, _ conversion: Conversion) throws(TemplateError) {
        let padded = try StringMethods.pad(renderer, text, conversion.width, " ", conversion.left ? .left : .right)
        output.append(contentsOf: padded.utf8)
    }
}

extension Renderer {
    /// `format % arguments`.
    func percentFormat(_ format: PythonString, _ arguments: Value) throws(TemplateError) -> Value {
        try charge(scanning: format)
        var formatter = PercentFormat(format, arguments, self)
        return .string(try formatter.text())
    }
}
