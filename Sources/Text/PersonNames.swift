/// Finds persons by a surname beside a title or behind a label.
struct PersonNames {
    let scalars: [Unicode.Scalar]

    init(_ scalars: [Unicode.Scalar]) {
        self.scalars = scalars
    }

    func mentions() -> [NameMention] {
        var found: [NameMention] = []
        var index = 0
        while index < scalars.count {
            if let mention = titled(at: index) ?? labelled(at: index) ?? english(at: index) {
                if found.last.map({ $0.range.upperBound <= mention.range.lowerBound }) ?? true { found.append(mention) }
                index = max(index + 1, mention.range.upperBound)
            } else {
                index += 1
            }
        }
        return found
    }

    // MARK: Patterns

    /// 王经理, 李明总经理, 欧阳修先生: surname, given name of up to two characters, title.
    private func titled(at index: Int) -> NameMention? {
        guard let surname = surname(at: index), isBorder(before: index) else { return nil }
        for given in [0, 1, 2] {
            let end = index + surname + given
            guard end <= scalars.count, scalars[index..<end].allSatisfy(\.isHan) else { return nil }
            guard startsTitle(at: end) else { continue }
            // The given name must not itself be a title: 高级经理 is no Mr Gao.
            let name = text(index..<end)
            if given > 0, startsTitle(at: index + surname) { return nil }
            if given == 0, surname == 1, Self.weakSurnames.contains(scalars[index]) { return nil }
            if Self.notNames.contains(where: { name.hasPrefix($0) }) { return nil }
            return NameMention(kind: .person, value: name, range: index..<end)
        }
        return nil
    }

    /// 总经理李明, 联系人：张三: a title or label, then surname and one or two characters up to a border.
    private func labelled(at index: Int) -> NameMention? {
        guard let label = Self.labels.match(scalars, at: index) else { return nil }
        var start = label
        var isMarked = false
        while start < scalars.count, start - label < 3, " 　:：为是叫".unicodeScalars.contains(scalars[start]) {
            isMarked = true
            start += 1
        }
        guard let surname = surname(at: start) else { return nil }
        if !isMarked, surname == 1, Self.weakSurnames.contains(scalars[start]) { return nil }
        for given in [2, 1] {
            let end = start + surname + given
            guard end <= scalars.count, scalars[start..<end].allSatisfy(\.isHan) else { continue }
            let name = text(start..<end)
            if Self.notNames.contains(where: { name.hasPrefix($0) }) { continue }
            if given == 2, Self.neverLast.contains(scalars[end - 1]) { continue }
            // Behind a bare title only a clear border ends the name; a following verb is one too.
            guard isBorder(after: end) else { continue }
            if !isMarked && startsTitle(at: start + 1) { continue }
            return NameMention(kind: .person, value: name, range: start..<end)
        }
        return nil
    }

    /// Mr. John Smith, Ms Li.
    private func english(at index: Int) -> NameMention? {
        guard index == 0 || !scalars[index - 1].isASCIILetter else { return nil }
        for title in ["Mr", "Mrs", "Ms", "Dr", "Prof"] where hasPrefix(title, at: index) {
            var place = index + title.unicodeScalars.count
            if place < scalars.count, scalars[place] == "." { place += 1 }
            guard place < scalars.count, scalars[place] == " " else { continue }
            let start = place + 1
            var end = start
            var words = 0
            while words < 3, end < scalars.count, scalars[end].properties.isUppercase {
                while end < scalars.count, scalars[end].isSpacedLetter || scalars[end] == "-" { end += 1 }
                words += 1
                guard end + 1 < scalars.count, scalars[end] == " ", scalars[end + 1].properties.isUppercase else {
                    break
                }
                end += 1
            }
            if end > start { return NameMention(kind: .person, value: text(start..<end), range: start..<end) }
        }
        return nil
    }

    // MARK: Parts

