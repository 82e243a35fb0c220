/// A number, date, amount or telephone number found in a text, in a form that compares.
public struct NumberMention: Sendable, Hashable {
    /// What kind of number it is.
    public enum Kind: String, Sendable, Codable, Hashable {
        /// A plain number without a unit.
        case number
        /// A number with a unit of measure or counting word: 3 工作日, 1200 mm.
        case quantity
        /// An amount of money.
        case money
        /// Percent or per mille.
        case percentage
        /// 第三条, 第2章.
        case ordinal
        /// A calendar date, whole or in part.
        case date
        /// A time of day.
        case time
        /// A day of the week.
        case weekday
        /// A telephone number.
        case phone
    }

    /// What kind of number it is.
    public let kind: Kind
    /// The normal form: a decimal number without separators, needless zeros or multipliers (`10000` for 1万);
    /// `2025-03-01`, `2025-03`, `2025`, `--03-01` or `--03` for dates; `17:30` for times; `1`…`7` for weekdays; only digits for
    /// telephone numbers.
    public let value: String
    /// The unit in its normal form (`元`, `工作日`, `kg`, `%`), or nil.
    public let unit: String?
    /// Where it stands in the source, in Unicode scalars, unit included.
    public let range: Range<Int>

    /// One text that is equal for mentions that say the same: kind class, base value and unit.
    public var key: String {
        switch kind {
        case .date: return "date " + value
        case .time: return "time " + value
        case .weekday: return "weekday " + value
        case .ordinal: return "第" + value + (unit ?? "")
        case .phone: return value
        case .number, .quantity, .money, .percentage:
            guard let unit else { return value }
            guard let base = MeasureUnits.base(of: unit) else { return value + unit }
            return DecimalText.shifted(value, by: base.shift) + base.unit
        }
    }

    /// Whether a text that holds `evidence` supports this mention: same value, and units that do not contradict
    /// (one of the two may have none). Of two dates the evidence may say more than the claim (2025年3月1日 supports
    /// 3月1日 and 2025年3月), not less.
    public func isSupported(by evidence: NumberMention) -> Bool {
        switch (kind, evidence.kind) {
        case (.date, .date):
            return Self.date(value, isPartOf: evidence.value)
        case (.date, .number), (.number, .date):
            return value == evidence.value
        case (.time, .time), (.weekday, .weekday):
            return value == evidence.value
        case (.ordinal, .ordinal):
            return value == evidence.value && (unit == evidence.unit || unit == nil || evidence.unit == nil)
        case (.date, _), (_, .date), (.time, _), (_, .time), (.weekday, _), (_, .weekday), (.ordinal, _), (_, .ordinal):
            return false
        case (.percentage, _), (_, .percentage):
            return key == evidence.key
        default:
            if key == evidence.key { return true }
            return value == evidence.value && (unit == nil || evidence.unit == nil)
        }
    }

    private static func date(_ claim: String, isPartOf evidence: String) -> Bool {
        if claim == evidence || evidence.hasPrefix(claim + "-") { return true }
        guard claim.hasPrefix("--") else { return false }
        let monthAndDay = claim.dropFirst(2)
        let rest = evidence.hasPrefix("--") ? evidence.dropFirst(2) : evidence.dropFirst(5)
        return rest == monthAndDay || rest.hasPrefix(monthAndDay + "-")
    }
}

/// Decimal numbers as text: exact at any length.
enum DecimalText {
    /// `digits` (with at most one `.`) times 10 to the power of `places`, in normal form.
    static func shifted(_ digits: String, by places: Int) -> String {
        let pieces = digits.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        var whole = String(pieces.first ?? "")
        var fraction = pieces.count > 1 ? String(pieces[1]) : ""
        for _ in 0..<max(0, places) {
            whole.append(fraction.isEmpty ? "0" : fraction.removeFirst())
        }
        for _ in 0..<max(0, -places) {
            fraction.insert(whole.isEmpty ? "0" : whole.removeLast(), at: fraction.startIndex)
        }
        return normal(whole: whole, fraction: fraction)
    }

    /// Without leading zeros before and trailing zeros behind the point.
    static func normal(whole: String, fraction: String) -> String {
        let head = whole.drop { $0 == "0" }
        var tail = Substring(fraction)
        while tail.last == "0" { tail.removeLast() }
        return (head.isEmpty ? "0" : String(head)) + (tail.isEmpty ? "" : "." + tail)
    }
}
