/// A city in which the company has a station, filed under its right province and letter.
public struct Station: Codable, Sendable, Equatable {
    /// The city's name as printed: 安庆.
    public var city: String
    /// The unit's full name (安庆市), or empty when it is not known.
    public var fullName: String
    /// The right province's short name: 安徽.
    public var province: String
    /// The province's code by GB/T 2260, two digits; empty when unknown.
    public var provinceCode: String
    /// The unit's code by GB/T 2260, four or six digits; empty when unknown.
    public var cityCode: String
    /// The letter under which the province is listed: A–Z.
    public var initial: String
    /// Curated pinyin of the city without tones: anqing.
    public var pinyin: String
    /// First letters of the syllables: aq.
    public var pinyinInitials: String
    /// Telephone number.
    public var phone: String?
    /// Street address.
    public var address: String?
    /// Opening hours.
    public var hours: String?
    /// The province that the page printed, when it is not the right one.
    public var printedProvince: String?
    /// The letter that the page printed, when it is not the right one.
    public var printedLetter: String?
    /// A remark: a former name, what became of the unit.
    public var note: String?
    /// Place in the printed order, from 0.
    public var position: Int
    /// Where the station comes from: the name of the imported file.
    public var source: String

    /// Makes the value from its parts.
    public init(
        city: String, fullName: String = "", province: String, provinceCode: String = "", cityCode: String = "",
        initial: String, pinyin: String = "", pinyinInitials: String = "", phone: String? = nil,
        address: String? = nil, hours: String? = nil, printedProvince: String? = nil, printedLetter: String? = nil,
        note: String? = nil, position: Int = 0, source: String = ""
    ) {
        self.city = city
        self.fullName = fullName
        self.province = province
        self.provinceCode = provinceCode
        self.cityCode = cityCode
        self.initial = initial
        self.pinyin = pinyin
        self.pinyinInitials = pinyinInitials
        self.phone = phone
        self.address = address
        self.hours = hours
        self.printedProvince = printedProvince
        self.printedLetter = printedLetter
        self.note = note
        self.position = position
        self.source = source
    }
}

/// What an import did. A second import of the same data reports everything as unchanged.
public struct ImportCounts: Codable, Sendable, Equatable {
    /// Rows that are new.
    public var inserted: Int
    /// Rows that were there and changed.
    public var updated: Int
    /// Rows that were there in the same state.
    public var unchanged: Int

    /// Makes the value from its parts.
    public init(inserted: Int = 0, updated: Int = 0, unchanged: Int = 0) {
        self.inserted = inserted
        self.updated = updated
        self.unchanged = unchanged
    }
}

/// The city stations of the company.
public protocol StationRepository: Sendable {
    /// Inserts or updates stations in one transaction. The key is (province, city); killed halfway, nothing changed.
    func importStations(_ stations: [Station]) async throws -> ImportCounts
    /// All stations by province letter and printed order.
    func allStations() async throws -> [Station]
    /// Stations of a province (short name).
    func stations(province: String) async throws -> [Station]
    /// Stations whose name, pinyin or pinyin initials begin with the text; at most `limit`.
    func stations(matching text: String, limit: Int) async throws -> [Station]
    /// The station of a city by its printed or full name.
    func station(city: String) async throws -> Station?
    /// How many there are.
    func stationCount() async throws -> Int
}
