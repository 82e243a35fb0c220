import Foundation

/// A number as arithmetic sees it: `true` is 1.
enum Number {
    case int(Int)
    case float(Double)

    init?(_ value: Value) {
        switch value {
        case .int(let value): self = .int(value)
        case .bool(let value): self = .int(value ? 1 : 0)
        case .float(let value): self = .float(value)
        default: return nil
        }
    }

    var double: Double {
        switch self {
        case .int(let value): Double(value)
        case .float(let value): value
        }
    }
}

extension Renderer {
    private func mismatch(_ symbol: String, _ left: Value, _ right: Value) -> TemplateError {
        for value in [left, right] {
            if case .undefined(let absence) = value { return absence.error }
            if case .largeInteger = value {
                return TemplateError(.unsupported, "arithmetic with whole numbers beyond 64 bits is not implemented")
            }
        }
        return TemplateError(
            .type, "unsupported operand type(s) for \(symbol): '\(left.typeName)' and '\(right.typeName)'")
    }

    func apply(_ binary: BinaryOperator, _ left: Value, _ right: Value) throws(TemplateError) -> Value {
        switch binary {
        case .add: return try add(left, right)
        case .multiply: return try multiply(left, right)
        case .modulo:
            if case .string(let format) = left { return try percentFormat(format, right) }
        default: break
        }
        guard let first = Number(left), let second = Number(right) else { throw mismatch(binary.rawValue, left, right) }
        return switch binary {
        case .subtract: try arithmetic(first, second, -) { $0.subtractingReportingOverflow($1) }
        case .divide: try divide(first, second)
        case .floorDivide: try floorDivide(first, second)
        case .modulo: try modulo(first, second)
        case .power: try power(first, second)
        case .add, .multiply: throw mismatch(binary.rawValue, left, right)
        }
    }

    private func arithmetic(
        _ left: Number, _ right: Number, _ floating: (Double, Double) -> Double,
        _ whole: (Int, Int) -> (partialValue: Int, overflow: Bool)
    ) throws(TemplateError) -> Value {
        guard case .int(let first) = left, case .int(let second) = right else {
            return .float(floating(left.double, right.double))
        }
        return .int(try checked(whole(first, second)))
    }

    private func checked(_ result: (partialValue: Int, overflow: Bool)) throws(TemplateError) -> Int {
        guard !result.overflow else {
            throw TemplateError(.unsupported, "whole numbers beyond 64 bits are not implemented")
        }
        return result.partialValue
    }

    private func add(_ left: Value, _ right: Value) throws(TemplateError) -> Value {
        switch (left, right) {
        case (.string(let first), .string(let second)):
            try charge(stringOf: first.utf8.count + second.utf8.count)
            if first.isMarkup == second.isMarkup { return .string(first + second) }
            return .string((try escaped(first) + escaped(second)).marked(true))
        case (.list(let first), .list(let second)):
            try charge(listOf: first.items.count + second.items.count)
            return try .list(of: first.items + second.items)
        case (.tuple(let first), .tuple(let second)):
            try charge(listOf: first.items.count + second.items.count)
            return try .tuple(of: first.items + second.items)
        default:
            guard let first = Number(left), let second = Number(right) else { throw mismatch("+", left, right) }
            return try arithmetic(first, second, +) { $0.addingReportingOverflow($1) }
        }
    }

    private func multiply(_ left: Value, _ right: Value) throws(TemplateError) -> Value {
        if let first = Number(left), let second = Number(right) {
            return try arithmetic(first, second, *) { $0.multipliedReportingOverflow(by: $1) }
        }
        if case .int(let times)? = Number(right), let result = try repeated(left, times) { return result }
        if case .int(let times)? = Number(left), let result = try repeated(right, times) { return result }
        throw mismatch("*", left, right)
    }

    private func repeated(_ value: Value, _ times: Int) throws(TemplateError) -> Value? {
        let times = max(times, 0)
        switch value {
        case .string(let text):
            let (bytes, overflow) = text.utf8.count.multipliedReportingOverflow(by: times)
            try charge(stringOf: overflow ? .max : bytes)
            var repeated: [UInt8] = []
            repeated.reserveCapacity(bytes)
            for _ in 0..<(text.isEmpty ? 0 : times) { repeated.append(contentsOf: text.utf8) }
            return .string(PythonString(utf8: repeated, count: text.count * times, isMarkup: text.isMarkup))
        case .list(let storage): return try .list(of: try repeated(storage.items, times))
        case .tuple(let storage): return try .tuple(of: try repeated(storage.items, times))
        default: return nil
        }
    }

