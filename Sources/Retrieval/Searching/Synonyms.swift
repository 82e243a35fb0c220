import Text

/// Everyday words and what documents call the same thing, for any trade: pairs of characters find nothing where
/// question and document share no word. English words stand beside their Chinese ones, so that an English question
/// reaches Chinese documents. A match by synonym counts less than one by the word itself.
enum Synonyms {
    /// Words of a group stand for each other. Single characters only stand in questions.
    private static let groups: [[String]] = [
        ["多少钱", "价格", "租金", "费用", "单价", "收费", "价目", "报价", "元", "钱", "贵", "便宜", "price", "cost", "rent", "fee"],
        ["折", "打折", "折扣", "优惠", "discount"], ["押金", "保证金", "deposit"], ["发票", "开票", "票", "税率", "invoice"],
        ["电话", "热线", "联系方式", "联系电话", "号码", "hotline", "phone", "telephone", "call"],
        ["地址", "位置", "地点", "在哪", "哪里", "address", "located"], ["邮箱", "邮件", "email", "mail"],
        ["几点", "上班", "下班", "开门", "关门", "营业", "营业时间", "服务时间", "工作时间", "接听", "收货和发货", "opening", "open", "hours"],
        ["多久", "几天", "多长时间", "时限", "工作日", "小时内", "how long"], ["周日", "星期日", "星期天", "礼拜天", "sunday"],
        ["周六", "星期六", "礼拜六", "saturday"], ["周末", "weekend"], ["周末", "周六"], ["周末", "周日"],
        ["节假日", "放假", "假期", "法定节假日", "休息", "holiday", "holidays"],
        ["送货", "送到", "配送", "发货", "到货", "运输", "送", "delivery", "deliver", "ship"],
        ["运费", "运输费", "运价", "freight", "shipping"],
        ["自提", "自己拉", "自己取", "上门取", "提货", "pick", "pickup"], ["买", "购买", "销售", "出售", "卖", "buy", "sell", "purchase"],
        ["租", "租赁", "出租", "rent", "hire", "rental"], ["退", "退租", "退货", "退还", "退回", "归还", "还", "return"],
        ["续租", "续约", "延长", "renew", "renewal", "extend"], ["取消", "撤销", "cancel"],
        ["丢", "丢失", "遗失", "丢了", "不见", "弄丢", "lost", "lose", "loss"],
        ["坏", "损坏", "破损", "弄坏", "坏了", "破", "damage", "damaged", "broken"],
        ["赔", "赔偿", "赔付", "赔钱", "compensation", "compensate", "pay"], ["修", "维修", "修理", "repair"],
        ["洗", "清洗", "清洁", "脏", "油污", "污渍", "clean", "cleaning"],
        ["检查", "验收", "质检", "检验", "复检", "inspect", "inspection"],
        ["申请", "办理", "提交", "apply", "application"], ["审核", "审批", "approve", "approval"],
        ["合同", "协议", "签约", "签", "contract", "agreement"], ["付款", "支付", "结算", "付", "交钱", "payment"],
        ["逾期", "晚付", "拖欠", "迟付", "overdue", "late"], ["罚款", "违约金", "滞纳金", "penalty", "fine"],
        ["老板", "负责人", "总经理", "董事长", "经理", "boss", "manager", "ceo"],
        ["员工", "人员", "职工", "staff", "employee", "employees"],
        ["成立", "创立", "创办", "创建", "刚开始", "开办", "founded", "established"], ["公司", "企业", "company"],
        ["客户", "顾客", "用户", "customer", "customers"],
        ["仓库", "仓", "库房", "warehouse", "warehouses", "depot"],
        ["网点", "门店", "站点", "城市", "station", "stations", "branch", "city", "cities"],
        ["重量", "自重", "多重", "重", "斤", "公斤", "weight", "heavy", "weigh"],
        ["承重", "载重", "载荷", "静载", "动载", "load", "capacity"],
        ["尺寸", "大小", "规格", "长宽", "size", "dimension", "dimensions"], ["高度", "多高", "height"],
        ["颜色", "什么色", "colour", "color"],
        ["材质", "材料", "什么做的", "material"], ["温度", "耐温", "冷", "低温", "零下", "temperature"],
        ["型号", "款", "种类", "品种", "产品", "model", "models", "product", "products"],
        ["起租", "最少", "至少", "最低", "起租量", "起订", "minimum"], ["最多", "最大", "上限", "不超过", "最高", "maximum"],
        ["最短", "起租期", "租期", "shortest"], ["一年", "12 个月", "满一年", "整年"], ["半年", "6 个月"], ["提前", "预先", "事先", "advance"],
        ["更换", "换", "调换", "replace", "replacement", "exchange"], ["新增", "增加", "添加", "上线", "新加"],
        ["降价", "下调", "降低", "涨价", "上调", "调整"],
        ["停用", "停止", "停掉", "下线", "终止", "关闭"], ["原因", "为什么", "为何", "因为", "由于", "why", "reason"],
        ["区别", "不同", "差别", "对比", "difference", "differ"], ["好处", "优点", "优势", "advantage", "benefit"],
        ["投诉", "意见", "complaint", "complaints", "complain"], ["个人信息", "隐私", "资料", "privacy", "personal"],
        ["软件", "小程序", "app", "系统", "程序"],
        ["密码", "账号", "登录", "account", "password", "login"], ["保险", "投保", "insurance"],
        ["证书", "认证", "资质", "certificate", "certified", "iso"],
        ["英文", "英语", "english"], ["海外", "国外", "境外", "出口", "abroad", "overseas", "export", "mainland"],
        ["托盘", "卡板", "栈板", "pallet", "pallets"], ["塑料", "plastic"], ["木", "木质", "木头", "木托盘", "wood", "wooden"],
        ["钢", "钢制", "金属", "铁", "steel", "metal"],
        ["纸", "纸质", "paper"], ["箱", "箱子", "box", "container"], ["增值税", "税", "vat", "tax"],
        ["每天", "一天", "每日", "日", "daily", "day"],
        ["每月", "月", "一个月", "monthly", "month"], ["法人", "法定代表人"], ["招聘", "招人", "应聘", "job", "jobs", "hiring"],
        ["工资", "薪水", "待遇", "salary", "wage"], ["学生", "学徒", "实习", "apprentice", "intern"],
        ["寿命", "用几年", "使用年限", "lifetime"],
        ["信用", "评级", "信用评级", "credit"], ["标签", "贴纸", "label", "labels", "sticker"], ["微信", "wechat"],
        ["支付宝", "alipay"], ["现金", "cash"],
    ]

