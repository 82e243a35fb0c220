internal import Text

/// Finds the date of a text in what it says of itself.
enum DateEvidence {
    /// Labels of a date line, the better evidence first: a change counts more than the first publication.
    private static let labels: [[String]] = [
        ["更新日期", "更新时间", "修订日期", "最后更新", "修改日期", "last updated", "updated", "revised"],
        ["发布日期", "发布时间", "发文日期", "发文时间", "成文日期", "印发日期", "公布日期", "发表时间", "published", "publication date", "date"],
        ["生效日期", "实施日期", "施行日期", "执行日期", "effective"],
        ["日期", "时间"],
    ]

    /// A labelled date in the first 30 lines (2,000 scalars), or a line near the top that is nothing but a date.
    static func inText(_ text: String) -> DatedBy? {
        let head = String(String.UnicodeScalarView(text.unicodeScalars.prefix(2000)))
        let lines = head.split(whereSeparator: \.isNewline).prefix(30).map(String.init)
        // Only a line with a digit, or with a Chinese numeral before 年, can hold a date.
        let folded = lines.filter { line in
            line.unicodeScalars.contains { $0.isDigit || $0 == "年" || $0.value > 0xFF00 }
        }
        .map { Array(Normalisation.folded($0).utf8) }
        for group in labels {
            for line in folded {
                for label in group {
                    guard let place = line.place(of: label) else { continue }
                    let rest = line.text(from: place + label.utf8.count).prefix(40)
                        .drop { $0.isWhitespace || "】]*）)".contains($0) }
                    guard rest.first == ":", let date = first(in: String(rest.dropFirst())) else { continue }
                    return DatedBy(date: date, source: .text)
                }
            }
        }
        for line in lines.prefix(6) {
            guard line.unicodeScalars.count <= 24, let mention = Numbers.mentions(in: line).first else { continue }
            let isAll =
                mention.kind == .date
                && mention.range.count * 10 >= line.unicodeScalars.filter { !$0.isBlank }.count * 8
            if isAll, let date = complete(mention.value) { return DatedBy(date: date, source: .text) }
        }
        return nil
    }

    /// The first date with year and month in `text`.
    static func first(in text: String) -> String? {
        for mention in Numbers.mentions(in: text) where mention.kind == .date {
            if let date = complete(mention.value) { return date }
        }
        return compact(in: text)
    }

    /// A date in a file's name: 2025-03-01, 2025年3月1日, 20250301.
    static func inFileName(_ name: String) -> DatedBy? {
        first(in: name).map { DatedBy(date: $0, source: .fileName) }
    }

    /// `yyyy-mm-dd` or `yyyy-mm` if it is a real date.
    private static func complete(_ value: String) -> String? {
        let numbers = value.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        if numbers.count == 3 { return CivilDate.text(year: numbers[0], month: numbers[1], day: numbers[2]) }
        if numbers.count == 2, CivilDate.text(year: numbers[0], month: numbers[1], day: 1) != nil { return value }
        return nil
    }

    /// Eight digits in a row that are a date and no part of a longer number.
    private static func compact(in text: String) -> String? {
        for run in text.split(whereSeparator: { !("0"..."9").contains($0) }) where run.count == 8 {
            let year = Int(run.prefix(4)) ?? 0
            let month = Int(run.dropFirst(4).prefix(2)) ?? 0
            let day = Int(run.suffix(2)) ?? 0
            if let date = CivilDate.text(year: year, month: month, day: day) { return date }
        }
        return nil
    }
}
