import Storage
import Text

/// Questions that the passages shown do not answer, though they are about the same things: what people ask just beside
/// of what is written down.
struct UnansweredDrafts {
    /// All codes of the corpus in their comparable form.
    private let codes: Set<String>

    /// What a thing may be asked for, with the words that ask.
    private static let attributes: [(name: String, asks: String)] = [
        ("负责人", "是谁"), ("经理", "叫什么"), ("生产厂家", "是哪家"), ("供应商", "是哪家"), ("设计师", "是谁"), ("建筑面积", "是多少平方米"),
        ("占地面积", "有多大"),
        ("员工人数", "是多少"), ("年产量", "是多少"), ("注册资本", "是多少"), ("去年的销售额", "是多少"), ("净重", "是多少公斤"), ("颜色", "是什么"),
        ("产地", "是哪里"),
        ("品牌", "是什么"), ("邮箱", "是多少"), ("传真", "号码是多少"), ("手机号", "是多少"), ("微信号", "是多少"), ("开户行", "是哪家"), ("开业时间", "是哪年"),
        ("停车费", "多少钱"), ("包装尺寸", "是多少"), ("保质期", "多久"), ("使用寿命", "是几年"), ("专利号", "是多少"), ("培训费", "多少钱"), ("保险费", "多少钱"),
        ("英文名", "是什么"), ("库存", "还有多少"), ("中奖率", "是多少"), ("二手价", "是多少"), ("功率", "是多少瓦"), ("耗电量", "一天多少度"),
        ("排队时间", "一般多久"),
    ]

    init(passages: some Collection<StoredPassage>) {
        codes = passages.reduce(into: []) { codes, passage in
            codes.formUnion(Names.codes(in: passage.lead + "\n" + passage.text).map(\.value))
        }
    }

    /// Something that passages name, asked for what none of them speaks of.
    func otherAttributes(of subjects: [String], in shown: [EvidenceText], _ choice: inout SeededChoice) -> [String] {
        let terms = shown.reduce(into: Set<String>()) { terms, text in
            terms.formUnion(EvidenceText.terms(text.context + "\n" + text.passage.text))
        }
        let free = Self.attributes.filter { attribute in
            let units = Question(attribute.name).units.filter { $0.weight >= 0.3 }
            let known = units.map { $0.share(terms.contains) }.reduce(0, +)
            return known < 0.5 * Double(max(1, units.count))
        }
        return subjects.shuffled(using: &choice).prefix(4).compactMap { subject in
            free.randomElement(using: &choice).map { "\(subject)的\($0.name)\($0.asks)？" }
        }
    }

    /// The question with a code of it changed to one that stands nowhere.
    func otherCode(_ question: String, _ choice: inout SeededChoice) -> String? {
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
            return text
        }
        return nil
    }
}
