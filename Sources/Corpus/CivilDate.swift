internal import Foundation

/// Calendar dates as text, without time zones or locale.
enum CivilDate {
    /// The day of `date` in UTC as `yyyy-mm-dd`.
    static func day(of date: Date) -> String {
        let seconds = date.timeIntervalSince1970
        guard seconds.isFinite, abs(seconds) < 2e11 else { return "1970-01-01" }
        return text(daysSince1970: Int((seconds / 86_400).rounded(.down)))
    }

    /// `yyyy-mm-dd` when the three numbers are a date of the Gregorian calendar in the years 1900 to 2199.
    static func text(year: Int, month: Int, day: Int) -> String? {
        guard (1900...2199).contains(year), (1...12).contains(month) else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...lengths[month - 1]).contains(day) else { return nil }
        return "\(year)-\(two(month))-\(two(day))"
    }

    static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }

    /// Days to civil date by counting 400-year eras from 0000-03-01.
    private static func text(daysSince1970 days: Int) -> String {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return "\(year)-\(two(month))-\(two(day))"
    }
}
