import Testing
import Text

@Suite("Numbers")
struct NumbersTests {
    private func keys(_ text: String) -> [String] { Numbers.mentions(in: text).map(\.key) }

    @Test(arguments: [
        ("１２０", ["120"]), ("1,000", ["1000"]), ("1,234,567.50元", ["1234567.5元"]), ("1万元", ["10000元"]),
        ("1.5 万元", ["15000元"]),
        ("3亿", ["300000000"]), ("2 million", ["2000000"]), ("三个工作日", ["3工作日"]), ("3个工作日", ["3工作日"]),
        ("三百二十五家", ["325家"]),
        ("一万五千元", ["15000元"]), ("两万五", ["25000"]), ("百分之五", ["5%"]), ("5％", ["5%"]), ("百分之三十五点五", ["35.5%"]),
        ("5个百分点", ["5%"]), ("¥0.35", ["0.35元"]), ("人民币100元", ["100元"]), ("$20", ["20美元"]), ("RMB 300", ["300元"]),
        ("1.2m", ["1200mm"]), ("1200mm", ["1200mm"]), ("120 cm", ["1200mm"]), ("1.5吨", ["1500000g"]),
        ("1500公斤", ["1500000g"]),
        ("七天", ["7天"]), ("7日内", ["7天"]), ("24小时", ["24小时"]), ("24h", ["24小时"]), ("第三条", ["第3条"]), ("第 12 章", ["第12章"]),
        ("八五折", ["85折"]), ("60多家", ["60家"]),
    ])
    func quantities(text: String, expected: [String]) {
        #expect(keys(text) == expected)
    }

    @Test(arguments: [
        ("2025年3月1日", "2025-03-01"), ("2025-03-01", "2025-03-01"), ("2025/3/1", "2025-03-01"),
        ("2025.3.1", "2025-03-01"),
        ("2025 年 3 月 1 日", "2025-03-01"), ("二〇二五年三月一日", "2025-03-01"), ("2025年3月", "2025-03"), ("2025年", "2025"),
        ("3月1日", "--03-01"), ("三月一日", "--03-01"), ("March 1, 2025", "2025-03-01"), ("Mar 2025", "2025-03"),
        ("2025-03", "2025-03"),
        ("十二月三十一日", "--12-31"), ("２０２５年１２月３１日", "2025-12-31"),
    ])
    func dates(text: String, expected: String) {
        let mentions = Numbers.mentions(in: "自\(text)起")
        #expect(mentions.map(\.kind) == [.date] && mentions.map(\.value) == [expected], "\(mentions)")
    }

    @Test(arguments: [
        ("8:30", ["08:30"]), ("08：30-17：30", ["08:30", "17:30"]), ("下午5点半", ["17:30"]), ("上午九点", ["09:00"]),
        ("晚上8点30分", ["20:30"]),
        ("8点到18点", ["08:00", "18:00"]),
    ])
    func times(text: String, expected: [String]) {
        let mentions = Numbers.mentions(in: text)
        #expect(mentions.allSatisfy { $0.kind == .time } && mentions.map(\.value) == expected, "\(mentions)")
    }

    @Test(arguments: [
        ("400-820-8820", "4008208820"), ("4008-208-820", "4008208820"), ("13812345678", "13812345678"),
        ("138-1234-5678", "13812345678"),
        ("+86 138 1234 5678", "13812345678"), ("0571-88886666", "057188886666"), ("TEL021-12345678", "02112345678"),
    ])
    func phones(text: String, expected: String) {
        let mentions = Numbers.mentions(in: text)
        #expect(mentions.map(\.kind) == [.phone] && mentions.map(\.value) == [expected], "\(mentions)")
    }

    @Test(arguments: [
        "一个客户", "统一标准", "万一发生", "十分重要", "千万别", "一些", "PT-1210", "v1.2", "5G", "1.2.3.4", "同一天", "一般", "第一", "百家争鸣",
        "数十家",
        "一起", "三七开", "1. 打开", "（2）关闭", "3、检查", "零件", "拾壹电器", "四角着地", "前一天", "每一次", "第一，打开", "头一个月", "ISO9001", "3D",
        "之一",
    ])
    func notNumbers(text: String) {
        let mentions = Numbers.mentions(in: text).filter { $0.kind != .ordinal }
        #expect(mentions.isEmpty, "\(mentions)")
    }

    @Test func rangesHaveTheUnitOfTheirEnd() {
        #expect(keys("3-5天") == ["3天", "5天"])
        #expect(keys("100至200元") == ["100元", "200元"])
        #expect(keys("1200×1000mm") == ["1200mm", "1000mm"])
        #expect(keys("2 到 8 ℃") == ["2°c", "8°c"])
        #expect(keys("2 月 15 日至 21 日") == ["date --02-15", "date --02-21"])
        #expect(keys("2025年3月1日至5日") == ["date 2025-03-01", "date 2025-03-05"])
    }

    @Test func weekdays() {
        #expect(Numbers.mentions(in: "周一至周五，星期日休息").map(\.value) == ["1", "5", "7"])
    }

    @Test func sourceRangesHoldTheMention() {
        let text = "押金为每块１２０元，三个工作日内退，热线400-820-8820"
        let scalars = Array(text.unicodeScalars)
        let found = Numbers.mentions(in: text).map { mention -> String in
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars[mention.range])
            return String(view)
        }
        #expect(found == ["１２０元", "三个工作日", "400-820-8820"])
    }

    @Test(arguments: [
        ("押金120元", "押金为１２０元", true), ("押金120元", "押金为130元", false), ("3个工作日", "三个工作日内", true), ("3天", "三个工作日", false),
        ("3月1日", "2025年3月1日起", true), ("2025年3月1日", "3月1日起", false), ("2025年", "2025-03-01", true), ("5%", "5元", false),
        ("长1.2米", "1200mm", true), ("型号1210", "PT-1210", true), ("0571-88886666", "电话（0571）88886666", true),
        ("下午5点半", "17:30", true),
        ("共3种", "三种规格", true), ("没有数字", "也没有", true), ("1万元", "10,000元", true), ("第三条", "3条", false),
    ])
    func claimsNeedEvidence(claim: String, evidence: String, holds: Bool) {
        #expect(Numbers.unsupported(in: claim, by: evidence).isEmpty == holds)
    }

    @Test(arguments: [
        ("一百零五", 105), ("一百五", 150), ("一百五十", 150), ("三千二", 3200), ("一万零三", 10003), ("十二", 12), ("二十", 20),
        ("两千", 2000),
        ("一亿三千万", 130_000_000), ("二〇二五", 2025), ("壹佰贰拾", 120), ("零", 0),
    ])
    func chineseNumerals(text: String, value: Int) {
        #expect(ChineseNumerals.value(of: text) == value)
    }

    @Test(arguments: ["", "甲", "一甲", "千", "亿亿亿亿亿亿亿亿", "九亿亿亿亿亿", "12"])
    func notChineseNumerals(text: String) {
        #expect(ChineseNumerals.value(of: text) == nil)
    }

    @Test func hostileRunsEndQuickly() {
        for run in ["9", "九", "1,", "1.", "1-", "百", "亿", "2025年", "¥"] {
            _ = Numbers.mentions(in: String(repeating: run, count: 50_000))
        }
    }
}
