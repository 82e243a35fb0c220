import Text

/// What kind of answer a question asks for.
public enum QuestionKind: String, Codable, Sendable {
    case yesNo
    case money
    case quantity
    case time
    case phone
    case person
    case place
    case other

    /// Reads the kind from the words of the question; `other` where they do not tell.
    public init(_ question: String) {
        let text = Normalisation.folded(question)
        func has(_ words: [String]) -> Bool { words.contains { text.contains($0) } }
        if has(["多少钱", "什么价", "价格是多少", "租金是多少", "how much does", "how much is", "price of", "what is the rent"]) {
            self = .money
        } else if has(["电话", "热线", "手机号", "phone", "hotline"]), has(["多少", "什么", "号", "number", "what"]) {
            self = .phone
        } else if has(["什么时候", "何时", "几点", "哪天", "哪一天", "哪年", "哪一年", "几月", "几号", "什么日期", "when ", "what time", "what date"])
            || text.hasPrefix("when")
        {
            self = .time
        } else if has(["谁", "哪位", "who "]) || text.hasPrefix("who") {
            self = .person
        } else if has(["哪里", "哪儿", "什么地方", "在哪", "地址", "where "]) || text.hasPrefix("where") {
            self = .place
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

    /// Whether a piece of text holds what the question asks for.
    func isServed(by mentions: [NumberMention]) -> Bool {
        switch self {
        case .money: mentions.contains { $0.kind == .money || ($0.unit ?? "").contains("元") }
        case .quantity: !mentions.isEmpty
        case .time: mentions.contains { $0.kind == .date || $0.kind == .time || $0.kind == .weekday }
        case .phone: mentions.contains { $0.kind == .phone }
        case .yesNo, .person, .place, .other: false
        }
    }
}