    /// One word of a question with what may stand in its place.
    struct Match {
        /// Scalars of the folded question.
        var range: Range<Int>
        /// Each alternative as the terms that all have to be there.
        var alternatives: [[String]]
    }

    /// The words of `scalars` (a folded question) that have synonyms; the longest at each place.
    static func matches(in scalars: [Unicode.Scalar]) -> [Match] {
        var result: [Match] = []
        var index = 0
        while index < scalars.count {
            guard let (length, alternatives) = longest(in: scalars, at: index) else {
                index += 1
                continue
            }
            result.append(Match(range: index..<index + length, alternatives: alternatives))
            index += length
        }
        return result
    }

    private static func longest(in scalars: [Unicode.Scalar], at start: Int) -> (Int, [[String]])? {
        // A Latin word matches as a whole only.
        let first = scalars[start]
        if first.isSpacedLetter, start > 0, scalars[start - 1].isSpacedLetter { return nil }
        for entry in table[first] ?? [] {
            let end = start + entry.word.count
            guard end <= scalars.count, scalars[start..<end].elementsEqual(entry.word) else { continue }
            if first.isSpacedLetter, end < scalars.count, scalars[end].isSpacedLetter { continue }
            return (entry.word.count, entry.alternatives)
        }
        return nil
    }

    private static let table: [Unicode.Scalar: [(word: [Unicode.Scalar], alternatives: [[String]])]] = {
        var words: [String: [[String]]] = [:]
        for group in groups {
            for word in group {
                for other in group where other != word {
                    let terms = terms(of: other)
                    if !terms.isEmpty, !(words[word] ?? []).contains(terms) { words[word, default: []].append(terms) }
                }
            }
        }
        var table: [Unicode.Scalar: [(word: [Unicode.Scalar], alternatives: [[String]])]] = [:]
        for (word, alternatives) in words.sorted(by: { $0.key < $1.key }) {
            let scalars = Array(word.unicodeScalars)
            if let first = scalars.first { table[first, default: []].append((scalars, alternatives)) }
        }
        return table.mapValues { $0.sorted { $0.word.count > $1.word.count } }
    }()

    /// The terms by which a document shows the word; none for a single Han character, which shows nothing.
    private static func terms(of word: String) -> [String] {
        let terms = SearchTerms.terms(in: word)
        let pairs = terms.filter { $0.kind != .lastCharacter && $0.kind != .part }.map(\.text)
        return pairs
    }
}
