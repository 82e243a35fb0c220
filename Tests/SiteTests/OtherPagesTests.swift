import Site
import Testing

/// Pages of other companies, made by hand: same shape, other habits.
@Suite struct OtherPagesTests {
    @Test func smallPageWithHotlineAndSeveralNumbers() throws {
        let page = try SitePage.parse(
            """
            当前城市：昆山
            J 江苏
            南京、苏州、昆山
            S 陕西
            西安 安康
            服务热线：400-800-1234 / 0512-5555 6666
            手机 13912345678
            联众托盘共享
            全部 公司新闻 行业动态
            技术文章
            """)
        #expect(page.selectedCity?.printed == "昆山")
        #expect(page.provinces.map(\.name) == ["江苏", "陕西"])
        #expect(page.provinces.map(\.letter) == ["J", "S"])
        #expect(page.provinces[0].cities.map(\.printed) == ["南京", "苏州", "昆山"])
        #expect(page.contacts.map(\.digits) == ["4008001234", "051255556666", "13912345678"])
        #expect(page.contacts[1].printed == "0512-5555 6666")
        #expect(page.name?.printed == "联众托盘共享")
        #expect(page.categories.map(\.printed) == ["全部", "公司新闻", "行业动态", "技术文章"])
        #expect(page.categories.map(\.isFilterAll) == [true, false, false, false])
        #expect(page.article == nil)
        let filing = StationFiling(page: page)
        #expect(filing.report.filedUnderWrongProvince.isEmpty && filing.report.unknownNames.isEmpty)
        #expect(filing.stations.first { $0.name == "昆山" }?.code == "320583")
        #expect(filing.report.regionsMissing.count == 32)
        #expect(!filing.report.missingFromPage.contains { $0.province == "浙江" })
    }

    @Test func blanksLineEndsAndByteOrderMark() throws {
        let page = try SitePage.parse(
            "\u{FEFF}合肥\u{A0}\r\nA\u{2003}安徽\r\n合肥\t芜湖\u{3000}六安\r\n\u{A0}\u{3000}\r\n0551-1234567\r\n某公司\r\n"
                + "好标题\r\n\u{A0}作者：张 三\u{2003}2024年3月5日 09:30\u{A0}阅读（1.2万）\r\n\u{3000}\u{3000}第一段\u{A0}\r\n"
                + "\r\n第二段\r\n上一篇：没有了\r\n下一篇： 后文\r\n版权所有\r\n")
        #expect(page.provinces.map { $0.cities.map(\.printed) } == [["合肥", "芜湖", "六安"]])
        #expect(page.contacts.map(\.digits) == ["05511234567"])
        let article = try #require(page.article)
        #expect(article.title == "好标题")
        #expect((article.author, article.date, article.reads) == ("张 三", "2024-03-05", 12_000))
        #expect(article.paragraphs.map(\.printed) == ["第一段", "第二段"])
        #expect(article.previous == nil)
        #expect(article.next?.title == "后文")
        #expect(page.unread.map(\.printed) == ["版权所有"])
        #expect(page.lineCount == 14)
    }

    @Test func otherLayoutsOfTheList() throws {
        let page = try SitePage.parse(
            """
            A B C D E F G H I J K L M N O P Q R S T U V W X Y Z
            a
            安徽省
            合肥 芜湖
            蚌埠 六安
            Ｂ：北京
            北京
            H 河北 石家庄 唐山
            河南
            郑州
            J 吉林
            吉林 长春
            X 香港
            香港
            """)
        #expect(page.provinces.map(\.name) == ["安徽省", "北京", "河北", "河南", "吉林", "香港"])
        #expect(page.provinces.map(\.letter) == ["A", "B", "H", "H", "J", "X"])
        #expect(page.provinces[0].cities.count == 4)
        #expect(page.provinces[0].cities.last?.line == 5)
        #expect(page.provinces[2].cities.map(\.printed) == ["石家庄", "唐山"])
        #expect(page.provinces[4].cities.map(\.printed) == ["吉林", "长春"])
        let filing = StationFiling(page: page)
        #expect(filing.report.filedUnderWrongProvince.isEmpty && filing.report.provincesUnderWrongLetter.isEmpty)
        #expect(filing.stations.map(\.province).last == "香港")
        #expect(filing.stations.last?.sixDigitCode == "810000")
    }

