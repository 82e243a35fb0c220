import Foundation

extension Filters {
    static let numbers: [(String, Filter)] = [
        (
            "abs",
            { renderer, value, arguments throws(TemplateError) in
                _ = try arguments.bind("abs", [])
                switch Number(value) {
                case .int(let number): return number < 0 ? try renderer.negate(.int(number)) : .int(number)
                case .float(let number): return .float(number.magnitude)
                case nil:
                    if case .undefined(let absence) = value { throw absence.error }
                    throw TemplateError(.type, "bad operand type for abs(): '\(value.typeName)'")
                }
            }
        ),
        ("int", toInteger),
        (
            "float",
            { renderer, value, arguments throws(TemplateError) in
                let standard = try arguments.bind("float", ["default"])[0] ?? .float(0)
                switch value {
                case .undefined(let absence): throw absence.error
                case .string(let text): return NumberText.float(text).map { .float($0) } ?? standard
                case .largeInteger(let digits): return NumberText.float(digits).map { .float($0) } ?? standard
                default: return Number(value).map { .float($0.double) } ?? standard
                }
            }
        ),
        ("round", round),
        ("default", standard), ("d", standard),
        ("filesizeformat", fileSize),
    ]

    private static let standard: Filter = { renderer, value, arguments throws(TemplateError) in
        let bound = try arguments.bind("default", ["default_value", "boolean"])
        if case .undefined = value { return bound[0] ?? .string(.empty) }
        if bound[1]?.isTrue ?? false, !value.isTrue { return bound[0] ?? .string(.empty) }
        return value
    }

    private static let toInteger: Filter = { renderer, value, arguments throws(TemplateError) in
        let bound = try arguments.bind("int", ["default", "base"])
        let standard = bound[0] ?? .int(0)
        switch value {
        case .undefined(let absence): throw absence.error
        case .int, .largeInteger: return value
        case .bool(let truth): return .int(truth ? 1 : 0)
        case .string(let text):
            try renderer.charge(scanning: text)
            let base = try renderer.integer(bound[1], "base", default: 10)
            if let number = try NumberText.integer(text, base: base) { return .int(number) }
            guard let float = NumberText.float(text), float.isFinite else { return standard }
            return .int(try whole(float))
        case .float(let float):
            // Python raises for infinity and falls back for what is no number.
            guard !float.isInfinite else { throw TemplateError(.value, "cannot convert float infinity to integer") }
            return float.isNaN ? standard : .int(try whole(float))
        default: return standard
        }
    }

    private static func whole(_ float: Double) throws(TemplateError) -> Int {
        guard let number = Int(exactly: float.rounded(.towardZero)) else {
            throw TemplateError(.unsupported, "whole numbers beyond 64 bits are not implemented")
        }
        return number
    }

    private static let round: Filter = { renderer, value, arguments throws(TemplateError) in
        let bound = try arguments.bind("round", ["precision", "method"])
        let precision = try renderer.integer(bound[0], "precision", default: 0)
        let method =
            try bound[1].map { method throws(TemplateError) in try renderer.string(method, "method") } ?? "common"
        guard method == "common" || method == "ceil" || method == "floor" else {
            throw TemplateError(.value, "method must be common, ceil or floor")
        }
        if case .undefined(let absence) = value { throw absence.error }
        guard let number = Number(value) else {
            throw TemplateError(.type, "type \(value.typeName) doesn't define __round__ method")
        }
        guard (-300...300).contains(precision) else { throw TemplateError(.limit, "a precision of \(precision)") }
        if method == "common" {
            switch number {
            case .int(let whole): return try rounded(whole, precision)
            case .float(let float): return .float(NumberText.rounded(float, precision))
            }
        }
        // Python: floor(value * 10**precision) / 10**precision, where a negative power of ten is a float.
        let scale = pow(10.0, Double(precision))
        let scaled = number.double * scale
        let result = (method == "ceil" ? scaled.rounded(.up) : scaled.rounded(.down)) / scale
        return .float(result == 0 ? 0 : result)
    }

    private static func rounded(_ whole: Int, _ precision: Int) throws(TemplateError) -> Value {
        guard precision < 0 else { return .int(whole) }
        guard precision > -19 else { return .int(0) }
        var unit = 1
        for _ in 0..<(-precision) { unit *= 10 }
        let remainder = ((whole % unit) + unit) % unit
        let (base, overflow) = whole.subtractingReportingOverflow(remainder)
        guard !overflow else { throw TemplateError(.unsupported, "rounding beyond 64 bits") }
        let isUp = remainder > unit - remainder || (remainder == unit - remainder && (base / unit) % 2 != 0)
        let (result, tooLarge) = base.addingReportingOverflow(isUp ? unit : 0)
        guard !tooLarge else { throw TemplateError(.unsupported, "rounding beyond 64 bits") }
        return .int(result)
    }

    private static let fileSize: Filter = { renderer, value, arguments throws(TemplateError) in
        let binary = try arguments.bind("filesizeformat", ["binary"])[0]?.isTrue ?? false
        let bytes: Double
        if case .string(let text) = value {
            guard let number = NumberText.float(text) else { throw TemplateError(.value, "not a number of bytes") }
            bytes = number
        } else {
            guard let number = Number(value) else { throw TemplateError(.type, "not a number of bytes") }
            bytes = number.double
        }
        let base = binary ? 1024.0 : 1000.0
        if bytes == 1 { return "1 Byte" }
        if bytes < base { return .text("\(try whole(bytes)) Bytes") }
        var unit = base
        let prefixes =
            binary
            ? ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"]
            : ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"]
        for (place, prefix) in prefixes.enumerated() {
            unit *= base
            if bytes < unit || place == prefixes.count - 1 {
                return .text(NumberText.fixed(base * bytes / unit, 1) + " " + prefix)
            }
        }
        return .none
    }
}

extension Value: ExpressibleByStringLiteral {
    init(stringLiteral value: StaticString) { self = .string(PythonString(stringLiteral: value)) }
}
