/// Why a text is not read as a company's page.
public enum SitePageError: Error, Hashable, Sendable {
    /// There is no text.
    case empty
    /// More bytes than are read.
    case tooLarge(bytes: Int, limit: Int)
    /// A line longer than any of a page.
    case lineTooLong(line: Int, scalars: Int, limit: Int)
    /// A control character: the file is no text.
    case notText(line: Int, codePoint: UInt32)
    /// No station list near the beginning.
    case noStations(line: Int, found: String)
    /// Provinces, but no city under any of them.
    case noCities(line: Int, province: String)
    /// A list in the place of the stations whose names are mostly no cities.
    case unknownCities(line: Int, known: Int, total: Int, example: String)
    /// More stations than a page can have.
    case tooManyStations(line: Int, limit: Int)

    /// The same for people who read Chinese.
    public var chineseDescription: String {
        switch self {
        case .empty:
            "文件没有内容。需要公司网页的纯文本：城市站列表、联系电话、新闻分类和一篇文章。"
        case .tooLarge(let bytes, let limit):
            "文件有 \(bytes) 字节，最多 \(limit) 字节。请只保存一个页面的文本。"
        case .lineTooLong(let line, let scalars, let limit):
            "第 \(line) 行有 \(scalars) 个字符，最多 \(limit) 个。请把网页保存为逐行的纯文本。"
        case .notText(let line, let codePoint):
            "第 \(line) 行有控制字符 U+\(Self.hex(codePoint))，这不是文本文件。"
        case .noStations(let line, let found):
            "第 \(line) 行是“\(found)”，应为城市站列表：一行是字母和省名（如“A   安徽”），下一行是该省的城市。"
        case .noCities(let line, let province):
            "第 \(line) 行有省名“\(province)”，但下面没有城市。应为：下一行是用空格分开的城市名。"
        case .unknownCities(let line, let known, let total, let example):
            "第 \(line) 行起应为城市名，但 \(total) 个名称中只认得 \(known) 个（例如不认得“\(example)”）。"
        case .tooManyStations(let line, let limit):
            "第 \(line) 行时城市站已超过 \(limit) 个。"
        }
    }

    static func hex(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}

extension SitePageError: CustomStringConvertible {
    /// What is wrong, at which line, and what was expected there.
    public var description: String {
        switch self {
        case .empty:
            "the file is empty; expected the plain text of a company's page: stations, contact, categories, an article"
        case .tooLarge(let bytes, let limit):
            "the file has \(bytes) bytes, at most \(limit) are read; save the text of one page only"
        case .lineTooLong(let line, let scalars, let limit):
            "line \(line) has \(scalars) characters, at most \(limit) are read; save the page as plain text with lines"
        case .notText(let line, let codePoint):
            "line \(line) holds the control character U+\(Self.hex(codePoint)); this is no text file"
        case .noStations(let line, let found):
            "line \(line) is \"\(found)\"; expected the list of city stations: a line with a letter and a province "
                + "(\"A   安徽\"), then a line with the cities of that province"
        case .noCities(let line, let province):
            "line \(line) names the province \(province), but no city stands below it; expected a line of city names "
                + "split by blanks"
        case .unknownCities(let line, let known, let total, let example):
            "from line \(line) on city names were expected, but only \(known) of \(total) are known "
                + "(\"\(example)\" is not)"
        case .tooManyStations(let line, let limit):
            "at line \(line) there are more than \(limit) stations"
        }
    }
}
