/// Numbers, dates, times and weekdays written with Chinese numerals.
extension NumberScanner {
    /// The mention in Chinese numerals that begins at `index`, or nil.
    mutating func scanChinese(at index: Int) -> Found? {
        if let weekday = weekday(at: index) { return weekday }
        guard let first = scalar(index), ChineseNumerals.isNumeral(first) else { return nil }
        guard let numeral = ChineseNumerals.parse(scalars, at: index) else { return nil }
        if let date = chineseDate(at: index, numeral.digits, numeral.end, hasMultiplier: numeral.hasMultiplier) {
            return date
        }
        if let time = chineseTime(at: index, numeral.digits, numeral.end) { return time }
        var value = numeral.digits
        var end = numeral.end
        if scalar(end) == "点", let fraction = ChineseNumerals.parse(scalars, at: end + 1), !fraction.hasMultiplier {
            value = DecimalText.normal(whole: value, fraction: fraction.digits)
            end = fraction.end
        }
        guard isNumber(value, index..<end, hasMultiplier: numeral.hasMultiplier) else { return nil }
        var inner = NumberScanner(scalars)
        inner.append(value, range: index..<end)
        guard var mention = inner.lastFound else { return nil }
        mention.value = DecimalText.shifted(mention.value, by: 0)
        return mention
    }

    /// Characters before 一 that make another word of it.
    private static let binders: Set<Unicode.Scalar> = [
        "统", "唯", "单", "之", "逐", "同", "万", "专", "划", "合", "不", "数", "几",
    ]

    /// Characters before 一 with which it points instead of counting: 前一天, 每一次, 另一个.
    private static let pointers: Set<Unicode.Scalar> = [
        "前", "后", "上", "下", "头", "每", "某", "另", "那", "这", "有", "任", "哪",
    ]

    private static let formalNumerals: Set<Unicode.Scalar> = [
        "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖", "拾", "佰", "仟",
    ]

    /// Whether the numeral in `range` counts something, by what stands around it.
    private func isNumber(_ value: String, _ range: Range<Int>, hasMultiplier: Bool) -> Bool {
        let before = scalar(range.lowerBound - 1)
        if hasPrefix("百分之", at: range.lowerBound - 3) { return true }
        let hasUnit = MeasureUnits.match(scalars, at: range.upperBound)
        // 第一， lists; 第一条 names.
        if before == "第" { return hasUnit != nil }
        if value == "1", let before, Self.pointers.contains(before) { return false }
        // 零件 and the names of firms (拾壹电器) count nothing.
        if value == "0" && range.count == 1 { return false }
        if scalars[range].contains(where: { Self.formalNumerals.contains($0) }), hasUnit == nil { return false }
        if let before, Self.binders.contains(before) { return false }
        if hasPrefix("十分", at: range.lowerBound), scalar(range.lowerBound + 2) != "钟" { return false }
        if let unit = hasUnit {
            // 四角 are corners, not money.
            if unit.unit == "角" { return false }
            if scalar(range.upperBound) == "成" { return true }
            if value == "1" && MeasureUnits.vague.contains(unit.unit) { return false }
            // 一时, 一点, 一月: with 月 a date, else words of their own.
            return !(value == "1" && (unit.unit == "月" || unit.unit == "方" || unit.unit == "对" || unit.unit == "行"))
        }
        return hasMultiplier && range.count >= 2 && !hasPrefix("一一", at: range.lowerBound)
    }

    /// 二〇二五年三月一日, 二〇二五年, 三月一日.
    private func chineseDate(at index: Int, _ digits: String, _ end: Int, hasMultiplier: Bool) -> Found? {
        if scalar(end) == "年", !hasMultiplier, digits.count == 4, digits.hasPrefix("1") || digits.hasPrefix("2") {
            guard let month = chinese(end + 1, in: 1...12), scalar(month.end) == "月" else {
                return Found(kind: .date, value: digits, unit: nil, range: index..<end + 1)
            }
            let head = "\(digits)-\(two(month.value))"
            guard let day = chinese(month.end + 1, in: 1...31), scalar(day.end) == "日" || scalar(day.end) == "号" else {
                return Found(kind: .date, value: head, unit: nil, range: index..<month.end + 1)
            }
            return Found(kind: .date, value: "\(head)-\(two(day.value))", unit: nil, range: index..<day.end + 1)
        }
        guard scalar(end) == "月", let month = Int(digits), (1...12).contains(month) else { return nil }
        if let day = chinese(end + 1, in: 1...31), scalar(day.end) == "日" || scalar(day.end) == "号" {
            return Found(kind: .date, value: "--\(two(month))-\(two(day.value))", unit: nil, range: index..<day.end + 1)
        }
        return scalar(end + 1) == "份" || hasMultiplier
            ? Found(kind: .date, value: "--\(two(month))", unit: nil, range: index..<end + 1) : nil
    }

    /// 上午九点, 下午五点半, 八点三十分.
    private func chineseTime(at index: Int, _ digits: String, _ end: Int) -> Found? {
        guard scalar(end) == "点", let hour = Int(digits), (0...24).contains(hour) else { return nil }
        let hasPart = dayPart(before: index) != nil
        if scalar(end + 1) == "半" { return time(hour, 30, index..<end + 2) }
        if let minute = chinese(end + 1, in: 0...59) {
            if scalar(minute.end) == "分" { return time(hour, minute.value, index..<minute.end + 1) }
            return hasPart ? time(hour, minute.value, index..<minute.end) : nil
        }
        if scalar(end + 1) == "钟" || scalar(end + 1) == "整" { return time(hour, 0, index..<end + 2) }
        return hasPart ? time(hour, 0, index..<end + 1) : nil
    }

    private func chinese(_ index: Int, in range: ClosedRange<Int>) -> (value: Int, end: Int)? {
        guard let parsed = ChineseNumerals.parse(scalars, at: index), let value = Int(parsed.digits),
            range.contains(value)
        else { return nil }
        return (value, parsed.end)
    }

    /// 周一, 星期日, 礼拜三; in 周一至周五 both.
    private func weekday(at index: Int) -> Found? {
        let width: Int
        if hasPrefix("星期", at: index) || hasPrefix("礼拜", at: index) {
            width = 2
        } else if scalar(index) == "周", scalar(index - 1) != "每" || scalar(index + 1) != "年" {
            width = 1
        } else {
            return nil
        }
        guard let day = scalar(index + width) else { return nil }
        let names: [Unicode.Scalar: String] = [
            "一": "1", "二": "2", "三": "3", "四": "4", "五": "5", "六": "6", "日": "7", "天": "7", "末": "末",
        ]
        guard let value = names[day] else { return nil }
        return Found(kind: .weekday, value: value, unit: nil, range: index..<index + width + 1)
    }

    /// The mention that was added last.
    var lastFound: Found? { foundSoFar.last }
}