    @Test func linesBetweenTheProvinces() throws {
        let page = try SitePage.parse(
            """
            托盘网 首页
            鞍山 [切换城市]
            A 安徽
            合肥
            海外
            热门推荐 下载客户端
            B 北京
            北京
            某某托盘
            """)
        #expect(page.selectedCity?.printed == "鞍山")
        #expect(page.provinces.map(\.name) == ["安徽", "北京"])
        #expect(page.unread.map(\.line) == [1, 5, 6])
        #expect(page.name?.printed == "某某托盘")
    }

    @Test func neighboursBelowTheirLabels() throws {
        let page = try SitePage.parse(
            """
            A 安徽
            合肥
            公司
            分类
            标题
            发布时间：2024-05-06
            上一篇文章说过的话。
            正文二
            上一篇
            前面的文章
            下一篇 后面的文章
            页脚
            """)
        let article = try #require(page.article)
        #expect((article.title, article.date) == ("标题", "2024-05-06"))
        #expect(article.author == nil && article.reads == nil)
        #expect(article.paragraphs.map(\.line) == [7, 8])
        #expect(article.previous?.title == "前面的文章" && article.previous?.line == 10)
        #expect(article.next?.title == "后面的文章" && article.next?.line == 11)
        #expect(page.unread.map(\.printed) == ["页脚"])
        #expect(page.categories.map(\.printed) == ["分类"])
    }

    @Test func aPrefectureWithTheNameOfAProvinceMayStandAlone() throws {
        let page = try SitePage.parse("H 海南\n海口\nQ 青海\n海南\nS 四川\n成都\n某公司\n")
        #expect(page.provinces.map(\.name) == ["海南", "青海", "四川"])
        #expect(page.provinces.map { $0.cities.map(\.printed) } == [["海口"], ["海南"], ["成都"]])
        #expect(StationFiling(page: page).report.filedUnderWrongProvince.isEmpty)
    }

    /// Pages made at random from the table, in random habits, are read back exactly.
    @Test func randomPages() throws {
        var generator = SystemRandomNumberGenerator()
        let divisions = Divisions.official
        let blanks = [" ", "\t", "\u{A0}", "\u{3000}", " \u{A0} ", "、", "，"]
        for round in 0..<60 {
            let blank = blanks[round % blanks.count]
            let end = ["\n", "\r\n", "\n\n", "\r\n\u{A0}\r\n"][round % 4]
            var text = round % 3 == 0 ? "\u{FEFF}南京" + end : ""
            var expected: [(String, [String])] = []
            var last = ""
            let provinces = divisions.provinces.filter { _ in Int.random(in: 0..<3, using: &generator) == 0 }
                .sorted { ($0.letter, $0.code) < ($1.letter, $1.code) }
            for province in provinces {
                var cities = divisions.units.filter { $0.provinceCode == province.code }
                    .map { Bool.random(using: &generator) ? $0.name : $0.fullName }
                cities.shuffle(using: &generator)
                cities = Array(Set(cities.prefix(Int.random(in: 1...20, using: &generator)))).sorted()
                text += (province.letter == last ? "\u{A0} " : province.letter) + " \u{A0} " + province.name + end
                text += cities.joined(separator: blank) + end
                last = province.letter
                expected.append((province.name, cities))
            }
            guard !expected.isEmpty else { continue }
            text += "400-123-456\(round % 10)" + end + "公司\(round)" + end + "甲类 乙类" + end
            let page = try SitePage.parse(text)
            #expect(page.provinces.map(\.name) == expected.map(\.0))
            #expect(page.provinces.map { $0.cities.map(\.printed) } == expected.map(\.1))
            #expect(page.contacts.map(\.digits) == ["400123456\(round % 10)"])
            #expect(page.name?.printed == "公司\(round)" && page.categories.map(\.printed) == ["甲类", "乙类"])
            let report = StationFiling(page: page).report
            #expect(report.filedUnderWrongProvince.isEmpty && report.unknownNames.isEmpty)
            #expect(report.provincesUnderWrongLetter.isEmpty && report.noLongerAPrefectureLevelName.isEmpty)
        }
    }

