import Text

/// Puts a question into the words that people type: shorter, plainer, without stops. A word is only replaced by one
/// that stands in the same place of a sentence.
enum SpokenWording {
    /// Written word and spoken ones.
    private static let words: [(written: String, spoken: [String])] = [
        ("是多少钱", ["多少钱", "多少", "要多少钱", "是几块钱"]), ("多少钱", ["几块钱", "多少钱"]),
        ("是多少", ["多少", "是多少", "有多少"]), ("是什么意思", ["啥意思", "是什么意思", "是啥"]),
        ("是什么时候", ["什么时候", "啥时候", "是哪天"]), ("是什么", ["是啥", "是什么"]), ("什么", ["啥"]), ("怎么", ["咋"]),
        ("哪天", ["什么时候", "几号", "哪天"]), ("哪一年", ["哪年", "什么时候"]),
        ("有哪些规定", ["有啥规定", "怎么规定的", "有什么要求"]), ("有什么规定", ["怎么规定的", "有啥要求", "怎么弄"]),
        ("有哪些", ["都有哪些", "有啥"]), ("为什么", ["为啥", "怎么"]), ("百分之多少", ["百分之几", "几个点"]),
        ("本公司", ["你们"]), ("我司", ["你们"]), ("应当", ["要"]), ("必须", ["要", "得"]), ("需要", ["要"]), ("缴纳", ["交"]),
        ("支付", ["付"]), ("提交", ["交"]), ("购买", ["买"]), ("退还", ["退"]), ("归还", ["还"]), ("遗失", ["丢了", "丢"]),
        ("丢失", ["丢了"]), ("损坏", ["坏了", "弄坏"]), ("赔偿", ["赔"]), ("更换", ["换"]), ("超过", ["过了", "超过"]),
        ("不足", ["不到", "不够"]), ("以内", ["之内", "以内"]), ("每日", ["每天", "一天"]), ("每片", ["一片"]), ("每台", ["一台"]),
        ("每月", ["每个月", "一个月"]), ("每人", ["一个人"]), ("每次", ["一次"]), ("联系电话", ["电话"]), ("携带", ["带"]),
        ("存放", ["放"]), ("返还", ["退"]), ("领取", ["领"]), ("出具", ["开"]), ("收取", ["收"]), ("方可", ["才能"]),
        ("是否", ["是不是"]), ("不得", ["不能"]), ("允许", ["让"]),
    ]
    /// What a word before these is a part of: 遗失赔偿价, 丢失率.
    private static let compounds = Set("率价费单表员证期款额量点人金中部规制".unicodeScalars)
    private static let openings = ["请问", "想问下", "问一下", "你好，", "麻烦问下", "那个", "我想知道"]
    private static let endings = ["", "", "", "？", "？", "啊", "呀", "呢", "?", " 急"]

    /// One spoken form; may be the written one.
    static func spoken(_ question: String, _ choice: inout SeededChoice) -> String {
        guard question.unicodeScalars.contains(where: \.isHan) else { return plainEnglish(question, &choice) }
        var text = question.hasSuffix("？") ? String(question.dropLast()) : question
        text = yesNo(text, &choice)
        var changed = 0
        for (written, spoken) in words where text.contains(written) && changed < 4 && choice.happens(0.7) {
            let word = choice.pick(spoken)
            guard let place = text.firstRange(of: written),
                !(text[place.upperBound...].unicodeScalars.first.map(compounds.contains) ?? false)
            else { continue }
            text.replaceSubrange(place, with: word)
            changed += 1
        }
        if choice.happens(0.3), text.contains("是"), let place = text.lastIndex(of: "的"),
            !isBetweenNumbers(place, in: text)
        {
            text.remove(at: place)
        }
        // A topic before the question is left out where the rest says enough, or joined without its comma.
        if let comma = text.firstIndex(of: "，"), text[..<comma].count <= 8, choice.happens(0.4) {
            let rest = text[text.index(after: comma)...]
            let mayGo = HanText.content(String(rest)) >= 10
            text = mayGo && choice.happens(0.5) ? String(rest) : text.replacing("，", with: " ", maxReplacements: 1)
        }
        if choice.happens(0.15) { text = choice.pick(openings) + text }
        let asks = text.hasSuffix("吗") || text.hasSuffix("不")
        return text + (asks ? choice.pick(["", "", "？", "?"]) : choice.pick(endings))
    }

    /// G09的13.6米 would become another number without its 的.
    private static func isBetweenNumbers(_ place: String.Index, in text: String) -> Bool {
        guard let before = text[..<place].last, let after = text[text.index(after: place)...].first else { return true }
        return before.isASCII && after.isASCII
    }

    /// 可以…吗 → 能不能…, …行不行, …可以不.
    private static func yesNo(_ text: String, _ choice: inout SeededChoice) -> String {
        guard text.hasSuffix("吗"), choice.happens(0.75) else { return text }
        let body = String(text.dropLast())
        for word in ["可以", "能"] {
            guard let place = body.firstRange(of: word) else { continue }
            let head = body[..<place.lowerBound]
            guard !head.hasSuffix("不") else { return text }
            let tail = body[place.upperBound...]
            return switch Int.random(in: 0..<5, using: &choice) {
            case 0: head + "能不能" + tail
            case 1: head + "可不可以" + tail
            case 2: head + tail + "行不行"
            case 3: head + tail + "可以吗"
            default: head + "能" + tail + "不"
            }
        }
        return choice.happens(0.5) ? body + "不" : text
    }

    private static func plainEnglish(_ question: String, _ choice: inout SeededChoice) -> String {
        guard choice.happens(0.5) else { return question }
        let text = question.prefix(1).lowercased() + question.dropFirst()
        return choice.happens(0.5) && text.hasSuffix("?") ? String(text.dropLast()) : text
    }
}
