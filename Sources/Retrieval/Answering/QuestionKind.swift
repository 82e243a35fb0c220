import Foundation
import Text

/// What kind of answer a question asks for.
public enum QuestionKind: String, Codable, Sendable {
    case yesNo
    case money
    case quantity
    /// A time of day.
    case clock
    /// A day or time.
    case time
    case phone
    case person
    case place
    /// A street address.
    case address
    case reason
    /// What a word means.
    case definition
    case other

    /// Reads the kind from the words of the question; `other` where they do not tell.
    public init(_ question: String) {
        // Spoken forms are read as the written ones.
        let text = Normalisation.folded(question).replacing("啥", with: "什么").replacing("咋", with: "怎么")
        func has(_ words: [String]) -> Bool { words.contains { text.contains($0) } }
        if has([
            "多少钱", "多少银子", "几块钱", "什么价", "价格是多少", "租金是多少", "how much does", "how much is", "price of",
            "what is the rent",
        ]) {
            self = .money
        } else if has(["电话", "热线", "手机号", "phone", "hotline"]), has(["多少", "什么", "号", "number", "what"]) {
            self = .phone
        } else if has(["几点", "what time", "opening hours"]) {
            self = .clock
        } else if has(["什么时候", "何时", "哪天", "哪一天", "哪年", "哪一年", "几月", "几号", "什么日期", "when ", "what date"])
            || text.hasPrefix("when")
        {
            self = .time
        } else if has(["谁", "哪位", "归哪个管", "哪个负责", "who "]) || text.hasPrefix("who") {
            self = .person
        } else if has(["地址", "address"]) {
            self = .address
        } else if has(["哪里", "哪儿", "什么地方", "在哪", "where "]) || text.hasPrefix("where") {
            self = .place
        } else if has(["为什么", "为何", "什么原因", "原因是", "why "]) || text.hasPrefix("why") {
            self = .reason
        } else if has(["什么意思", "什么叫", "什么是", "何谓", "what does"]) || text.hasPrefix("what is a") {
            self = .definition
        } else if Self.asksYesNo(text) {
            self = .yesNo
        } else if has(["多少", "几", "多久", "多长", "多大", "多重", "多高", "how many", "how long", "how much", "how heavy"]) {
            self = .quantity
        } else {
            self = .other
        }
    }

    private static func asksYesNo(_ text: String) -> Bool {
        let marks = ["吗", "是否", "是不是", "能不能", "可不可以", "可否", "能否", "有没有", "要不要", "会不会", "需不需要", "行不行", "用不用"]
        if marks.contains(where: { text.contains($0) }) { return true }
        let first = text.split { !$0.isLetter }.first.map(String.init) ?? ""
        return ["is", "are", "do", "does", "did", "can", "could", "will", "may", "must", "should"].contains(first)
    }

    /// Whether the words of the question tell what an answer has to hold.
    var isTyped: Bool {
        switch self {
        case .other, .yesNo, .reason, .definition: false
        default: true
        }
    }

    /// Whether a piece of text holds what the question asks for; false where the question does not tell.
    func isServed(by text: String) -> Bool {
        switch self {
        case .other, .yesNo: false
        case .person: Names.mentions(in: text).contains { $0.kind == .person }
        case .place: Self.namesPlace(text)
        case .address: Self.namesAddress(text)
        case .reason: ["因为", "由于", "原因", "所以", "导致", "为了", "because", "since", "due to"].contains { text.contains($0) }
        case .definition: ["是指", "指的是", "指", "意思是", "就是", "即", " is ", " means "].contains { text.contains($0) }
        default: isServed(by: Numbers.mentions(in: text))
        }
    }

    /// As above for numbers that were found already.
    func isServed(by mentions: [NumberMention]) -> Bool {
        switch self {
        case .money: mentions.contains { $0.kind == .money || ($0.unit ?? "").contains("元") }
        case .quantity:
            mentions.contains {
                $0.kind == .number || $0.kind == .quantity || $0.kind == .percentage || $0.kind == .money
            }
        case .clock: mentions.contains { $0.kind == .time }
        case .time: mentions.contains { $0.kind == .date || $0.kind == .time || $0.kind == .weekday }
        case .phone: mentions.contains { $0.kind == .phone }
        case .yesNo, .person, .place, .address, .reason, .definition, .other: false
        }
    }

    /// The unit that a question of quantity names: 片 of 多少片, 天 of 几天; for 多久, 多重 and 多高 what they measure.
    static func askedUnits(_ question: String) -> [String] {
        let text = Normalisation.folded(question)
        if ["多久", "多长时间", "how long"].contains(where: { text.contains($0) }) {
            return ["天", "日", "工作日", "小时", "年", "月", "个月", "周", "分钟", "秒", "h", "min", "s", "day", "days", "hours"]
        }
        if ["多重", "重量", "自重", "how heavy", "weigh"].contains(where: { text.contains($0) }) {
            return ["kg", "g", "t", "吨"]
        }
        if ["多高", "多长", "多宽", "高度", "尺寸"].contains(where: { text.contains($0) }) { return ["mm", "cm", "m", "米"] }
        for word in ["多少", "几"] {
            guard let place = text.range(of: word) else { continue }
            let rest = String(text[place.upperBound...].prefix(3))
            // The unit is read as it would be behind a number.
            if let unit = Numbers.mentions(in: "3" + rest).first?.unit {
                return ["天", "日"].contains(unit) ? ["天", "日", "工作日", "小时", "周", "个月"] : [unit]
            }
        }
        return []
    }

    /// A house number, or a road with one: 榫木路 18 号.
    private static func namesAddress(_ text: String) -> Bool {
        let lower = text.lowercased()
        let hasNumber = lower.unicodeScalars.contains(where: \.isDigit)
        return hasNumber && ["号", "路", "街", "大道", "巷", " street", " road", " avenue"].contains { lower.contains($0) }
    }

    private static func namesPlace(_ text: String) -> Bool {
        ["路", "街", "大道", "号", "楼", "园", "镇", "市", "仓", "省", " street", " road", " avenue", " city"].contains {
            text.lowercased().contains($0)
        }
    }
}
