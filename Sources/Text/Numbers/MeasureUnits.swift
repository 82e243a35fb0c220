/// The units and counting words that business texts use, with their normal forms.
enum MeasureUnits {
    /// The unit that begins at `start`, the longest that fits: its normal form and the end of its text.
    static func match(_ scalars: [Unicode.Scalar], at start: Int) -> (unit: String, end: Int)? {
        guard start < scalars.count, let candidates = byFirst[scalars[start]] else { return nil }
        for (spelling, unit) in candidates where start + spelling.count <= scalars.count {
            let end = start + spelling.count
            guard scalars[start..<end].elementsEqual(spelling) else { continue }
            // A Latin unit must not go on as a word: `m` of `model` is none.
            let isLatin = spelling.last?.isASCIILetter ?? false
            if isLatin, end < scalars.count, scalars[end].isSpacedLetter { continue }
            return (unit, end)
        }
        return nil
    }

    /// For units with a power of ten between them: the base unit and the power. 1.2 m and 1200 mm compare by it.
    static func base(of unit: String) -> (unit: String, shift: Int)? { bases[unit] }

    static let money: Set<String> = ["元", "美元", "欧元", "港元", "日元", "英镑", "角", "分钱"]

    /// Counting words that with 一 mean no more than an article: 一个客户 is not a number.
    static let vague: Set<String> = [
        "个", "家", "位", "名", "份", "条", "项", "次", "台", "件", "张", "块", "片", "只", "层", "人", "款", "套", "批",
        "种", "类", "点", "步", "座", "趟", "辆", "处", "根", "支", "双", "组", "间", "箱", "包", "袋", "桶", "卷", "笔", "单", "票",
        "句", "字", "列", "门", "所", "托", "车", "号", "段", "分", "时", "度", "节", "章", "页", "期", "级",
    ]

    private static let bases: [String: (unit: String, shift: Int)] = [
        "mm": ("mm", 0), "cm": ("mm", 1), "m": ("mm", 3), "km": ("mm", 6),
        "g": ("g", 0), "kg": ("g", 3), "t": ("g", 6),
        "ml": ("ml", 0), "l": ("ml", 3),
    ]

    private static let spellings: [(String, String)] =
        table.flatMap { line -> [(String, String)] in
            let words = line.split(separator: " ").map(String.init)
            guard let unit = words.first else { return [] }
            return words.map { ($0, unit) }
        }

    /// Per line: the normal form, then other spellings. Folded (lower case).
    private static let table = [
        "元 块钱 圆 元整 圆整 rmb cny yuan 人民币", "美元 美金 usd dollars dollar", "欧元 eur euros euro", "港元 港币 hkd", "日元 jpy",
        "英镑 gbp", "角", "分钱",
        "工作日 个工作日 workingdays businessdays", "自然日 个自然日", "天 日 days day", "个月 months month", "月",
        "年 周年 个年头 years year yrs", "周 星期 个星期 礼拜 个礼拜 weeks week", "季度 个季度 quarters",
        "小时 个小时 个钟头 钟头 hours hour hrs hr h", "分钟 minutes minute mins min", "秒 秒钟 seconds second sec",
        "毫秒 ms", "时", "分", "点",
        "kg 公斤 千克 kgs kilograms", "g 克 grams", "t 吨 公吨 tons tonnes", "mg 毫克", "斤 市斤", "磅 lbs lb",
        "mm 毫米", "cm 厘米 公分", "m 米 公尺 meters metres", "km 公里 千米 kilometers", "英寸 寸 inches inch", "英尺 ft",
        "m2 平方米 平方 平米 ㎡ m²", "m3 立方米 立方 m³ cbm 方", "亩", "平方公里 km2", "l 升 公升 liters", "ml 毫升",
        "% 百分点 个百分点 percent", "‰", "倍", "折", "度 °", "°c 摄氏度 ℃", "度电 kwh 千瓦时", "kw 千瓦", "w 瓦", "v 伏",
        "a 安", "hz 赫兹", "kb", "mb", "gb", "tb", "fps", "dpi", "rpm",
        "个", "片", "块", "张", "台", "辆", "套", "件", "只", "箱", "包", "袋", "桶", "瓶", "盒", "卷", "根", "支", "枚", "颗",
        "层", "次", "趟", "人", "名", "位", "家", "条", "项", "款", "种", "类", "份", "批", "号", "楼", "室", "页", "章",
        "节", "级", "期", "届", "座", "栋", "间", "处", "门", "所", "笔", "单", "票", "组", "对", "双", "步", "字", "句", "行",
        "列", "托", "岁", "货位", "车", "车次", "标箱 teu", "城市 个城市", "省 个省", "网点 个网点", "pcs pieces piece",
    ]

    private static let byFirst: [Unicode.Scalar: [(spelling: [Unicode.Scalar], unit: String)]] = {
        var index: [Unicode.Scalar: [(spelling: [Unicode.Scalar], unit: String)]] = [:]
        for (spelling, unit) in spellings {
            let scalars = Array(Normalisation.folded(spelling).unicodeScalars)
            guard let first = scalars.first else { continue }
            index[first, default: []].append((scalars, Normalisation.folded(unit)))
        }
        return index.mapValues { $0.sorted { $0.spelling.count > $1.spelling.count } }
    }()
}
