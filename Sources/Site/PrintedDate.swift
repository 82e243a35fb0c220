/// A calendar date as pages print it: 2023-08-07, 2023/8/7, 2023.08.07, 2023年8月7日.
struct PrintedDate {
    /// `2023-08-07`.
    let iso: String
    /// Where it stands among the scalars of the text, end excluded.
    let range: Range<Int>

    /// The first date of a text of at most 400 scalars; a time of day behind it belongs to its range.
    static func first(in text: String) -> PrintedDate? {
        let scalars = Array(text.unicodeScalars.prefix(400))
        var index = 0
        while index + 8 <= scalars.count {
            if index == 0 || digit(scalars[index - 1]) == nil, let date = date(at: index, scalars) { return date }
            index += 1
        }
        return nil
    }

    private static func date(at start: Int, _ scalars: [Unicode.Scalar]) -> PrintedDate? {
        var index = start
        guard let year = number(scalars, &index, digits: 4...4), (1900...2999).contains(year),
            index < scalars.count
        else { return nil }
        let separator = scalars[index]
        let second: Unicode.Scalar = separator == "年" ? "月" : separator
        guard ["-", "/", ".", "年", "－"].contains(separator) else { return nil }
        index += 1
        guard let month = number(scalars, &index, digits: 1...2), (1...12).contains(month), index < scalars.count,
            scalars[index] == second
        else { return nil }
        index += 1
        guard let day = number(scalars, &index, digits: 1...2), (1...days(in: month, of: year)).contains(day)
        else { return nil }
        if index < scalars.count, digit(scalars[index]) != nil { return nil }
        if index < scalars.count, scalars[index] == "日" { index += 1 }
        skipTime(scalars, &index)
        let iso = "\(year)-" + (month < 10 ? "0" : "") + "\(month)-" + (day < 10 ? "0" : "") + "\(day)"
        return PrintedDate(iso: iso, range: start..<index)
    }

    /// 14:05 or 14:05:09 behind a date.
    private static func skipTime(_ scalars: [Unicode.Scalar], _ index: inout Int) {
        var look = index
        while look < scalars.count, scalars[look].isBlank || scalars[look] == "T" { look += 1 }
        var parts = 0
        while let _ = number(scalars, &look, digits: 1...2) {
            parts += 1
            if parts >= 2 { index = look }
            guard parts < 3, look < scalars.count, scalars[look] == ":" || scalars[look] == "：" else { return }
            look += 1
        }
    }

    private static func number(
        _ scalars: [Unicode.Scalar], _ index: inout Int, digits: ClosedRange<Int>
    ) -> Int? {
        var value = 0
        var count = 0
        var look = index
        while look < scalars.count, count < digits.upperBound, let next = digit(scalars[look]) {
            value = value * 10 + next
            count += 1
            look += 1
        }
        guard count >= digits.lowerBound else { return nil }
        index = look
        return value
    }

    private static func digit(_ scalar: Unicode.Scalar) -> Int? {
        (0x30...0x39).contains(scalar.value) ? Int(scalar.value) - 0x30 : nil
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
