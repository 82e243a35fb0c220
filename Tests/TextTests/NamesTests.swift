import Testing
import Text

@Suite("Names")
struct NamesTests {
    private func names(_ text: String, _ kind: NameMention.Kind) -> [String] {
        Names.mentions(in: text).filter { $0.kind == kind }.map(\.value)
    }

    @Test(arguments: [
        ("请联系王经理。", ["王"]), ("总经理李明表示欢迎", ["李明"]), ("联系人：张三，电话", ["张三"]), ("李明总经理出席", ["李明"]),
        ("欧阳修先生和赵女士", ["欧阳修", "赵"]),
        ("作者:刘大力", ["刘大力"]), ("我们的总经理是陈建国。", ["陈建国"]), ("站长冯岭说，好", ["冯岭"]),
        ("Contact Mr. John Smith today", ["John Smith"]),
    ])
    func persons(text: String, expected: [String]) {
        #expect(names(text, .person) == expected)
    }

    @Test(arguments: [
        "高级经理", "项目经理负责", "客户经理会联系您", "请向经理汇报", "应当由总经理批准", "安全主任", "区域总监", "任总经理期间", "总经理办公室", "联系人和电话", "托盘租赁价格",
        "华东总监", "负责人应当签字", "全国总经理", "经理和主管", "万元总价",
    ])
    func notPersons(text: String) {
        #expect(names(text, .person).isEmpty, "\(names(text, .person))")
    }

    @Test(arguments: [
        ("上海示例托盘租赁有限公司成立于2010年", ["上海示例托盘租赁有限公司"]), ("毕业于浙江大学的李明", ["浙江大学"]), ("客户可到中国工商银行办理", ["中国工商银行"]),
        ("本公司与杭州某某物流集团合作", ["杭州某某物流集团"]), ("银行转账", []), ("可用银行转账", []), ("要您填写银行", []), ("去医院", []), ("该集团", []),
    ])
    func organisations(text: String, expected: [String]) {
        #expect(names(text, .organisation) == expected)
    }

    @Test(arguments: [
        ("型号PT-1210和ＰＴ－１１１１", ["pt1210", "pt1111"]), ("符合GB/T标准与ISO9001", ["gb", "iso9001"]), ("ABS材质", ["abs"]),
        ("1200mm", []),
        ("hello world", []), ("OK", []),
    ])
    func codes(text: String, expected: [String]) {
        #expect(Names.codes(in: text).map(\.value).filter { $0 != "t" } == expected)
    }

    @Test(arguments: [
        ("总经理李明", "公司总经理是李明。", true), ("总经理李明", "公司总经理是王强。", false), ("请找王经理", "王经理负责", true),
        ("请找王经理", "李经理负责", false),
        ("型号PT-1210", "pt1210适合冷库", true), ("型号PT-1210", "PT-1110适合冷库", false), ("浙江大学", "北京大学", false),
    ])
    func claimsNeedEvidence(claim: String, evidence: String, holds: Bool) {
        #expect(Names.unsupported(in: claim, by: evidence).isEmpty == holds)
    }
}
