/// Chinese numerals: 三百二十, 十二, 二〇二五, 两, 一万五千, 壹佰.
public enum ChineseNumerals {
    /// The value of a whole numeral such as 一千二百 or 二〇二五, or nil when `text` is none or is too large.
    public static func value(of text: String) -> Int? {
        let scalars = Array(text.unicodeScalars)
        guard let parsed = parse(scalars, at: 0), parsed.end == scalars.count else { return nil }
        return Int(parsed.digits)
    }

    /// The numeral that begins at `start`: its value in decimal digits, its end, whether it has 十, 百, …
    static func parse(
        _ scalars: [Unicode.Scalar], at start: Int
    ) -> (digits: String, end: Int, hasMultiplier: Bool)? {
        var end = start
        var hasMultiplier = false
        while end < scalars.count, end - start < 24 {
            if multipliers[scalars[end]] != nil {
                hasMultiplier = true
            } else if digits[scalars[end]] == nil {
                break
            }
            end += 1
        }
        guard end > start else { return nil }
        let run = scalars[start..<end]
        if !hasMultiplier {
            let value = run.compactMap { digits[$0] }.map(String.init).joined()
            return (value, end, false)
        }
        // 百, 千, 万 at the beginning count something unsaid (千万, 百家): only 十 may stand first.
        guard let first = run.first, digits[first] != nil || multipliers[first] == 10 else { return nil }
        guard let value = accumulate(run) else { return nil }
        return (String(value), end, true)
    }

    static func isNumeral(_ scalar: Unicode.Scalar) -> Bool {
        digits[scalar] != nil || multipliers[scalar] != nil
    }

    private static func accumulate(_ run: ArraySlice<Unicode.Scalar>) -> Int? {
        var total = 0
        var section = 0
        var digit: Int?
        var lastMultiplier = 1
        var overflow = false
        func add(_ a: Int, _ b: Int) -> Int {
            let (sum, carried) = a.addingReportingOverflow(b)
            overflow = overflow || carried
            return sum
        }
        func times(_ a: Int, _ b: Int) -> Int {
            let (product, carried) = a.multipliedReportingOverflow(by: b)
            overflow = overflow || carried
            return product
        }
        for scalar in run {
            if let value = digits[scalar] {
                // 零 only fills a gap and cancels the short form: 一百零五 is 105, 一百五 is 150.
                if value == 0 { lastMultiplier = 1 }
                digit = digit.map { $0 == 0 ? value : add(times($0, 10), value) } ?? value
            } else if let multiplier = multipliers[scalar] {
                if multiplier >= 10_000 {
                    section = add(section, digit ?? 0)
                    // 一万两千亿: what came before is multiplied too; 一亿三千万: only the section is.
                    total =
                        total > 0 && total < multiplier || section == 0
                        ? times(add(total, section), multiplier)
                        : add(total, times(section, multiplier))
                    section = 0
                } else {
                    section = add(section, times(digit ?? 1, multiplier))
                }
                digit = nil
                lastMultiplier = multiplier
            }
        }
        // The short form: 一百五 is 150, 三千二 is 3200, 一万五 is 15000.
        let rest = times(digit ?? 0, lastMultiplier >= 100 && (digit ?? 0) < 10 ? lastMultiplier / 10 : 1)
        let value = add(add(total, section), rest)
        return overflow ? nil : value
    }

    private static let digits: [Unicode.Scalar: Int] = [
        "零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9,
        "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9, "兩": 2,
    ]

    private static let multipliers: [Unicode.Scalar: Int] = [
        "十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000, "拾": 10, "佰": 100, "仟": 1000, "萬": 10_000,
    ]
}
