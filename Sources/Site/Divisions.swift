/// The administrative divisions of China that a company's station list can name, edition 2023.
///
/// Provinces, prefecture-level units, counties directly under a province and county-level cities, with codes and
/// curated pinyin, plus names that are no more. Other counties and districts are held only where they share a name
/// with one of these. Lookup is by dictionary; the table takes about 1 MB of memory once read.
public struct Divisions: Sendable {
    /// The table that is built into the program.
    public static let official = Divisions(table: PackageResources.divisions_tsv)

    /// Provinces in the order of their codes; 台湾, 香港 and 澳门 last.
    public let provinces: [Province]
    /// Prefecture-level units, municipalities and counties directly under a province, in the order of their codes.
    public let units: [Division]
    /// County-level cities of a prefecture.
    public let countyCities: [Division]
    /// Other county-level units that share their short name with a unit or a county-level city.
    public let namesakes: [Division]
    /// Names that are no more.
    public let formerNames: [FormerName]

    private let provinceForms: [String: Int]
    private let unitForms: [String: [Int]]
    private let countyCityForms: [String: [Int]]
    private let namesakeForms: [String: [Int]]
    private let formerForms: [String: Int]
    private let countByPinyin: [String: Int]

    /// Reads a table as `scripts/make-divisions.py` writes it. A row of another shape is passed over.
    ///
    /// - Parameter table: UTF-8 text, one unit a line, columns split by tabs.
    public init(table: [UInt8]) {
        let rows = DivisionRows(table)
        provinces = rows.provinces
        units = rows.units
        countyCities = rows.countyCities
        namesakes = rows.namesakes
        formerNames = rows.formerNames

        var byProvince: [String: Int] = [:]
        for (index, province) in provinces.enumerated() {
            byProvince[province.name] = index
            byProvince[province.fullName] = index
            // Pages shorten as they like: 广西自治区, 香港特区.
            for kind in ["省", "市", "自治区", "特区"] where byProvince[province.name + kind] == nil {
                byProvince[province.name + kind] = index
            }
        }
        provinceForms = byProvince
        unitForms = Self.index(units) { Self.printedForms(of: $0) + (rows.extraForms[$0.fullName] ?? []) }
        countyCityForms = Self.index(countyCities) { [$0.name, $0.fullName] }
        namesakeForms = Self.index(namesakes) { [$0.fullName] }
        formerForms = Dictionary(
            formerNames.enumerated().map { ($1.printed, $0) }, uniquingKeysWith: { first, _ in first })
        countByPinyin = Dictionary((units + countyCities).map { ($0.pinyin, 1) }, uniquingKeysWith: +)
    }

    private static func index(_ divisions: [Division], forms: (Division) -> [String]) -> [String: [Int]] {
        var table: [String: [Int]] = [:]
        for (index, division) in divisions.enumerated() {
            for form in Set(forms(division)) { table[form, default: []].append(index) }
        }
        return table
    }

    /// The ways in which pages write a unit: with and without the word for the kind, 州 for 自治州, and an autonomous
    /// unit with its peoples but without its kind (伊犁哈萨克, 海北藏族).
    private static func printedForms(of division: Division) -> [String] {
        var forms = [division.name, division.fullName]
        switch division.kind {
        case "自治州":
            forms += [String(division.fullName.dropLast(3)), division.name + "州", division.name + "自治州"]
        case "自治县":
            forms += [String(division.fullName.dropLast(3)), division.name + "县", division.name + "自治县"]
        case "地区", "盟":
            forms += [division.name + "市"]
        default:
            break
        }
        return forms
    }

    /// The province of a printed name (安徽, 安徽省, 广西壮族自治区), or nil.
    public func province(named printed: String) -> Province? {
        provinceForms[printed].map { provinces[$0] }
    }

    /// The province of a code; longer codes are cut to their first two digits.
    public func province(code: String) -> Province? {
        provinces.first { $0.code == code.prefix(2) }
    }

    /// The unit of a code of four or six digits (`3401`, `340100`, `340181`).
    public func division(code: String) -> Division? {
        let all = [units, countyCities, namesakes]
        return all.lazy.joined().first { $0.code == code || $0.sixDigitCode == code }
    }

    /// Units of a printed name: prefecture-level units and counties directly under a province.
    public func units(named printed: String) -> [Division] {
        (unitForms[printed] ?? []).map { units[$0] }
    }

    /// County-level cities of a printed name (义乌, 义乌市).
    public func countyCities(named printed: String) -> [Division] {
        (countyCityForms[printed] ?? []).map { countyCities[$0] }
    }

    /// County-level units that are held because they are namesakes, by full name (兴安县, 莱芜区).
    public func namesakes(named printed: String) -> [Division] {
        (namesakeForms[printed] ?? []).map { namesakes[$0] }
    }

    /// The former name that is printed here, or nil.
    public func formerName(_ printed: String) -> FormerName? {
        formerForms[printed].map { formerNames[$0] }
    }

    /// Other units that bear the same short name: 朝阳区 of 北京 for 朝阳 of 辽宁.
    public func sharingName(with division: Division) -> [Division] {
        (units + countyCities + namesakes).filter { $0.name == division.name && $0 != division }
    }

    /// A word for addresses: the pinyin, with the province's behind it where two units share one
    /// (`suzhou-jiangsu`, `suzhou-anhui`).
    public func slug(of division: Division) -> String {
        guard countByPinyin[division.pinyin, default: 0] > 1,
            let province = province(code: division.provinceCode)
        else { return division.pinyin }
        let narrower = "\(division.pinyin)-\(province.pinyin)"
        // 吉林 in 吉林, and a county-level city within the prefecture of its name, still need the code.
        let same = (units + countyCities).filter {
            $0.pinyin == division.pinyin && $0.provinceCode == division.provinceCode
        }
        return same.count > 1 ? narrower + "-" + (division.code ?? division.kind) : narrower
    }
}
