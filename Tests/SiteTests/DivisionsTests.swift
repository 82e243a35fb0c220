import Foundation
import Site
import TestSupport
import Testing

@Suite struct DivisionsTests {
    let divisions = Divisions.official

    @Test func tableIsWhole() {
        #expect(divisions.provinces.count == 34)
        let mainland = divisions.units.filter { !["71", "81", "82"].contains($0.provinceCode) }
        #expect(mainland.count { $0.level == .municipality } == 4)
        #expect(mainland.count { $0.level == .prefecture } == 333)
        #expect(mainland.count { $0.level == .countyUnderProvince } == 32)
        #expect(divisions.countyCities.count > 360)
        #expect(divisions.formerNames.count == 45)
        for division in divisions.units + divisions.countyCities {
            #expect(division.syllables.count == division.name.count, "\(division.fullName)")
            #expect(division.pinyin.utf8.allSatisfy { (0x61...0x7A).contains($0) }, "\(division.fullName)")
            #expect(division.letter != "I" && division.letter != "U" && division.letter != "V")
        }
    }

    @Test(arguments: [
        ("重庆", "chongqing"), ("厦门", "xiamen"), ("六安", "luan"), ("蚌埠", "bengbu"), ("亳州", "bozhou"),
        ("台州", "taizhou"), ("丽水", "lishui"), ("泸州", "luzhou"), ("儋州", "danzhou"), ("喀什", "kashi"),
        ("长沙", "changsha"), ("长春", "changchun"), ("长治", "changzhi"), ("成都", "chengdu"), ("昌都", "changdu"),
        ("朝阳", "chaoyang"), ("济南", "jinan"), ("乐山", "leshan"), ("阿勒泰", "aletai"), ("乐东", "ledong"),
        ("吕梁", "lvliang"), ("宿迁", "suqian"), ("宿州", "suzhou"), ("漯河", "luohe"), ("郴州", "chenzhou"),
        ("衢州", "quzhou"), ("锡林郭勒", "xilinguole"), ("克孜勒苏", "kezilesu"), ("六盘水", "liupanshui"),
    ])
    func curatedReadings(name: String, pinyin: String) {
        #expect(divisions.units(named: name).map(\.pinyin) == [pinyin])
    }

    @Test func provincesHaveTheirLetter() {
        let letters = [
            "重庆": "C", "陕西": "S", "山西": "S", "西藏": "X", "厦门": nil, "内蒙古": "N", "安徽省": "A",
            "广西壮族自治区": "G", "新疆维吾尔自治区": "X", "台湾": "T",
        ]
        for (name, letter) in letters { #expect(divisions.province(named: name)?.letter == letter, "\(name)") }
        #expect(divisions.province(named: "陕西")?.pinyin == "shaanxi")
        #expect(divisions.province(code: "340181")?.name == "安徽")
    }

    @Test(arguments: [
        ("阿坝州", "5132"), ("克州", "6530"), ("海北藏族", "6322"), ("海西蒙古族藏族", "6328"), ("伊犁哈萨克", "6540"),
        ("伊犁州", "6540"), ("博州", "6527"), ("湘西自治州", "4331"), ("大兴安岭地区", "2327"), ("神农架林区", "429021"),
        ("白沙黎族自治县", "469025"), ("白沙县", "469025"), ("锡林郭勒盟", "1525"), ("合肥市", "3401"), ("北京", "1100"),
        ("西双版纳", "5328"), ("石河子市", "659001"), ("恩施", "4228"), ("海南", "6325"),
    ])
    func printedForms(form: String, code: String) {
        #expect(divisions.units(named: form).map(\.code) == [code])
    }

    @Test func formerNamesPointToToday() {
        #expect(divisions.formerName("巢湖")?.today.fullName == "巢湖市")
        #expect(divisions.formerName("巢湖")?.today.prefectureCode == "3401")
        #expect(divisions.formerName("莱芜")?.today.fullName == "莱芜区")
        #expect(divisions.formerName("林芝地区")?.today.code == "5404")
        #expect(divisions.formerName("襄樊")?.today.name == "襄阳")
        #expect(divisions.formerName("沈阳") == nil)
    }

    @Test func searchByChinesePinyinAndInitials() {
        #expect(divisions.search("hefei").first?.fullName == "合肥市")
        #expect(divisions.search("He Fei").first?.fullName == "合肥市")
        #expect(divisions.search("hf").map(\.name).contains("合肥"))
        #expect(divisions.search("xi'an").first?.fullName == "西安市")
        #expect(Set(divisions.search("suzhou").prefix(2).map(\.name)) == ["苏州", "宿州"])
        #expect(divisions.search("lüliang").first?.name == "吕梁")
        #expect(divisions.search("克州").first?.pinyin == "kezilesu")
        #expect(divisions.search("襄樊").first?.name == "襄阳")
        #expect(divisions.search("马鞍").first?.name == "马鞍山")
        #expect(divisions.search("").isEmpty)
        #expect(divisions.search("zzzz").isEmpty)
        #expect(divisions.search(String(repeating: "a", count: 10_000)).isEmpty)
        #expect(divisions.search("a", limit: 3).count == 3)
        #expect(divisions.search("a", limit: -1).isEmpty)
    }

    @Test func slugsAreUnique() {
        let all = divisions.units.filter { $0.provinceCode != "71" } + divisions.countyCities
        #expect(Set(all.map { divisions.slug(of: $0) }).count == all.count)
        #expect(divisions.units(named: "苏州").map { divisions.slug(of: $0) } == ["suzhou-jiangsu"])
        #expect(divisions.units(named: "合肥").map { divisions.slug(of: $0) } == ["hefei"])
    }

    @Test func namesakesAreKnown() {
        let chaoyang = divisions.units(named: "朝阳")[0]
        #expect(divisions.sharingName(with: chaoyang).compactMap(\.code).contains("110105"))
        let xingan = divisions.units(named: "兴安")[0]
        #expect(divisions.sharingName(with: xingan).map(\.fullName).contains("兴安县"))
    }

    /// Against the published tables: every prefecture and every county directly under a province is there.
    @Test(.enabled(if: Shared.available, Shared.hint))
    func agreesWithPublishedTables() throws {
        func rows(_ file: String) throws -> [[String]] {
            String(decoding: try Shared.data("data/geo/divisions/\(file)"), as: UTF8.self)
                .split(separator: "\n").dropFirst()
                .map { $0.split(separator: ",").map { $0.replacingOccurrences(of: "\"", with: "") } }
        }
        for row in try rows("provinces.csv") { #expect(divisions.province(named: row[1])?.code == row[0]) }
        var compared = 0
        for row in try rows("cities.csv") where row[1] != "市辖区" && row[1] != "县" && !row[1].contains("直辖县级") {
            #expect(divisions.units(named: row[1]).map(\.code) == [row[0]], "\(row[1])")
            compared += 1
        }
        #expect(compared == 333)
        for row in try rows("districts.csv") where ["4190", "4290", "4690", "6590"].contains(row[2]) {
            #expect(divisions.division(code: row[0])?.fullName == row[1])
        }
        for row in try rows("districts.csv") where row[1].hasSuffix("市") && row[0].dropFirst(4).first == "8" {
            #expect(divisions.division(code: row[0])?.fullName == row[1])
        }
    }
}
