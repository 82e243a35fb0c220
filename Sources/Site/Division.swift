/// What kind of place a unit of the official table is.
public enum DivisionLevel: String, Codable, Sendable {
    /// Beijing, Tianjin, Shanghai, Chongqing, and the two special administrative regions.
    case municipality
    /// Prefecture-level city, prefecture (地区), league (盟) or autonomous prefecture (自治州).
    case prefecture
    /// County-level unit that belongs to no prefecture: 仙桃, 石河子, the counties of 海南.
    case countyUnderProvince = "county_directly_under_province"
    /// County-level unit of a prefecture.
    case county
}

/// A province-level region with the code of GB/T 2260.
public struct Province: Hashable, Sendable {
    /// Two digits, such as `34`.
    public let code: String
    /// `安徽省`, `内蒙古自治区`.
    public let fullName: String
    /// `安徽`, `内蒙古`: what pages print.
    public let name: String
    /// Pinyin without tones, one entry per character.
    public let syllables: [String]

    /// `anhui`; 山西 is `shanxi`, 陕西 `shaanxi`.
    public var pinyin: String { syllables.joined() }
    /// The letter under which the province stands in an index: `A` for 安徽, `C` for 重庆.
    public var letter: String { String(pinyin.prefix(1)).uppercased() }
}

/// A unit below the provinces.
public struct Division: Hashable, Sendable {
    /// Four digits for a prefecture, six for a county, as in the statistical table; nil where there is none (台湾).
    public let code: String?
    /// The first two digits of the code.
    public let provinceCode: String
    /// `宜昌市`, `阿坝藏族羌族自治州`.
    public let fullName: String
    /// `宜昌`, `阿坝`: without the word for the level and without the names of peoples.
    public let name: String
    /// Pinyin without tones, one entry per character.
    public let syllables: [String]
    /// Its level.
    public let level: DivisionLevel

    /// `yichang`.
    public var pinyin: String { syllables.joined() }
    /// `yc`.
    public var initials: String { String(syllables.compactMap(\.first)) }
    /// The letter of its own name.
    public var letter: String { String(pinyin.prefix(1)).uppercased() }
    /// The code in six digits, as GB/T 2260 and forms write it.
    public var sixDigitCode: String? {
        code.map { $0 + String(repeating: "0", count: max(0, 6 - $0.count)) }
    }
    /// The prefecture of a county-level unit, by code.
    public var prefectureCode: String? {
        level == .county ? code.map { String($0.prefix(4)) } : nil
    }
    /// The word for its kind at the end of the full name: 市, 地区, 盟, 自治州, 林区, 自治县, 县, 区.
    public var kind: String {
        let kinds = ["特别行政区", "自治州", "自治县", "自治旗", "地区", "林区", "市", "盟", "县", "区", "旗"]
        return kinds.first { fullName.hasSuffix($0) } ?? ""
    }
}

/// A name that pages still print although the unit has been renamed, merged or raised.
public struct FormerName: Hashable, Sendable {
    /// As printed: 巢湖, 莱芜, 林芝地区.
    public let printed: String
    /// What stands there today.
    public let today: Division
    /// The year in which the name ended.
    public let year: Int
}
