import Text

/// Words that ask instead of naming: they stand in every question and tell nothing about where the answer is.
enum QuestionWords {
    /// Phrases that hold no content; the longest match counts. Never a part of a content word by themselves.
    static let phrases: [String] = [
        "请问一下", "请问", "想问一下", "想问", "问一下", "我想知道", "想知道", "想了解", "告诉我", "麻烦", "帮我查一下", "帮我",
        "查一下", "你们公司", "贵公司", "你们家", "你们", "我们", "咱们", "您们", "你家", "是什么意思", "什么意思", "是什么", "啥意思", "啥叫", "是啥", "啥时候",
        "啥样", "为啥", "啥", "什么叫", "哪位", "哪样", "哪几样", "怎么搞", "怎么弄", "咋办", "咋弄", "怎么算",
        "为什么", "什么时候", "什么样", "什么", "多少钱", "多少", "多久", "多长时间", "多长", "多大", "多重", "多高", "多远", "几天",
        "几个", "几点", "几次", "怎么办", "怎么样", "怎么", "怎样", "咋", "如何", "哪一天", "哪一年", "哪些", "哪个", "哪种", "哪里",
        "哪儿", "哪家", "哪天", "哪年", "哪几", "是否", "是不是", "能不能", "可不可以", "可否", "能否", "会不会", "要不要", "有没有",
        "需不需要", "行不行", "吗", "呢", "吧", "啊", "呀", "嘛", "谁", "一共", "总共", "大概", "大约", "分别", "具体", "一般", "到底",
        "究竟", "如果", "的话", "那么", "还有", "以及", "或者", "还是", "请", "现在", "目前", "当前", "如今", "眼下", "一开始", "中途", "的时候",
        "时候", "什么条件下", "打算", "咱", "超过的", "一样", "各是", "各自", "最近", "大致", "需要", "应该", "应当", "必须", "可以", "能够", "有哪", "要不",
        "关于", "这个", "那个", "这种", "那种", "一下",
    ]

    /// Single characters that mostly are grammar, but also stand in content words (目的, 有效, 现在).
    static let grammar: Set<Unicode.Scalar> = [
        "的", "了", "是", "在", "有", "和", "与", "或", "及", "也", "都", "就", "还", "要", "会", "能", "可", "我", "你", "您", "他",
        "她", "它", "这", "那", "哪", "几", "吗", "呢", "把", "被", "给", "对", "从", "到", "向", "以", "为", "于", "而", "但", "之",
        "其", "所", "得", "着", "过", "个", "用", "做", "让", "跟", "比", "当", "由", "又", "没", "不", "才", "每", "该", "此",
    ]

    /// English words without content.
    static let english: Set<String> = [
        "a", "an", "the", "is", "are", "was", "were", "be", "been", "do", "does", "did", "can", "could", "will",
        "would",
        "shall", "should", "may", "might", "must", "have", "has", "had", "i", "you", "your", "we", "our", "us", "it",
        "its",
        "they", "their", "he", "she", "what", "which", "who", "whom", "whose", "when", "where", "why", "how", "much",
        "many",
        "of", "in", "on", "at", "to", "for", "from", "by", "with", "about", "as", "and", "or", "if", "there", "this",
        "that",
        "these", "those", "me", "my", "please", "tell", "any", "some", "long", "s", "t", "not", "no",
    ]

    /// For each scalar of a folded text whether it lies in a question phrase.
    static func mask(_ scalars: [Unicode.Scalar]) -> [Bool] {
        var mask = [Bool](repeating: false, count: scalars.count)
        var index = 0
        while index < scalars.count {
            let length = max(longestPhrase(in: scalars, at: index), repeatedVerb(in: scalars, at: index))
            for offset in 0..<length { mask[index + offset] = true }
            index += max(1, length)
        }
        return mask
    }

    /// 算不算, 卖没卖: the second half asks, the first names.
    private static func repeatedVerb(in scalars: [Unicode.Scalar], at index: Int) -> Int {
        guard index > 0, index + 1 < scalars.count, scalars[index] == "不" || scalars[index] == "没",
            scalars[index - 1] == scalars[index + 1], scalars[index - 1].isHan
        else { return 0 }
        return 2
    }

    private static func longestPhrase(in scalars: [Unicode.Scalar], at start: Int) -> Int {
        for phrase in table[scalars[start]] ?? []
        where phrase.count <= scalars.count - start && scalars[start..<start + phrase.count].elementsEqual(phrase) {
            return phrase.count
        }
        return 0
    }

    /// Phrases by first character, longest first.
    private static let table: [Unicode.Scalar: [[Unicode.Scalar]]] = {
        var table: [Unicode.Scalar: [[Unicode.Scalar]]] = [:]
        for phrase in phrases {
            let scalars = Array(phrase.unicodeScalars)
            if let first = scalars.first { table[first, default: []].append(scalars) }
        }
        return table.mapValues { $0.sorted { $0.count > $1.count } }
    }()
}