    private func repeated(_ items: [Value], _ times: Int) throws(TemplateError) -> [Value] {
        let (count, overflow) = items.count.multipliedReportingOverflow(by: times)
        try charge(listOf: overflow ? .max : count)
        return items.isEmpty ? [] : Array(repeatElement(items, count: times).joined())
    }

    private func divide(_ left: Number, _ right: Number) throws(TemplateError) -> Value {
        guard right.double != 0 else { throw TemplateError(.value, "division by zero") }
        return .float(left.double / right.double)
    }

    private func floorDivide(_ left: Number, _ right: Number) throws(TemplateError) -> Value {
        if case .int(let first) = left, case .int(let second) = right {
            guard second != 0 else { throw TemplateError(.value, "integer division or modulo by zero") }
            let quotient = try checked(first.dividedReportingOverflow(by: second))
            let exact = first % second == 0 || (first < 0) == (second < 0)
            return .int(exact ? quotient : quotient - 1)
        }
        guard right.double != 0 else { throw TemplateError(.value, "float floor division by zero") }
        return .float(Self.divideAndRemainder(left.double, right.double).quotient)
    }

    private func modulo(_ left: Number, _ right: Number) throws(TemplateError) -> Value {
        if case .int(let first) = left, case .int(let second) = right {
            guard second != 0 else { throw TemplateError(.value, "integer modulo by zero") }
            let remainder = second == -1 ? 0 : first % second
            return .int(remainder != 0 && (remainder < 0) != (second < 0) ? remainder + second : remainder)
        }
        guard right.double != 0 else { throw TemplateError(.value, "float modulo") }
        return .float(Self.divideAndRemainder(left.double, right.double).remainder)
    }

    /// Quotient rounded to minus infinity and the remainder with the sign of the divisor, as Python's `divmod`.
    private static func divideAndRemainder(_ left: Double, _ right: Double) -> (quotient: Double, remainder: Double) {
        var remainder = left.truncatingRemainder(dividingBy: right)
        var quotient = (left - remainder) / right
        if remainder != 0 {
            if (right < 0) != (remainder < 0) {
                remainder += right
                quotient -= 1
            }
        } else {
            remainder = right < 0 ? -0.0 : 0.0
        }
        if quotient != 0 {
            let floored = quotient.rounded(.down)
            quotient = quotient - floored > 0.5 ? floored + 1 : floored
        } else {
            quotient = (left < 0) != (right < 0) ? -0.0 : 0.0
        }
        return (quotient, remainder)
    }

    private func power(_ base: Number, _ exponent: Number) throws(TemplateError) -> Value {
        if case .int(let base) = base, case .int(let exponent) = exponent, exponent >= 0 {
            var result = 1
            var square = base
            var left = exponent
            while left > 0 {
                if left & 1 == 1 { result = try checked(result.multipliedReportingOverflow(by: square)) }
                left >>= 1
                if left > 0, !(square == 0 || square == 1 || square == -1) {
                    square = try checked(square.multipliedReportingOverflow(by: square))
                } else if left > 0, square == -1 {
                    square = 1
                }
            }
            return .int(result)
        }
        guard base.double != 0 || exponent.double >= 0 else {
            throw TemplateError(.value, "0.0 cannot be raised to a negative power")
        }
        let result = pow(base.double, exponent.double)
        guard !result.isNaN || base.double.isNaN || exponent.double.isNaN else {
            throw TemplateError(.unsupported, "complex numbers are not implemented")
        }
        guard result.isFinite || !base.double.isFinite || !exponent.double.isFinite else {
            throw TemplateError(.value, "the result of ** is too large")
        }
        return .float(result)
    }

    func negate(_ value: Value) throws(TemplateError) -> Value {
        if case .undefined(let absence) = value { throw absence.error }
        switch Number(value) {
        case .int(let number): return .int(try checked((0).subtractingReportingOverflow(number)))
        case .float(let number): return .float(-number)
        case nil: throw TemplateError(.type, "bad operand type for unary -: '\(value.typeName)'")
        }
    }

    func plus(_ value: Value) throws(TemplateError) -> Value {
        if case .undefined(let absence) = value { throw absence.error }
        switch Number(value) {
        case .int(let number): return .int(number)
        case .float: return value
        case nil: throw TemplateError(.type, "bad operand type for unary +: '\(value.typeName)'")
        }
    }
}
