import Foundation

/// Numbers from and to text as Python's `int`, `float`, `round` and formats do it.
enum NumberText {
    /// Decimal digits of any script as ASCII, without white space at the ends; nil for anything else outside ASCII.
    private static func plain(_ text: PythonString) -> String? {
        var plain = ""
        for scalar in text.scalars {
            if scalar.isASCII {
                plain.unicodeScalars.append(scalar)
            } else if Whitespace.contains(scalar) {
                plain += " "
            } else if CharacterClass.isDecimal(scalar), let value = scalar.properties.numericValue {
                plain += String(Int(value))
            } else {
                return nil
            }
        }
        let ends: (Unicode.Scalar) -> Bool = { Whitespace.contains($0) }
        let scalars = plain.unicodeScalars.drop(while: ends)
        guard let last = scalars.lastIndex(where: { !Whitespace.contains($0) }) else { return nil }
        return String(scalars[...last])
    }

    /// Digits without underscores, each of which must stand between two digits.
    private static func withoutUnderscores(_ text: some StringProtocol) -> String? {
        var result = ""
        var previous: Character?
        for character in text {
            if character == "_" {
                guard previous?.isHexDigit == true else { return nil }
            } else {
                if previous == "_", !character.isHexDigit { return nil }
                result.append(character)
            }
            previous = character
        }
        return previous == "_" ? nil : result
    }

    /// `int(text, base)`, or nil where Python raises ValueError.
    static func integer(_ text: PythonString, base: Int) throws(TemplateError) -> Int? {
        guard base == 0 || (2...36).contains(base) else {
            throw TemplateError(.value, "int() base must be >= 2 and <= 36, or 0")
        }
        guard var digits = plain(text)?[...] else { return nil }
        let negative = digits.hasPrefix("-")
        if negative || digits.hasPrefix("+") { digits = digits.dropFirst() }
        var radix = base
        let prefixes: [(String, Int)] = [("0x", 16), ("0o", 8), ("0b", 2)]
        for (prefix, value) in prefixes where base == 0 || base == value {
            if digits.lowercased().hasPrefix(prefix) {
                digits = digits.dropFirst(2)
                if digits.hasPrefix("_") { digits = digits.dropFirst() }
                radix = value
                break
            }
        }
        if radix == 0 {
            // A leading zero is allowed for zero alone.
            if digits.hasPrefix("0"), digits.contains(where: { $0 != "0" && $0 != "_" }) { return nil }
            radix = 10
        }
        guard let clean = withoutUnderscores(digits), let first = clean.first, first != "-", first != "+",
            clean.allSatisfy({ $0.isASCII && ($0.isNumber || $0.isLetter) })
        else { return nil }
        if let value = Int((negative ? "-" : "") + clean, radix: radix) { return value }
        let isNumber = clean.unicodeScalars.allSatisfy { scalar in
            Int(String(scalar), radix: 36).map { $0 < radix } ?? false
        }
        if isNumber { throw TemplateError(.unsupported, "whole numbers beyond 64 bits are not implemented") }
        return nil
    }

    /// `float(text)`, or nil where Python raises ValueError.
    static func float(_ text: PythonString) -> Double? {
        guard let plain = plain(text), let clean = withoutUnderscores(plain) else { return nil }
        let unsigned = clean.hasPrefix("-") || clean.hasPrefix("+") ? clean.dropFirst() : clean[...]
        switch unsigned.lowercased() {
        case "inf", "infinity": return clean.hasPrefix("-") ? -.infinity : .infinity
        case "nan": return .nan
        default:
            // Swift also reads hexadecimal floats, which Python does not.
            guard unsigned.allSatisfy({ "0123456789.eE+-".contains($0) }) else { return nil }
            return Double(clean)
        }
    }

    /// `%.Nf`, exactly rounded.
    static func fixed(_ value: Double, _ precision: Int) -> String {
        String(format: "%.*f", precision, value)
    }

    /// Python's `round` of a float: half to even of the exact value.
    static func rounded(_ value: Double, _ precision: Int) -> Double {
        guard value.isFinite else { return value }
        if precision == 0 { return value.rounded(.toNearestOrEven) }
        if precision > 0 {
            return precision > 22 && value.magnitude > 1e15 ? value : Double(fixed(value, precision)) ?? value
        }
        let unit = pow(10.0, Double(-precision))
        guard unit.isFinite else { return value * 0 }
        let remainder = value.magnitude.truncatingRemainder(dividingBy: unit)
        let base = value.magnitude - remainder
        let isOdd = (base / unit).rounded().truncatingRemainder(dividingBy: 2) != 0
        let isUp = remainder > unit - remainder || (remainder == unit - remainder && isOdd)
        return (value < 0 ? -1 : 1) * (isUp ? base + unit : base)
    }

    /// C's `%e`, `%f`, `%g` of a finite value; `letter` may be upper case.
    static func formatted(_ value: Double, _ letter: Character, precision: Int, alternate: Bool) -> String {
        let upper = letter.isUppercase
        if !value.isFinite {
            let word = value.isNaN ? "nan" : value < 0 ? "-inf" : "inf"
            return upper ? word.uppercased() : word
        }
        let mark = alternate ? "#" : ""
        switch letter {
        case "e": return String(format: "%\(mark).*e", precision, value)
        case "E": return String(format: "%\(mark).*E", precision, value)
        case "f", "F": return String(format: "%\(mark).*f", precision, value)
        case "G": return String(format: "%\(mark).*G", precision, value)
        default: return String(format: "%\(mark).*g", precision, value)
        }
    }
}
