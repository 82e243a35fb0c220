import Foundation
import Site
import TestSupport
import Testing

/// The real page of the seed data against the facts that were written down for it.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct SeedPageTests {
    static func report() throws -> (report: [String: Any], filing: StationFiling) {
        let text = String(decoding: try Shared.data("data/seed/site-page.txt"), as: UTF8.self)
        let page = try SitePage.parse(text)
        let filing = StationFiling(page: page)
        let report = SiteImportReport(source: "site-page.txt", page: page, filing: filing)
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(report))
        return (try #require(json as? [String: Any]), filing)
    }

    static func expected(_ file: String) throws -> [String: Any] {
        let json = try JSONSerialization.jsonObject(with: Shared.data("data/seed/\(file)"))
        return try #require(json as? [String: Any])
    }

    /// A canonical text of a JSON value, so that values of any shape can be compared and shown.
    static func text(_ value: Any?) throws -> String {
        guard let value else { return "absent" }
        let data = try JSONSerialization.data(withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys])
        return String(decoding: data, as: UTF8.self)
    }

    static func without(_ keys: Set<String>, _ value: Any?) throws -> [[String: Any]] {
        try #require(value as? [[String: Any]]).map { $0.filter { !keys.contains($0.key) } }
    }

    @Test func stationsAreReadAsPrinted() throws {
        let report = try Self.report().report
        let expected = try Self.expected("expected-stations.json")
        for key in ["counts", "letters_without_group", "groups"] {
            #expect(try Self.text(report[key]) == Self.text(expected[key]), "\(key)")
        }
        let selected = try #require(report["selected_city"] as? [String: Any])
        #expect(selected["printed"] as? String == "鞍山")
        #expect(selected["line"] as? Int == 1)
    }

    @Test func misfiledStationsHaveAllFacts() throws {
        let report = try Self.report().report
        let expected = try Self.expected("filing-errors.json")
        let key = "filed_under_wrong_province"
        let sentences: Set<String> = ["evidence", "certainty"]
        #expect(
            try Self.text(Self.without(sentences, report[key]))
                == Self.text(Self.without(sentences, expected[key])))
        let ours = try #require(report[key] as? [[String: Any]])
        let theirs = try #require(expected[key] as? [[String: Any]])
        for (our, their) in zip(ours, theirs) {
            #expect(Set(our.keys) == Set(their.keys))
            let word = try #require(their["certainty"] as? String).prefix { $0 != ":" }
            #expect((our["certainty"] as? String)?.hasPrefix(word) == true, "\(our["printed"] ?? "")")
        }
    }

    @Test func missingAndListedUnits() throws {
        let report = try Self.report().report
        let expected = try Self.expected("filing-errors.json")
        let keys = [
            "missing_from_page", "missing_counties_directly_under_a_province",
            "listed_counties_directly_under_a_province", "missing_from_own_province_because_filed_elsewhere",
        ]
        for key in keys {
            let fields: Set<String> = ["full_name", "province", "printed", "page_province", "found_under"]
            func rows(_ value: Any?) throws -> [String] {
                try #require(value as? [[String: Any]])
                    .map { try Self.text($0.filter { fields.contains($0.key) }) }.sorted()
            }
            #expect(try rows(report[key]) == rows(expected[key]), "\(key)")
        }
        let summary = try #require(expected["summary"] as? [String: Any])
        #expect(
            try Set(#require(report["regions_missing"] as? [String]))
                == Set(#require(summary["regions_missing"] as? [String])))
    }

    @Test func formerShortAndIrregularNames() throws {
        let report = try Self.report().report
        let expected = try Self.expected("filing-errors.json")
        let former = "no_longer_a_prefecture_level_name"
        let own: Set<String> = ["evidence", "history", "year"]
        #expect(try Self.text(Self.without(own, report[former])) == Self.text(Self.without(own, expected[former])))
        #expect(
            try Self.text(Self.without(["kind"], report["short_names"]))
                == Self.text(Self.without([], expected["short_names"])))
        let irregular = try #require(expected["irregular_printed_forms"] as? [String: Any])
        func names(_ value: Any?) throws -> [String] {
            try Self.without(["kind", "line", "code"], value).map { try Self.text($0) }.sorted()
        }
        #expect(try names(report["irregular_printed_forms"]) == names(irregular["items"]))
        for key in ["provinces_under_wrong_letter", "unknown_names", "unknown_provinces", "duplicates"] {
            #expect(try Self.text(report[key]) == "[]", "\(key)")
        }
    }

    @Test func contactNameAndCategories() throws {
        let report = try Self.report().report
        let expected = try Self.expected("expected-page.json")
        for key in ["contact", "brand", "news_categories"] {
            #expect(try Self.text(report[key]) == Self.text(expected[key]), "\(key)")
        }
        #expect(report["lines"] as? Int == 200)
    }

    @Test func articleHasAllFacts() throws {
        let report = try Self.report().report
        var expected = try Self.expected("expected-article.json")
        expected["paragraph_rule"] = nil
        expected["body_hash_rule"] = nil
        let article = try #require(report["article"] as? [String: Any])
        #expect(Set(article.keys) == Set(expected.keys))
        for (key, value) in expected {
            #expect(try Self.text(article[key]) == Self.text(value), "\(key)")
        }
    }

    @Test func everyStationIsFiledRight() throws {
        let stations = try Self.report().filing.stations
        #expect(stations.count == 360)
        #expect(stations.filter(\.isMisfiled).map(\.printed).sorted() == ["兴安", "宜昌", "永州", "泰州", "淮北"].sorted())
        func station(_ printed: String) throws -> Station {
            let found = stations.filter { $0.printed == printed }
            #expect(found.count == 1)
            return try #require(found.first)
        }
        let yichang = try station("宜昌")
        #expect((yichang.province, yichang.letter, yichang.code) == ("湖北", "H", "4205"))
        #expect((yichang.sixDigitCode, yichang.pinyin, yichang.initials) == ("420500", "yichang", "yc"))
        let huaibei = try station("淮北")
        #expect((huaibei.province, huaibei.letter) == ("安徽", "A"))
        #expect(try station("莱芜").code == "370116")
        #expect(try station("林芝地区").name == "林芝")
        #expect(try station("克州").fullName == "克孜勒苏柯尔克孜自治州")
        #expect(stations.filter { $0.printed == "鞍山" }.count == 1)
        // Every station stands under the letter of its province, in one block per province.
        let official = Divisions.official
        var seen: [String] = []
        for station in stations {
            #expect(official.province(named: station.province)?.letter == station.letter)
            #expect(!station.pinyin.isEmpty && station.code != nil && station.nameStatus != .unknown)
            if seen.last != station.province { seen.append(station.province) }
        }
        #expect(seen.count == 31 && Set(seen).count == 31)
        #expect(seen.prefix(6) == ["安徽", "北京", "重庆", "福建", "甘肃", "广西"])
        #expect(Set(stations.compactMap(\.slug)).count == 360)
    }

    @Test func reportSurvivesItsJSON() throws {
        let text = String(decoding: try Shared.data("data/seed/site-page.txt"), as: UTF8.self)
        let page = try SitePage.parse(text)
        let report = SiteImportReport(source: "p", page: page, filing: StationFiling(page: page))
        #expect(try JSONDecoder().decode(SiteImportReport.self, from: JSONEncoder().encode(report)) == report)
        #expect(try JSONDecoder().decode(SitePage.self, from: JSONEncoder().encode(page)) == page)
    }
}
