/// Reads the part of the regular expression language that published split patterns use.
///
/// Alternatives; classes with `\s`, `\p{…}`, ranges, negation and `&&[^…]` with ranges; single scalars; `? * + {n}
/// {m,n}`; `(?i:a|b)` of literals, optional with `?`; `(?!\S)`; `$`.
struct SplitPatternParser {
    private(set) var sets: [ScalarSet] = []
    private var scalars: [Unicode.Scalar] = []
    private var place = 0

    /// The alternatives of a pattern, nil when it holds anything else.
    mutating func parse(_ pattern: String) -> [SplitProgram.Alternative]? {
        scalars = Array(pattern.unicodeScalars)
        place = 0
        var alternatives: [SplitProgram.Alternative] = []
        var elements: [SplitProgram.Element] = []
        while place < scalars.count {
            if take("|") {
                alternatives.append(.init(elements: elements))
                elements = []
            } else if take("(?!\\S)") {
                elements.append(.notBeforeOther)
            } else if take("$") {
                elements.append(.end)
            } else if take("(?i:") {
                guard let literals = literals() else { return nil }
                elements.append(.literals(literals, isOptional: take("?")))
            } else {
                guard let set = set(), let (minimum, maximum) = quantifier() else { return nil }
                elements.append(.run(set: index(of: set), minimum: minimum, maximum: maximum))
            }
        }
        alternatives.append(.init(elements: elements))
        return alternatives.contains { $0.elements.isEmpty } ? nil : alternatives
    }

    /// Goes past a text if it stands here.
    private mutating func take(_ text: String) -> Bool {
        let wanted = text.unicodeScalars
        guard scalars[place...].starts(with: wanted) else { return false }
        place += wanted.count
        return true
    }

    private mutating func index(of set: ScalarSet) -> Int {
        if let known = sets.firstIndex(of: set) { return known }
        sets.append(set)
        return sets.count - 1
    }

    /// The texts of a group up to its end, in lower case.
    private mutating func literals() -> [[UInt8]]? {
        var texts: [[UInt8]] = [[]]
        while place < scalars.count {
            let scalar = scalars[place]
            place += 1
            if scalar == ")" { return texts }
            if scalar == "|" {
                texts.append([])
            } else {
                guard scalar.isASCII, !scalar.properties.isUppercase else { return nil }
                texts[texts.count - 1].append(UInt8(truncatingIfNeeded: scalar.value))
            }
        }
        return nil
    }

    /// A class, a property or one scalar.
    private mutating func set() -> ScalarSet? {
        var set = ScalarSet()
        if take("[") {
            set.isNegated = take("^")
            while !take("]") {
                if take("&&[^") {
                    while !take("]") {
                        guard let range = range() else { return nil }
                        set.excluded.append(range)
                    }
                } else if let bits = categories() {
                    set.categories |= bits
                } else {
                    guard let range = range() else { return nil }
                    set.ranges.append(range)
                }
            }
        } else if let bits = categories() {
            set.categories = bits
        } else {
            // What has a meaning of its own must be escaped.
            guard place < scalars.count, !"()*+?{}.".unicodeScalars.contains(scalars[place]), let scalar = scalar()
            else { return nil }
            set.ranges = [scalar.value...scalar.value]
        }
        set.finish(.shared)
        return set
    }

    /// `\s` or `\p{…}`, nil without moving when neither stands here.
    private mutating func categories() -> UInt32? {
        if take("\\s") { return 1 << UInt32(ScalarCategories.space) }
        guard scalars[place...].starts(with: "\\p{".unicodeScalars),
            let close = scalars[place...].firstIndex(of: "}")
        else { return nil }
        var name = String.UnicodeScalarView()
        name.append(contentsOf: scalars[(place + 3)..<close])
        guard let bits = ScalarCategories.bits(of: String(name)) else { return nil }
        place = close + 1
        return bits
    }

    /// One scalar or two with a hyphen between.
    private mutating func range() -> ClosedRange<UInt32>? {
        guard let first = scalar() else { return nil }
        guard place + 1 < scalars.count, scalars[place] == "-", scalars[place + 1] != "]" else {
            return first.value...first.value
        }
        place += 1
        guard let last = scalar(), last.value >= first.value else { return nil }
        return first.value...last.value
    }

    /// One scalar, perhaps after a backslash.
    private mutating func scalar() -> Unicode.Scalar? {
        guard place < scalars.count else { return nil }
        let scalar = scalars[place]
        place += 1
        if scalar != "\\" { return scalar }
        guard place < scalars.count else { return nil }
        let escaped = scalars[place]
        place += 1
        switch escaped {
        case "r": return "\r"
        case "n": return "\n"
        case "t": return "\t"
        default: return escaped.properties.isAlphabetic || escaped.properties.numericType != nil ? nil : escaped
        }
    }

    /// How often; once where nothing is said.
    private mutating func quantifier() -> (Int, Int)? {
        if place >= scalars.count { return (1, 1) }
        if take("?") { return (0, 1) }
        if take("*") { return (0, .max) }
        if take("+") { return (1, .max) }
        guard take("{") else { return (1, 1) }
        guard let minimum = number() else { return nil }
        if take("}") { return (minimum, minimum) }
        guard take(","), let maximum = number(), take("}"), maximum >= minimum else { return nil }
        return (minimum, maximum)
    }

    private mutating func number() -> Int? {
        var digits = ""
        while place < scalars.count, ("0"..."9").contains(scalars[place]) {
            digits.unicodeScalars.append(scalars[place])
            place += 1
        }
        return Int(digits)
    }
}
