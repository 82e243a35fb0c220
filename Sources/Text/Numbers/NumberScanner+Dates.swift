/// Dates, times of day, weekdays and telephone numbers written with digits, and English dates.
extension NumberScanner {
    // MARK: Dates

    /// 2025年3月1日, 2025年3月, 2025年, 3月1日, 2025-03-01, 2025/3/1, 2025.3.1.
    func numericDate(at index: Int) -> Found? {
        let end = digitsEnd(index)
        guard end - index <= 4, let first = Int(text(index..<end)) else { return nil }
        if end - index == 4, (1900...2199).contains(first) {
            return yearFirstDate(at: index, yearEnd: end, year: first)
        }
        guard end - index <= 2, (1...12).contains(first) else { return nil }
        let place = skipBlanks(end)
        guard scalar(place) == "月", scalar(place + 1) != "份" || scalar(place + 2) == nil else {
            return scalar(place) == "月"
                ? Found(kind: .date, value: "--" + two(first), unit: nil, range: index..<place + 2) : nil
        }
        guard let day = dayAfter(place + 1) else {
            return Found(kind: .date, value: "--" + two(first), unit: nil, range: index..<place + 1)
        }
        return Found(kind: .date, value: "--\(two(first))-\(two(day.value))", unit: nil, range: index..<day.end)
    }

    private func yearFirstDate(at index: Int, yearEnd: Int, year: Int) -> Found? {
        let place = skipBlanks(yearEnd)
        if scalar(place) == "年" {
            if scalar(place + 1) == "前" || scalar(place + 1) == "期" { return nil }
            guard let month = number(skipBlanks(place + 1), in: 1...12), scalar(skipBlanks(month.end)) == "月" else {
                return Found(kind: .date, value: String(year), unit: nil, range: index..<place + 1)
            }
            let monthEnd = skipBlanks(month.end) + 1
            guard let day = dayAfter(monthEnd) else {
                return Found(kind: .date, value: "\(year)-\(two(month.value))", unit: nil, range: index..<monthEnd)
            }
            let value = "\(year)-\(two(month.value))-\(two(day.value))"
            return Found(kind: .date, value: value, unit: nil, range: index..<day.end)
        }
        guard let sign = scalar(yearEnd), sign == "-" || sign == "/" || sign == "." else { return nil }
        guard let month = number(yearEnd + 1, in: 1...12) else { return nil }
        if scalar(month.end) == sign, let day = number(month.end + 1, in: 1...31) {
            let value = "\(year)-\(two(month.value))-\(two(day.value))"
            return Found(kind: .date, value: value, unit: nil, range: index..<day.end)
        }
        guard sign != ".", month.end - yearEnd == 3, scalar(month.end) != sign else { return nil }
        return Found(kind: .date, value: "\(year)-\(two(month.value))", unit: nil, range: index..<month.end)
    }

    /// A day of the month with 日 or 号 behind it.
    private func dayAfter(_ index: Int) -> (value: Int, end: Int)? {
        guard let day = number(skipBlanks(index), in: 1...31) else { return nil }
        let place = skipBlanks(day.end)
        guard scalar(place) == "日" || scalar(place) == "号" else { return nil }
        return (day.value, place + 1)
    }

    /// One or two digits with a value in `range`, not part of a longer number.
    private func number(_ index: Int, in range: ClosedRange<Int>) -> (value: Int, end: Int)? {
        let end = digitsEnd(index)
        guard end > index, end - index <= 2, let value = Int(text(index..<end)), range.contains(value) else {
            return nil
        }
        return (value, end)
    }

    func two(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }

    // MARK: English dates

