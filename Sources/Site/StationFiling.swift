/// Compares the stations of a page with the official table, reports what is wrong, and files them right.
public struct StationFiling: Sendable {
    /// What the page has wrong.
    public private(set) var report = FilingReport()
    /// Every station once, in the printed order of letters and provinces; a misfiled station stands at the end of its
    /// right province, a province that the page lacks at the end of its letter.
    public private(set) var stations: [Station] = []

    private let divisions: Divisions
    /// Units already met, so that a second printing is a duplicate; by full name and province.
    private var met: [String: String] = [:]
    private var metUnknown: Set<String> = []
    /// Short names of the printed provinces with their place on the page.
    private var provinceRank: [String: Int] = [:]

    /// A printed name with the unit that it means.
    private struct Reading {
        let division: Division
        let status: Station.NameStatus
        let former: FormerName?
    }

    /// A printed city with its place on the page.
    private struct Place {
        let city: PrintedText
        let province: PrintedProvince
        let official: Province?
        let position: Int
    }

    /// Files the stations of a page. Time is proportional to the stations, with one pass over the table.
    public init(page: SitePage, divisions: Divisions = .official) {
        self.divisions = divisions
        for printed in page.provinces {
            let official = divisions.province(named: printed.name)
            checkProvince(printed, official)
            let name = official?.name ?? printed.name
            if provinceRank[name] == nil { provinceRank[name] = provinceRank.count }
            for (index, city) in printed.cities.enumerated() {
                file(Place(city: city, province: printed, official: official, position: index + 1))
            }
        }
        findMissing(on: page)
        sortStations()
    }

    private mutating func checkProvince(_ printed: PrintedProvince, _ official: Province?) {
        guard let official else {
            report.unknownProvinces.append(
                .init(province: printed.name, line: printed.line, pageLetter: printed.letter, rightLetter: nil))
            return
        }
        if let letter = printed.letter, letter != official.letter {
            report.provincesUnderWrongLetter.append(
                .init(
                    province: official.name, line: printed.line, pageLetter: letter, rightLetter: official.letter))
        }
    }

    /// What a name means under a province. A unit of the printed province is preferred; a lesser unit of that
    /// province counts only where the province has no prefectures (districts of 北京) or the lesser unit is a city.
    private func read(_ printed: String, under province: Province?) -> Reading? {
        let units = divisions.units(named: printed)
        let own = units.first { $0.provinceCode == province?.code }
        let cities = divisions.countyCities(named: printed)
        let ownCity = cities.first { $0.provinceCode == province?.code }
        let namesakes = divisions.namesakes(named: printed)
        func status(_ division: Division) -> Station.NameStatus {
            printed == division.name || printed == division.fullName ? .official : .irregular
        }
        if let own { return Reading(division: own, status: status(own), former: nil) }
        if let former = divisions.formerName(printed) {
            return Reading(division: former.today, status: .former, former: former)
        }
        if let ownCity { return Reading(division: ownCity, status: .official, former: nil) }
        if let province, let namesake = Self.district(of: province, namesakes, units, divisions) {
            return Reading(division: namesake, status: .official, former: nil)
        }
        guard let found = units.first ?? cities.first ?? namesakes.first else { return nil }
        return Reading(division: found, status: status(found), former: nil)
    }

    private static func district(
        of province: Province, _ named: [Division], _ units: [Division], _ divisions: Divisions
    ) -> Division? {
        if let exact = named.first(where: { $0.provinceCode == province.code }) { return exact }
        guard province.fullName.hasSuffix("市"), let unit = units.first else { return nil }
        return divisions.sharingName(with: unit).first { $0.provinceCode == province.code }
    }

    private mutating func file(_ place: Place) {
        let printed = place.city.printed
        guard let reading = read(printed, under: place.official) else {
            report.unknownNames.append(named(place, nil))
            keep(place, nil, .unknown)
            return
        }
        let division = reading.division
        let key = division.provinceCode + division.fullName
        if met[key] != nil {
            report.duplicates.append(named(place, division))
            return
        }
        met[key] = place.official?.name ?? place.province.name
        let isRight = division.provinceCode == place.official?.code
        if !isRight { report.filedUnderWrongProvince.append(misfiled(place, division)) }
        note(place, reading, isRight: isRight)
        keep(place, division, reading.status)
    }

