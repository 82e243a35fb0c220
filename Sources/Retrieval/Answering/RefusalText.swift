/// What is said when nothing was found.
public enum RefusalText {
    /// The sentence, with the hotline when there is one.
    public static func text(language: AnswerLanguage, hotline: String?) -> String {
        let number = hotline.flatMap { $0.isEmpty ? nil : $0 }
        switch language {
        case .chinese:
            return "资料中未找到。" + (number.map { "请致电热线 \($0) 咨询。" } ?? "")
        case .english:
            return "Not found in the documents." + (number.map { " Please call \($0)." } ?? "")
        }
    }

    /// Whether a sentence of a model says that it found nothing.
    static func isRefusal(_ sentence: String) -> Bool {
        let marks = [
            "未找到", "没有找到", "未提及", "没有提及", "没有提到", "未提到", "未说明", "没有说明", "无法回答", "无法提供", "不清楚", "没有相关信息",
            "无相关信息", "没有提供", "未提供", "无法确定", "not found in", "not mentioned", "do not mention", "does not mention",
            "don't know",
            "cannot answer", "can't answer", "no information", "not provided", "do not say",
        ]
        let lower = sentence.lowercased()
        return marks.contains { lower.contains($0) }
    }
}
