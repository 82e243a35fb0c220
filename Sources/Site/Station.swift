/// A city station of the company, filed where the official table has it.
public struct Station: Hashable, Codable, Sendable {
    /// How its printed name stands to the official table.
    public enum NameStatus: String, Codable, Sendable {
        /// The short or the full name of a unit.
        case official
        /// Another form of it (克州, 阿坝州, 伊犁哈萨克).
        case irregular
        /// A name that is no more (巢湖, 莱芜, 林芝地区).
        case former
        /// Not in the table: kept under the printed province.
        case unknown
    }

    /// The name as printed.
    public let printed: String
    /// The short official name (阿坝 for 阿坝州); the printed one when unknown.
    public let name: String
    /// The full name of the unit of today, nil when unknown.
    public let fullName: String?
    /// The code in the statistical table: four digits for prefectures, six for counties.
    public let code: String?
    /// The code in six digits.
    public let sixDigitCode: String?
    /// The level of the unit of today.
    public let level: DivisionLevel?
    /// The short name of its province (内蒙古).
    public let province: String
    /// The code of its province, nil when the printed province is unknown.
    public let provinceCode: String?
    /// The letter of its province.
    public let letter: String
    /// `yichang`; empty when unknown.
    public let pinyin: String
    /// `yc`; empty when unknown.
    public let initials: String
    /// A word for addresses, unique among the units of the table; nil when unknown.
    public let slug: String?
    /// How the printed name stands to the table.
    public let nameStatus: NameStatus
    /// The province under which the page has it.
    public let pageProvince: String
    /// The letter under which the page has it.
    public let pageLetter: String?
    /// Its line on the page.
    public let line: Int
    /// Whether the page has it under another province than the table.
    public var isMisfiled: Bool { province != pageProvince }

    enum CodingKeys: String, CodingKey {
        case printed, name, code, level, province, letter, pinyin, initials, slug, line
        case fullName = "full_name"
        case sixDigitCode = "gb2260"
        case provinceCode = "province_code"
        case nameStatus = "name_status"
        case pageProvince = "page_province"
        case pageLetter = "page_letter"
    }
}