    private mutating func note(_ place: Place, _ reading: Reading, isRight: Bool) {
        let division = reading.division
        if let former = reading.former {
            let prefecture =
                division.level == .county
                ? division.prefectureCode.flatMap { divisions.division(code: $0) } : division
            report.noLongerAPrefectureLevelName.append(
                .init(
                    printed: place.city.printed, pageProvince: place.province.name, line: place.city.line,
                    provinceIsRight: isRight,
                    today: .init(
                        code: division.code, name: division.fullName, prefectureLevelCode: prefecture?.code,
                        prefectureLevelName: prefecture?.fullName),
                    year: former.year))
        } else if isRight, !["市", "特别行政区"].contains(division.kind), place.city.printed != division.fullName {
            report.shortNames.append(named(place, division, kind: division.kind))
        }
        if reading.status == .irregular || (reading.status == .former && division.level == .prefecture) {
            report.irregularForms.append(named(place, division))
        }
        if division.level == .countyUnderProvince, isRight {
            report.listedCountiesUnderProvince.append(named(place, division))
        }
    }

    private func named(_ place: Place, _ division: Division?, kind: String? = nil) -> FilingReport.Named {
        .init(
            printed: place.city.printed, pageProvince: place.province.name, line: place.city.line,
            code: division?.code, fullName: division?.fullName, kind: kind)
    }

    private func misfiled(_ place: Place, _ division: Division) -> FilingReport.Misfiled {
        let right = divisions.province(code: division.provinceCode)
        let lesser = divisions.sharingName(with: division).first { $0.provinceCode == place.official?.code }
        var evidence = [
            "\(division.code ?? "-") \(division.fullName) belongs to \(right?.code ?? "-") \(right?.fullName ?? "-")",
            "no unit of prefecture level, and no county directly under the province, of "
                + "\(place.official?.fullName ?? place.province.name) has this name",
        ]
        if place.position == 1 || place.position == place.province.cities.count {
            evidence.append(place.position == 1 ? "first in its list" : "last in its list")
        }
        return .init(
            printed: place.city.printed, pageLetter: place.province.letter, pageProvince: place.province.name,
            line: place.city.line, positionInList: place.position, listLength: place.province.cities.count,
            rightProvince: right?.name ?? "", rightLetter: right?.letter ?? "", code: division.code,
            fullName: division.fullName, evidence: evidence,
            certainty: lesser.map {
                "probable: \($0.fullName) (\($0.code ?? "-")) lies in \(place.province.name), but is of county level"
            } ?? "certain")
    }

    private mutating func keep(_ place: Place, _ division: Division?, _ status: Station.NameStatus) {
        let printed = place.city.printed
        let province = division.flatMap { divisions.province(code: $0.provinceCode) } ?? place.official
        if division == nil, !metUnknown.insert(place.province.name + "\n" + printed).inserted { return }
        stations.append(
            Station(
                printed: printed, name: division?.name ?? printed, fullName: division?.fullName,
                code: division?.code, sixDigitCode: division?.sixDigitCode, level: division?.level,
                province: province?.name ?? place.province.name, provinceCode: province?.code,
                letter: province?.letter ?? place.province.letter ?? "", pinyin: division?.pinyin ?? "",
                initials: division?.initials ?? "", slug: division.map { divisions.slug(of: $0) },
                nameStatus: status, pageProvince: place.official?.name ?? place.province.name,
                pageLetter: place.province.letter, line: place.city.line))
    }

    private mutating func findMissing(on page: SitePage) {
        let printed = Set(page.provinces.compactMap { divisions.province(named: $0.name)?.code })
        for province in divisions.provinces where !printed.contains(province.code) {
            report.regionsMissing.append(province.fullName)
        }
        for unit in divisions.units where printed.contains(unit.provinceCode) {
            guard let province = divisions.province(code: unit.provinceCode) else { continue }
            let found = met[unit.provinceCode + unit.fullName]
            let missing = FilingReport.Missing(
                code: unit.code, fullName: unit.fullName, province: province.name,
                foundUnder: found == province.name ? nil : found)
            switch (found, unit.level) {
            case (nil, .countyUnderProvince): report.missingCountiesUnderProvince.append(missing)
            case (nil, _): report.missingFromPage.append(missing)
            case (let place?, _) where place != province.name: report.missingFromOwnProvince.append(missing)
            default: break
            }
        }
    }

    /// Stable: letters in order, provinces as printed, cities as printed with the moved ones behind.
    private mutating func sortStations() {
        let rank = provinceRank
        let sorted = stations.enumerated().sorted { left, right in
            let (a, b) = (left.element, right.element)
            if a.letter != b.letter { return a.letter < b.letter }
            let ranks = (rank[a.province] ?? Int.max, rank[b.province] ?? Int.max)
            if ranks.0 != ranks.1 { return ranks.0 < ranks.1 }
            if a.province != b.province { return a.province < b.province }
            if a.isMisfiled != b.isMisfiled { return b.isMisfiled }
            return left.offset < right.offset
        }
        stations = sorted.map(\.element)
    }
}