    private func text(_ range: Range<Int>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[range])
        return String(view)
    }

    private func hasPrefix(_ word: String, at index: Int) -> Bool {
        let word = word.unicodeScalars
        return index + word.count <= scalars.count && scalars[index..<index + word.count].elementsEqual(word)
    }

    /// The length of the surname at `index`.
    private func surname(at index: Int) -> Int? {
        guard index < scalars.count, scalars[index].isHan else { return nil }
        if index + 1 < scalars.count, Self.doubleSurnames.contains(text(index..<index + 2)) { return 2 }
        return Self.surnames.contains(scalars[index]) ? 1 : nil
    }

    private func startsTitle(at index: Int) -> Bool {
        Self.titles.match(scalars, at: index) != nil
    }

    /// Before a name: no Han character, or one that does not join it into a word.
    private func isBorder(before index: Int) -> Bool {
        guard index > 0, scalars[index - 1].isHan else { return true }
        return Self.before.matches(scalars, endingAt: index) || Self.labels.matches(scalars, endingAt: index)
    }

    private func isBorder(after index: Int) -> Bool {
        guard index < scalars.count, scalars[index].isHan else { return true }
        return Self.after.match(scalars, at: index) != nil || startsTitle(at: index)
    }

    // MARK: Tables

    private static let surnames = Set(
        ("王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白"
            + "邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚"
            + "符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏"
            + "席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝張劉陳楊黃趙吳孫馬鄭謝許韓馮鄧蕭葉蘇呂盧鍾譚陸").unicodeScalars)

    private static let doubleSurnames: Set<String> = [
        "欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "宇文", "长孙", "司徒", "司空", "夏侯", "端木", "南宫",
    ]

    private static let titles = WordTable([
        "总经理", "副总经理", "经理", "董事长", "副董事长", "总裁", "副总裁", "总监", "主任", "副主任", "主管", "主席", "部长", "副部长", "处长", "科长",
        "局长", "厅长", "市长", "省长", "县长", "书记", "校长", "院长", "所长", "站长", "店长", "厂长", "组长", "队长", "班长", "会长", "秘书长", "理事长",
        "教授", "老师", "博士", "医生", "律师", "会计师", "工程师", "设计师", "总", "先生", "女士", "小姐", "师傅", "同志", "顾问", "助理", "秘书",
        "专员", "客服", "记者", "编辑", "法官", "首席执行官", "创始人",
    ])

    private static let labels = WordTable([
        "总经理", "副总经理", "经理", "董事长", "总裁", "副总裁", "总监", "主任", "主管", "部长", "站长", "店长", "厂长", "负责人", "联系人", "法定代表人",
        "法人代表",
        "作者", "记者", "编辑", "责任编辑", "姓名", "创始人", "董事", "监事", "会长", "秘书长", "校长", "院长", "客服", "专员", "业务员", "签发人", "审核人",
        "批准人", "经办人", "收件人", "发件人", "讲师", "主持人", "工程师", "书记", "局长", "市长", "处长", "科长",
    ])

    /// Words that begin with a surname and are none.
    /// Surnames that are everyday words: with a title alone (向经理汇报, 任总经理期间) they name nobody.
    private static let weakSurnames = Set("和时应全向成于管连单查解项车党关司师商包支路常古池沙米麻边任计明由让许".unicodeScalars)

    /// Words that begin with a surname and stand before titles.
    private static let notNames: Set<String> = [
        "高级", "高管", "高层", "安全", "方案", "金融", "管理", "成本", "文化", "万达", "全国", "全体", "商务", "商业", "明确", "应当", "应聘", "应急",
        "任何",
        "任命", "单位", "单独", "时任", "项目", "华东", "华南", "华北", "华中", "华西", "车间", "车队", "关于", "党委", "包括", "连续", "安排", "安徽",
        "江苏", "江西",
        "石化", "金属", "宁波", "温州", "常务", "常驻", "白天", "毛利", "成立", "成都", "成功", "路线", "方面", "季度", "向您", "施工", "荣誉", "查询",
        "查看",
        "解决", "贺信", "时间", "何时", "许可", "张贴", "马上", "左右", "尤其", "陆续", "严格", "支持", "计划", "司法", "师资", "商会", "米面", "沙盘",
        "路桥",
        "房产", "苗圃", "农业", "农村", "海外", "简称", "程序", "容器", "段落", "曲线", "龙头", "柳州", "苏州", "杭州", "徐州", "郑州", "常州", "温控",
        "冷链",
        "冷库", "边境", "宗教", "景区", "游客", "和解", "师傅", "于是", "全部", "全职", "全员", "单一", "连锁", "万元",
    ]

    /// Verbs and particles that do not end a given name: 站长冯岭说.
    private static let neverLast = Set("说是的了也都就将已等在于称和与".unicodeScalars)

    private static let before = WordTable([
        "和", "与", "及", "或", "由", "给", "对", "向", "跟", "让", "请", "找", "问", "是", "为", "的", "、", "在", "了", "经", "被", "即",
        "因", "叫", "称",
        "同", "联系", "咨询", "通知", "告诉", "询问", "邀请", "感谢", "任命", "聘请", "采访", "打给",
    ])
    private static let after = WordTable([
        "的", "在", "是", "和", "与", "及", "或", "于", "说", "表示", "负责", "将", "已", "任", "兼", "为", "从", "到", "对", "向", "给", "介绍",
        "指出",
        "认为", "等", "也", "都", "就", "先生", "女士", "率", "带", "出席", "出任", "签", "主持", "代表", "担任", "强调", "透露", "宣布", "称", "带队",
        "先后",
    ])
}

/// Words by their first character, the longest first.
struct WordTable {
    private let byFirst: [Unicode.Scalar: [[Unicode.Scalar]]]
    private let byLast: [Unicode.Scalar: [[Unicode.Scalar]]]

    init(_ words: [String]) {
        let lists = words.map { Array($0.unicodeScalars) }.filter { !$0.isEmpty }.sorted { $0.count > $1.count }
        byFirst = Dictionary(grouping: lists) { $0.first ?? " " }
        byLast = Dictionary(grouping: lists) { $0.last ?? " " }
    }

    /// The end of the longest word that begins at `index`, or nil.
    func match(_ scalars: [Unicode.Scalar], at index: Int) -> Int? {
        guard index < scalars.count, let words = byFirst[scalars[index]] else { return nil }
        for word in words where index + word.count <= scalars.count {
            if scalars[index..<index + word.count].elementsEqual(word) { return index + word.count }
        }
        return nil
    }

    /// Whether a word ends just before `index`.
    func matches(_ scalars: [Unicode.Scalar], endingAt index: Int) -> Bool {
        start(of: scalars, endingAt: index) != nil
    }

    /// The beginning of the longest word that ends just before `index`, or nil.
    func start(of scalars: [Unicode.Scalar], endingAt index: Int) -> Int? {
        guard index > 0, index <= scalars.count, let words = byLast[scalars[index - 1]] else { return nil }
        for word in words where word.count <= index {
            if scalars[index - word.count..<index].elementsEqual(word) { return index - word.count }
        }
        return nil
    }
}
