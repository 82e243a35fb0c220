/// Finds organisations by their last word.
struct OrganisationNames {
    let scalars: [Unicode.Scalar]

    init(_ scalars: [Unicode.Scalar]) {
        self.scalars = scalars
    }

    func mentions() -> [NameMention] {
        var found: [NameMention] = []
        var index = 0
        while index < scalars.count {
            guard let end = Self.endings.match(scalars, at: index) else {
                index += 1
                continue
            }
            let start = beginning(before: index, floor: found.last?.range.upperBound ?? 0)
            // The last word alone (公司, 银行) names nothing; a name has at least two characters before it.
            if index - start >= 2 {
                var view = String.UnicodeScalarView()
                view.append(contentsOf: scalars[start..<end])
                found.append(NameMention(kind: .organisation, value: String(view), range: start..<end))
            }
            index = end
        }
        return found
    }

    /// Back from the last word over Han characters, Latin letters and brackets, to a border word or sign.
    private func beginning(before index: Int, floor: Int) -> Int {
        var start = index
        while start > floor, index - start < 24 {
            let scalar = scalars[start - 1]
            let isPart =
                scalar.isHan || scalar.isASCIILetter || scalar.isDigit || "（）()·".unicodeScalars.contains(scalar)
            guard isPart, !Self.borders.contains(scalar) else { break }
            if Self.borderWords.matches(scalars, endingAt: start) { break }
            start -= 1
        }
        while start < index, "（）()·".unicodeScalars.contains(scalars[start]) { start += 1 }
        return start
    }

    private static let endings = WordTable([
        "有限责任公司", "股份有限公司", "有限公司", "股份公司", "分公司", "集团公司", "集团", "大学", "学院", "医院", "银行", "协会", "学会", "商会", "委员会",
        "研究院", "研究所", "事务所", "基金会", "联合会", "人民法院", "人民政府", "管理局", "监督局", "税务局",
    ])

    private static let borders = Set("您你我要可用写能的是在于与和由向为了到从及或以对给请把被让经称归属即，。、；：“”《》".unicodeScalars)

    private static let borderWords = WordTable([
        "隶属于", "位于", "关于", "通过", "联合", "委托", "授权", "加入", "成为", "成立", "选择", "包括", "任职", "就职", "来自", "根据", "按照", "提供",
        "服务",
        "合作", "客户", "供应商", "甲方", "乙方", "这家", "该", "本", "我", "贵", "各", "一家", "两家", "几家", "所有", "任何", "每家", "其他", "公司",
        "欢迎", "感谢", "联系", "咨询", "收到", "签约", "收购", "投资", "就读", "毕业",
    ])
}
