/// The rows of the built-in table, by kind. The columns are described in `scripts/make-divisions.py`.
struct DivisionRows {
    var provinces: [Province] = []
    var units: [Division] = []
    var countyCities: [Division] = []
    var namesakes: [Division] = []
    var formerNames: [FormerName] = []
    /// Forms that no rule gives (克州), by full name of the unit.
    var extraForms: [String: [String]] = [:]

    init(_ table: [UInt8]) {
        var former: [[String]] = []
        for line in String(decoding: table, as: UTF8.self).split(separator: "\n") {
            let columns = line.split(separator: "\t").map(String.init)
            switch (columns.first, columns.count) {
            case ("P", 5): addProvince(columns)
            case ("U", 5...), ("C", 5), ("H", 5): addUnit(columns)
            case ("F", 4): former.append(columns)
            default: break
            }
        }
        var byCode: [String: Division] = [:]
        for division in units + countyCities + namesakes {
            if let code = division.code { byCode[code] = division }
        }
        for columns in former {
            guard let today = byCode[columns[2]], let year = Int(columns[3]) else { continue }
            formerNames.append(FormerName(printed: columns[1], today: today, year: year))
        }
    }

    private mutating func addProvince(_ columns: [String]) {
        provinces.append(
            Province(
                code: columns[1], fullName: columns[2], name: columns[3], syllables: Self.syllables(columns[4])))
    }

    private mutating func addUnit(_ columns: [String]) {
        let written = columns[1]
        let code = written.hasPrefix("-") ? nil : written
        let province = String(written.drop { $0 == "-" }.prefix(2))
        let level: DivisionLevel
        switch (columns[0], code) {
        case ("C", _), ("H", _): level = .county
        case (_, let code?) where code.hasSuffix("00") && code.count == 4: level = .municipality
        case (_, let code?) where code.count == 6: level = .countyUnderProvince
        default: level = .prefecture
        }
        let division = Division(
            code: code, provinceCode: province, fullName: columns[2], name: columns[3],
            syllables: Self.syllables(columns[4]), level: level)
        switch columns[0] {
        case "C": countyCities.append(division)
        case "H": namesakes.append(division)
        default: units.append(division)
        }
        if columns.count > 5 { extraForms[division.fullName] = Array(columns[5...]) }
    }

    private static func syllables(_ column: String) -> [String] {
        column.split(separator: " ").map(String.init)
    }
}
