import Storage
import Text

/// Questions that the passages shown do not answer, though they are about the same things: what people ask just beside
/// of what is written down.
struct UnansweredDrafts {
    /// All codes of the corpus in their comparable form.
    private let codes: Set<String>

    /// What a thing, a place or a person may be asked for, with the words that ask.
    private static let ofThings: [(name: String, asks: String)] = [
        ("生产厂家", "是哪家"), ("供应商", "是哪家"), ("设计师", "是谁"), ("颜色", "是什么"), ("产地", "是哪里"), ("品牌", "是什么"),
        ("包装尺寸", "是多少"), ("保质期", "多久"), ("使用寿命", "是几年"), ("专利号", "是多少"), ("保险费", "多少钱"), ("库存", "还有多少"),
        ("二手价", "是多少"), ("功率", "是多少瓦"), ("耗电量", "一天多少度"), ("检测报告编号", "是多少"), ("去年的销量", "是多少"), ("成本价", "是多少"),
        ("最低折扣", "能打几折"), ("上市时间", "是哪年"), ("说明书", "在哪下载"), ("退货率", "是多少"), ("净重", "是多少公斤"),
    ]
    private static let ofPlaces: [(name: String, asks: String)] = [
        ("负责人", "叫什么"), ("建筑面积", "是多少平方米"), ("员工人数", "有多少"), ("年租金", "是多少"), ("停车位", "有几个"), ("开业时间", "是哪年"),
        ("邮编", "是多少"), ("传真", "号码是多少"), ("年营业额", "是多少"), ("监控", "保存几天"), ("食堂", "几点开饭"), ("房东", "是谁"), ("用电量", "一年多少度"),
    ]
    private static let ofPersons: [(name: String, asks: String)] = [
        ("手机号", "是多少"), ("年龄", "多大"), ("工资", "一个月多少"), ("邮箱", "是什么"), ("老家", "在哪里"), ("生日", "是哪天"), ("毕业院校", "是哪所"),
        ("微信号", "是多少"), ("家庭住址", "在哪"), ("车牌号", "是多少"), ("入职时间", "是哪年"), ("办公室", "在几楼"),
    ]
    private static let besideTheMatter = [
        "今天天气怎么样", "给我讲个笑话", "帮我写一首诗", "股票代码是多少", "老板今年多大了", "你们去年赚了多少钱", "附近哪里有好吃的", "你是哪个公司开发的模型",
        "竞争对手是哪几家", "公司准备什么时候上市", "帮我算一下 37 乘 42", "公司的开户银行账号是多少", "世界杯冠军是谁", "老板的私人电话给我一个", "公司注册资本多少",
        "能介绍个对象吗", "去年的年终奖发了几个月", "Who won the World Cup?", "What is your CEO's private number?",
        "How is the weather today?",
    ]
    private static let cities = [
        "北京", "上海", "天津", "重庆", "广州", "深圳", "杭州", "宁波", "温州", "嘉兴", "南京", "苏州", "无锡", "常州", "合肥", "芜湖", "福州", "厦门",
        "南昌", "济南",
        "青岛", "烟台", "郑州", "洛阳", "武汉", "长沙", "佛山", "东莞", "南宁", "海口", "成都", "昆明", "贵阳", "西安", "兰州", "西宁", "银川", "乌鲁木齐",
        "太原",
        "石家庄", "沈阳", "大连", "长春", "哈尔滨", "呼和浩特", "绍兴", "湖州", "金华", "台州", "徐州", "珠海", "中山", "惠州", "襄阳", "宜昌", "绵阳",
    ]
    private static let placeEndings = ["清洗中心", "维修中心", "分公司", "办事处", "服务站", "中央厨房", "仓", "店", "厂", "库", "站", "校区"]

    init(passages: some Collection<StoredPassage>) {
        codes = passages.reduce(into: []) { codes, passage in
            codes.formUnion(Names.codes(in: passage.lead + "\n" + passage.text).map(\.value))
        }
    }

    /// Something that passages name, asked for what none of them speaks of.
    /// - Parameter things: names of rows.
    func otherAttribute(of things: [String], in shown: [EvidenceText], _ choice: inout SeededChoice) -> String? {
        let text = shown.map { $0.context + "\n" + $0.passage.text }.joined(separator: "\n")
        let terms = EvidenceText.terms(text)
        let persons = Names.mentions(in: text).filter { $0.kind == .person && $0.value.unicodeScalars.count >= 2 }
            .map(\.value)
        let subjects: [(String, [(name: String, asks: String)])] =
            things.map { ($0, Self.ofThings) } + Self.places(in: text).map { ($0, Self.ofPlaces) }
            + persons.map { ($0, Self.ofPersons) }
        guard choice.happens(0.9), let (subject, attributes) = subjects.randomElement(using: &choice) else {
            return choice.pick(Self.besideTheMatter)
        }
        let free = attributes.filter { attribute in
            let units = Question(attribute.name).units.filter { $0.weight >= 0.3 }
            return units.map { $0.share(terms.contains) }.reduce(0, +) < 0.5 * Double(max(1, units.count))
        }
        return free.randomElement(using: &choice).map { "\(subject)的\($0.name)\($0.asks)？" }
    }

    private static func places(in text: String) -> [String] {
        cities.flatMap { city in
            placeEndings.map { city + $0 }.filter { text.contains($0) }
        }
    }

    /// The question with its city, year or code changed to one that the passages do not name.
    func otherThing(_ question: String, in shown: [EvidenceText], _ choice: inout SeededChoice) -> String? {
        let text = shown.map { $0.context + "\n" + $0.passage.text }.joined(separator: "\n")
        if let city = Self.cities.first(where: { question.contains($0) }) {
            let others = Self.cities.filter { !text.contains($0) && !question.contains($0) }
            guard let place = question.firstRange(of: city) else { return nil }
            return question.replacingCharacters(in: place, with: choice.pick(others))
        }
        if let year = ["2024", "2025", "2026"].first(where: {
            question.contains($0 + " 年") || question.contains($0 + "年")
        }) {
            let others = ["2019", "2021", "2023", "2027", "2028"].filter { !text.contains($0) }
            guard let place = question.firstRange(of: year), let other = others.randomElement(using: &choice) else {
                return nil
            }
            return question.replacingCharacters(in: place, with: other)
        }
        return otherCode(question, &choice)
    }

    private func otherCode(_ question: String, _ choice: inout SeededChoice) -> String? {
        let scalars = Array(question.unicodeScalars)
        guard let code = Names.codes(in: question).first(where: { $0.range.count >= 4 }) else { return nil }
        let digits = code.range.filter { scalars[$0].isDigit }
        guard digits.count >= 2 else { return nil }
        for _ in 0..<8 {
            var changed = scalars
            for place in digits.suffix(2) where choice.happens(0.7) {
                let digit = UInt32.random(in: 0...9, using: &choice)
                changed[place] = Unicode.Scalar(0x30 + digit) ?? changed[place]
            }
            let text = String(scalars: changed)
            guard let new = Names.codes(in: text).first(where: { $0.range.lowerBound == code.range.lowerBound }),
                new.value != code.value, !codes.contains(where: { $0.contains(new.value) })
            else { continue }
            // A name behind the code would say what it really is: SZ-1240 热处理木托盘.
            let rest = changed[new.range.upperBound...]
            guard rest.first == " ", let place = rest.firstIndex(of: "的") else { return text }
            return String(scalars: changed[..<new.range.upperBound] + changed[place...])
        }
        return nil
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        self[..<range.lowerBound] + text + self[range.upperBound...]
    }
}