    @Test func faultsOfAnotherPage() throws {
        let page = try SitePage.parse(
            """
            Z 重庆
            重庆
            G 广东
            广州 长沙 广州 襄樊 某某镇 恩施
            X 某省
            武汉 南昌
            B 北京
            朝阳 北京
            """)
        let filing = StationFiling(page: page)
        let report = filing.report
        #expect(report.provincesUnderWrongLetter.map(\.province) == ["重庆"])
        #expect(report.provincesUnderWrongLetter.first?.rightLetter == "C")
        #expect(report.unknownProvinces.map(\.province) == ["某省"])
        #expect(report.filedUnderWrongProvince.map(\.printed) == ["长沙", "襄樊", "恩施", "武汉", "南昌"])
        #expect(report.filedUnderWrongProvince.map(\.rightProvince) == ["湖南", "湖北", "湖北", "湖北", "江西"])
        #expect(report.filedUnderWrongProvince.map(\.certainty).allSatisfy { $0 == "certain" })
        #expect(report.noLongerAPrefectureLevelName.map(\.printed) == ["襄樊"])
        #expect(report.noLongerAPrefectureLevelName.map(\.provinceIsRight) == [false])
        #expect(report.unknownNames.map(\.printed) == ["某某镇"])
        #expect(report.duplicates.map(\.printed) == ["广州"])
        // 朝阳 under 北京 is the district, not the city of 辽宁.
        #expect(filing.stations.first { $0.printed == "朝阳" }?.code == "110105")
        #expect(filing.stations.first { $0.printed == "某某镇" }?.province == "广东")
        #expect(filing.stations.first { $0.printed == "重庆" }?.letter == "C")
        #expect(filing.stations.count { $0.printed == "广州" } == 1)
    }

    @Test func reportInBothLanguages() throws {
        let page = try SitePage.parse("H 河北\n石家庄 宜昌\n某公司\n")
        let report = SiteImportReport(source: "页.txt", page: page, filing: StationFiling(page: page))
        let chinese = report.text(in: .chinese)
        #expect(chinese.contains("第 2 行：宜昌 印在河北，属于湖北（H），已改正"))
        #expect(chinese.contains("名称：某公司"))
        let english = report.text(in: .english)
        #expect(english.contains("line 2: 宜昌 stands under 河北, belongs to 湖北 (H)"))
        #expect(english.contains("and 5 more") == false && english.contains("not on the page: 唐山市"))
    }

    @Test(arguments: [
        ("作者:甲 2023-08-07   阅读:763", "甲", "2023-08-07", 763),
        ("2024/1/2 来源：新华网 作者：乙 浏览量：1,234次", "乙", "2024-01-02", 1234),
        ("Author: Li Lei | 2024.12.31 08:00:01 | Views: 9", "Li Lei", "2024-12-31", 9),
        ("编辑：丙丁 阅读 12 发布时间：2020年2月29日", "丙丁", "2020-02-29", 12),
    ])
    func metaLines(line: String, author: String, date: String, reads: Int) throws {
        let page = try SitePage.parse("A 安徽\n合肥\n公司\n标题\n\(line)\n正文")
        let article = try #require(page.article)
        #expect((article.author, article.date, article.reads) == (author, date, reads))
        #expect(article.paragraphs.map(\.printed) == ["正文"])
        #expect(article.previous == nil && article.next == nil)
    }
}
