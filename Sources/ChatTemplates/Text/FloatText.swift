/// Floats as Python's `repr` writes them: the shortest digits that read back, an exponent below 1e-4 and from 1e16.
enum FloatText {
    static func repr(_ value: Double) -> String {
        if value.isNaN { return "nan" }
        if value.isInfinite { return value < 0 ? "-inf" : "inf" }
        let (digits, exponent) = shortest(value.magnitude)
        let sign = value.sign == .minus ? "-" : ""
        // `exponent` is the power of ten of the first digit.
        if exponent < -4 || exponent >= 16 {
            let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
            return "\(sign)\(digits.prefix(1))\(fraction)e\(exponent < 0 ? "-" : "+")\(twoDigits(exponent.magnitude))"
        }
        if exponent < 0 {
            return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits
        }
        if digits.count <= exponent + 1 {
            return sign + digits + String(repeating: "0", count: exponent + 1 - digits.count) + ".0"
        }
        return sign + digits.prefix(exponent + 1) + "." + digits.dropFirst(exponent + 1)
    }

    private static func twoDigits(_ number: UInt) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// Shortest decimal digits without zeros at either end, and the power of ten of the first; ("0", 0) for zero.
    private static func shortest(_ value: Double) -> (digits: String, exponent: Int) {
        var mantissa = ""
        var exponent = 0
        var point: Int?
        let parts = value.description.split(separator: "e")
        for character in parts.first ?? "" {
            if character == "." { point = mantissa.count } else { mantissa.append(character) }
        }
        if parts.count > 1 { exponent = Int(parts[1]) ?? 0 }
        exponent += (point ?? mantissa.count) - 1
        let leading = mantissa.prefix { $0 == "0" }.count
        guard leading < mantissa.count else { return ("0", 0) }
        exponent -= leading
        var digits = mantissa.dropFirst(leading)
        while digits.last == "0" { digits.removeLast() }
        return (String(digits), exponent)
    }
}
