/// `strftime` of the C library with English names.
enum DateFormat {
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    private static let weekdays = [
        "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
    ]

    static func text(of date: TemplateDate, format: String) throws(TemplateError) -> String {
        var text = ""
        var scalars = format.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            guard scalar == "%" else {
                text.unicodeScalars.append(scalar)
                continue
            }
            guard var directive = scalars.next() else {
                text += "%"
                break
            }
            var padding: String?
            if directive == "-" || directive == "_" || directive == "0" {
                padding = directive == "-" ? "" : directive == "_" ? " " : "0"
                guard let next = scalars.next() else {
                    throw TemplateError(.unsupported, "strftime directive '%\(directive)' does not end")
                }
                directive = next
            }
            text += try value(of: directive, date, padding)
        }
        return text
    }

    private static func number(_ value: Int, _ width: Int, _ padding: String?, standard: String = "0") -> String {
        let digits = String(value)
        return String(repeating: padding ?? standard, count: max(0, width - digits.count)) + digits
    }

    private static func value(
        of directive: Unicode.Scalar, _ date: TemplateDate, _ padding: String?
    ) throws(TemplateError) -> String {
        let month = months[date.month - 1]
        let weekday = weekdays[date.weekday]
        let hour12 = date.hour % 12 == 0 ? 12 : date.hour % 12
        switch directive {
        case "Y": return number(date.year, padding == nil ? 0 : 4, padding)
        case "C": return number(date.year / 100, 2, padding)
        case "y": return number(date.year % 100, 2, padding)
        case "m": return number(date.month, 2, padding)
        case "d": return number(date.day, 2, padding)
        case "e": return number(date.day, 2, padding, standard: " ")
        case "H": return number(date.hour, 2, padding)
        case "I": return number(hour12, 2, padding)
        case "k": return number(date.hour, 2, padding, standard: " ")
        case "l": return number(hour12, 2, padding, standard: " ")
        case "M": return number(date.minute, 2, padding)
        case "S": return number(date.second, 2, padding)
        case "f": return "000000"
        case "j": return number(date.dayOfYear, 3, padding)
        case "U": return number((date.dayOfYear + 6 - date.weekday) / 7, 2, padding)
        case "W": return number((date.dayOfYear + 6 - (date.weekday + 6) % 7) / 7, 2, padding)
        case "V": return number(isoWeek(date).week, 2, padding)
        case "G": return number(isoWeek(date).year, padding == nil ? 0 : 4, padding)
        case "g": return number(isoWeek(date).year % 100, 2, padding)
        case "w": return String(date.weekday)
        case "u": return String(date.weekday == 0 ? 7 : date.weekday)
        case "B": return month
        case "b", "h": return String(month.prefix(3))
        case "A": return weekday
        case "a": return String(weekday.prefix(3))
        case "p": return date.hour < 12 ? "AM" : "PM"
        case "P": return date.hour < 12 ? "am" : "pm"
        case "D", "x": return try text(of: date, format: "%m/%d/%y")
        case "F": return try text(of: date, format: "%Y-%m-%d")
        case "T", "X": return try text(of: date, format: "%H:%M:%S")
        case "R": return try text(of: date, format: "%H:%M")
        case "r": return try text(of: date, format: "%I:%M:%S %p")
        case "c": return try text(of: date, format: "%a %b %e %H:%M:%S %Y")
        case "n": return "\n"
        case "t": return "\t"
        case "z", "Z": return ""
        case "%": return "%"
        default: throw TemplateError(.unsupported, "strftime directive '%\(directive)' is not implemented")
        }
    }

    /// Week of ISO 8601 and the year it belongs to.
    private static func isoWeek(_ date: TemplateDate) -> (year: Int, week: Int) {
        let monday0 = (date.weekday + 6) % 7
        let week = (date.dayOfYear - 1 - monday0 + 10) / 7
        if week < 1 { return (date.year - 1, weeks(in: date.year - 1)) }
        if week > weeks(in: date.year) { return (date.year + 1, 1) }
        return (date.year, week)
    }

    private static func weeks(in year: Int) -> Int {
        func lastWeekday(_ year: Int) -> Int { (year + year / 4 - year / 100 + year / 400) % 7 }
        return lastWeekday(year) == 4 || lastWeekday(year - 1) == 3 ? 53 : 52
    }
}