    private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
    private static let monthNames: Set<String> = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
        "december", "sept",
    ]

    /// March 1, 2025; Mar 2025; 1 March 2025 is found by its month, the day before it is taken back.
    mutating func englishDate(at index: Int) -> Found? {
        var end = index
        while let next = scalar(end), next.isASCIILetter { end += 1 }
        let word = text(index..<end)
        guard let month = Self.months.firstIndex(of: String(word.prefix(3))),
            word.count == 3 || Self.monthNames.contains(word)
        else { return nil }
        var place = skipBlanks(scalar(end) == "." ? end + 1 : end)
        var day: Int?
        if let value = number(place, in: 1...31) {
            day = value.value
            end = value.end
            for suffix in ["st", "nd", "rd", "th"] where hasPrefix(suffix, at: end) { end += 2 }
            place = skipBlanks(scalar(end) == "," ? end + 1 : end)
        }
        let yearEnd = digitsEnd(place)
        var year: Int?
        if yearEnd - place == 4, let value = Int(text(place..<yearEnd)), (1900...2199).contains(value) {
            year = value
            end = yearEnd
        }
        guard day != nil || year != nil else { return nil }
        var head = year.map(String.init) ?? "-"
        if year == nil { head = "-" }
        let tail = day.map { "-" + two($0) } ?? ""
        return Found(kind: .date, value: "\(head)-\(two(month + 1))\(tail)", unit: nil, range: index..<end)
    }

    // MARK: Times

    /// 8:30, 17:30:00, 8点, 8点半, 8点30分, 8时30分, with 上午 or 下午 before it.
    func clockTime(at index: Int) -> Found? {
        guard let hour = number(index, in: 0...24) else { return nil }
        if scalar(hour.end) == ":" {
            let minuteEnd = digitsEnd(hour.end + 1)
            guard minuteEnd == hour.end + 3, let minute = number(hour.end + 1, in: 0...59) else { return nil }
            var end = minuteEnd
            if scalar(end) == ":", digitsEnd(end + 1) == end + 3 { end += 3 }
            return time(hour.value, minute.value, index..<end)
        }
        let place = skipBlanks(hour.end)
        guard scalar(place) == "点" || scalar(place) == "时" else { return nil }
        let isHourWord = scalar(place) == "时"
        var end = place + 1
        if scalar(end) == "钟" || scalar(end) == "整" { end += 1 }
        if scalar(end) == "半" { return time(hour.value, 30, index..<end + 1) }
        if let minute = number(end, in: 0...59), scalar(minute.end) == "分", scalar(minute.end + 1) != "钟" {
            return time(hour.value, minute.value, index..<minute.end + 1)
        }
        // 点 alone may count points, 时 alone is rare: only with a part of the day before it, or the word 点.
        if isHourWord && dayPart(before: index) == nil { return nil }
        return time(hour.value, 0, index..<end)
    }

    func time(_ hour: Int, _ minute: Int, _ range: Range<Int>) -> Found {
        var hour = hour
        var start = range.lowerBound
        if let part = dayPart(before: start) {
            start = part.start
            if part.isAfternoon && hour < 12 { hour += 12 }
        }
        return Found(kind: .time, value: "\(two(hour)):\(two(minute))", unit: nil, range: start..<range.upperBound)
    }

    func dayPart(before index: Int) -> (start: Int, isAfternoon: Bool)? {
        var place = index
        while scalar(place - 1) == " " { place -= 1 }
        for (word, isAfternoon) in [
            ("上午", false), ("早上", false), ("早晨", false), ("凌晨", false), ("下午", true), ("晚上", true), ("傍晚", true),
            ("中午", false), ("当晚", true),
        ] where hasPrefix(word, at: place - 2) {
            return (place - 2, isAfternoon)
        }
        return nil
    }

    // MARK: Telephone numbers

    /// Mobile, landline with area code, 400 and 800 numbers, with or without joining signs and +86.
    func phone(at index: Int) -> Found? {
        var start = index
        var place = index
        if hasPrefix("86", at: index), scalar(index - 1) == "+" {
            start = index - 1
            place = index + 2
            while scalar(place) == " " || scalar(place) == "-" { place += 1 }
        }
        var digits = ""
        var end = place
        var groups: [Int] = []
        while end < scalars.count, groups.count < 4 {
            let groupEnd = digitsEnd(end)
            guard groupEnd > end else { break }
            digits += text(end..<groupEnd)
            groups.append(groupEnd - end)
            end = groupEnd
            if isPhone(digits, groups), !(scalar(end)?.isASCIILetter ?? false) {
                return Found(kind: .phone, value: digits, unit: nil, range: start..<end)
            }
            guard digits.count < 12, scalar(end) == "-" || scalar(end) == " " || scalar(end) == ")" else { break }
            guard let next = scalar(end + 1), next.isDigit else { break }
            end += 1
        }
        return nil
    }

    private func isPhone(_ digits: String, _ groups: [Int]) -> Bool {
        let count = digits.count
        let second = digits.dropFirst().first ?? " "
        if digits.hasPrefix("1"), ("3"..."9").contains(second), count == 11 {
            return groups == [11] || groups == [3, 4, 4]
        }
        if digits.hasPrefix("400") || digits.hasPrefix("800"), count == 10 {
            return groups == [10] || groups == [3, 3, 4] || groups == [4, 3, 3] || groups == [3, 4, 3]
                || groups == [3, 7]
        }
        if digits.hasPrefix("0"), (10...12).contains(count), second != "0" {
            return groups == [count] || ((3...4).contains(groups[0]) && groups.dropFirst().reduce(0, +) >= 7)
        }
        return false
    }
}
