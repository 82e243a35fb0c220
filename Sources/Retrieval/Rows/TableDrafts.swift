import Text

/// Questions for the fields of tables and records, and for two rows beside each other.
struct TableDrafts {
    private let evidence: EvidenceText
    private let title: String

    /// A row with what it is about.
    private struct Row {
        var piece: EvidenceText.Piece
        var fields: [RowText.Field]
        /// How people name it, the shortest first.
        var names: [String]
        /// Fields that name it and are no answers.
        var naming: Set<Int>
        /// A line of a list of values: 额定载重 | 320 kg.
        var isParameter = false
    }

    /// Titles of a first column that say nothing of its rows.
    private static let generic: Set<String> = ["参数", "项目", "指标", "内容", "名称", "性能", "Item", "item", "Parameter"]

    private static let nameColumns = ["名称", "品名", "名字", "姓名", "name", "item", "项目", "车型", "岗位", "方案"]
    private static let personColumns = ["姓名", "负责人", "联系人", "责任人", "经办人", "经理", "主管", "值班人", "contact", "对接人"]
    private static let priceWords = ["价", "费", "租金", "押金", "金额", "运费", "补贴", "餐标", "price", "cost", "fee"]
    private static let phoneWords = ["电话", "分机", "手机", "phone", "ext", "tel"]
    private static let unasked = ["单位", "unit", "Unit", "数", "序号"]
    private static let unnamed = ["备注", "说明", "note", "notes", "remark", "remarks", "序号", "编号", "no", "no."]

    init(evidence: EvidenceText, title: String) {
        self.evidence = evidence
        self.title = title
    }

    func drafts() -> [DraftedQuestion] {
        let rows = evidence.pieces.filter { $0.kind == .row }.compactMap(row)
        var result = rows.flatMap(fieldDrafts) + rows.flatMap(personDrafts)
        for (a, b) in zip(rows, rows.dropFirst()) where a.piece.above.header == b.piece.above.header {
            if let draft = comparison(a, b) { result.append(draft) }
        }
        return result
    }

    private func row(_ piece: EvidenceText.Piece) -> Row? {
        let fields = RowText.fields(of: piece.text, header: piece.above.header)
        guard fields.count >= 2, fields.dropFirst().allSatisfy({ !$0.name.isEmpty }) else { return nil }
        var naming: Set<Int> = []
        var names: [String] = []
        for (index, field) in fields.enumerated() {
            let title = field.name.lowercased()
            let isName = index == 0 || (index <= 2 && Self.nameColumns.contains { title.contains($0) })
            let isNumber = Numbers.mentions(in: field.value).first.map {
                $0.range.count == field.value.unicodeScalars.count
            }
            guard isName, !(isNumber ?? false), HanText.content(field.value) >= 1,
                field.value.unicodeScalars.count <= 20
            else { continue }
            naming.insert(index)
            names.append(field.value)
        }
        names = names.map { $0.filter { $0 != "*" } }.map { String(scalars: Array($0.unicodeScalars)[...].trimmed) }
        guard !names.isEmpty else { return nil }
        // 参数 | 数值: the row names what is measured, the document what has it.
        if Self.generic.contains(Self.plain(fields[0].name)) {
            guard fields.count == 2 else { return Row(piece: piece, fields: fields, names: names, naming: naming) }
            let thing = QuestionDrafting.topic(of: piece.above.section.isEmpty ? title : piece.above.section)
            var whole = Self.generic.contains(thing) || thing.hasSuffix("参数") || thing.count < 3 ? title : thing
            if whole.unicodeScalars.count > 16, let code = Names.codes(in: whole).first {
                whole = String(scalars: Array(whole.unicodeScalars)[code.range])
            }
            // 日租金是多少 alone would be asked of anything.
            guard whole.unicodeScalars.count >= 2, whole.unicodeScalars.count <= 16 else { return nil }
            let isHan = (names[0] + fields[1].name).unicodeScalars.contains(where: \.isHan)
            names = [isHan ? "\(whole)的\(names[0])" : "\(names[0]) of \(whole)"]
            return Row(piece: piece, fields: fields, names: names, naming: naming, isParameter: true)
        }
        let isShort = HanText.content(names[0].filter { !$0.isASCII }) < 2 && names[0].count <= 3 && names.count == 1
        if isShort, let head = fields.first?.name, !head.isEmpty, head.unicodeScalars.contains(where: \.isHan) {
            names[0] = Self.plain(head) + " " + names[0]
        }
        if names.count >= 2 { names.append(names[0] + " " + names[1]) }
        return Row(piece: piece, fields: fields, names: names, naming: naming)
    }

    private func fieldDrafts(_ row: Row) -> [DraftedQuestion] {
        var result: [DraftedQuestion] = []
        for (index, field) in row.fields.enumerated() where !row.naming.contains(index) {
            let name = row.names[index % row.names.count]
            let column = Self.plain(field.name)
            let isNothing = ["-", "—", "/", "无", "–", "\\"].contains(field.value)
            guard !column.isEmpty, !isNothing, field.value.unicodeScalars.count <= 60,
                !Self.unnamed.contains(column.lowercased())
            else { continue }
            let answer = Self.statement(row.names.last ?? name, field)
            if row.isParameter {
                result.append(parameterDraft(name, field))
                continue
            }
            guard !Self.unasked.contains(column) else { continue }
            result.append(
                draft(Self.question(name, column, field), answer, Self.isPerson(column) ? .person : .field))
        }
        return result
    }

    private func parameterDraft(_ name: String, _ field: RowText.Field) -> DraftedQuestion {
        let isHan = name.unicodeScalars.contains(where: \.isHan)
        let asks = Numbers.mentions(in: field.value).isEmpty ? "是什么" : "是多少"
        return draft(
            isHan ? "\(name)\(asks)？" : "What is the \(name.prefix(1).lowercased())\(name.dropFirst())?",
            isHan ? "\(name)是 \(field.value)。" : "\(name): \(field.value).", .field)
    }

    /// 仓储运营部经理是谁, 理赔的事找谁: where a column holds persons and another what they do.
    private func personDrafts(_ row: Row) -> [DraftedQuestion] {
        guard let person = row.fields.first(where: { Self.isPerson(Self.plain($0.name)) }) else { return [] }
        func value(_ words: [String]) -> String? {
            row.fields.first { field in words.contains { field.name.lowercased().contains($0) } }?.value
        }
        var result: [DraftedQuestion] = []
        let department = value(["部门", "department"]) ?? ""
        let phone = row.fields.first { field in Self.phoneWords.contains { field.name.lowercased().contains($0) } }
        let contact = phone.map { "，\(Self.plain($0.name)) \($0.value)" } ?? ""
        if let post = value(["职务", "岗位", "职位", "position"]), post.unicodeScalars.count <= 12 {
            let who = post.hasPrefix(department) ? post : department + post
            result.append(draft("\(who)是谁？", "\(who)是\(person.value)\(contact)。", .person))
            if phone != nil {
                result.append(draft("\(who)电话多少？", "\(who)是\(person.value)\(contact)。", .person))
            }
        }
        if let duty = value(["职责", "负责事", "负责业务", "事项", "业务范围", "负责内容", "主要负责"]) {
            let first = duty.split { "、，,；;/".contains($0) }.first.map(String.init) ?? ""
            if HanText.content(first) >= 2, first.unicodeScalars.count <= 12 {
                result.append(draft("\(first)的事找谁？", "\(first)由\(person.value)负责\(contact)。", .person))
            }
        }
        return result
    }

    /// Two rows in one column of numbers.
    private func comparison(_ a: Row, _ b: Row) -> DraftedQuestion? {
        for (index, field) in a.fields.enumerated() where !a.naming.contains(index) && index < b.fields.count {
            let other = b.fields[index]
            guard other.name == field.name, !b.naming.contains(index), !a.isParameter, !b.isParameter,
                let x = Self.amount(field.value), let y = Self.amount(other.value), x.value != y.value, x.unit == y.unit
            else { continue }
            let column = Self.plain(field.name)
            let isPrice =
                x.unit == "元" || (Self.bracketed(field.name) ?? "").contains("元")
                || Self.priceWords.contains { column.lowercased().contains($0) }
            let asks = isPrice ? "哪个贵" : "哪个大"
            let (p, q) = (a.names[0], b.names[0])
            guard p != q, p.unicodeScalars.contains(where: \.isHan) || column.unicodeScalars.contains(where: \.isHan)
            else {
                return nil
            }
            return draft(
                "\(p)和\(q)的\(column)\(asks)？", Self.statement(p, field) + Self.statement(q, other), .comparison)
        }
        return nil
    }

    private func draft(_ question: String, _ answer: String, _ kind: TuningRowKind) -> DraftedQuestion {
        DraftedQuestion(question: question, answer: answer, kind: kind, passage: 0, record: "")
    }

    /// What the fields of a row say, one sentence each.
    static func statements(of piece: EvidenceText.Piece, in evidence: EvidenceText, title: String) -> [String] {
        let drafts = TableDrafts(evidence: evidence, title: title)
        return drafts.row(piece).map { drafts.fieldDrafts($0).map(\.answer) } ?? []
    }

    // MARK: Words

    /// A value that is one number, with a unit or not.
    private static func amount(_ value: String) -> (value: String, unit: String?)? {
        let mentions = Numbers.mentions(in: value)
        guard let only = mentions.first, mentions.count == 1,
            [.number, .quantity, .money, .percentage].contains(only.kind),
            value.unicodeScalars.count <= only.range.count + 3
        else { return nil }
        return (only.value, only.unit)
    }

    private static func isPerson(_ column: String) -> Bool {
        personColumns.contains { column.lowercased().contains($0) } && !phoneWords.contains { column.contains($0) }
    }

    /// The title of a column without its unit: 日租金（元/片） → 日租金.
    private static func plain(_ column: String) -> String {
        let text = HanText.withoutBrackets(column)
        return String(scalars: Array(text.unicodeScalars)[...].trimmed)
    }

    private static func question(_ name: String, _ column: String, _ field: RowText.Field) -> String {
        let isHan = column.unicodeScalars.contains(where: \.isHan) || name.unicodeScalars.contains(where: \.isHan)
        guard isHan else { return "What is the \(column.lowercased()) of \(name)?" }
        if isPerson(column) { return "\(name)的\(column)是谁？" }
        let isAmount = amount(field.value) != nil
        if isAmount, priceWords.contains(where: { column.contains($0) }) { return "\(name)的\(column)是多少钱？" }
        if isAmount || phoneWords.contains(where: { column.contains($0) }) { return "\(name)的\(column)是多少？" }
        if column.hasSuffix("时间") || column.hasSuffix("日期") { return "\(name)的\(column)是什么时候？" }
        return Numbers.mentions(in: field.value).isEmpty ? "\(name)的\(column)是什么？" : "\(name)的\(column)是多少？"
    }

    /// The field as a sentence, with the unit of its column.
    private static func statement(_ name: String, _ field: RowText.Field) -> String {
        let isBare = field.value.unicodeScalars.allSatisfy { $0.isDigit || ".,-".unicodeScalars.contains($0) }
        let unit = isBare ? bracketed(field.name) ?? RowText.unit(in: field.name) ?? "" : ""
        let value = unit.isEmpty ? field.value : "\(field.value) \(unit)"
        let column = plain(field.name)
        guard (name + column + value).unicodeScalars.contains(where: \.isHan) else {
            return "The \(column.lowercased()) of \(name) is \(value)."
        }
        return value.hasSuffix("。") ? "\(name)的\(column)：\(value)" : "\(name)的\(column)是 \(value)。"
    }

    private static func bracketed(_ column: String) -> String? {
        guard let open = column.firstIndex(where: { $0 == "（" || $0 == "(" }),
            let close = column.lastIndex(where: { $0 == "）" || $0 == ")" }), open < close
        else { return nil }
        let unit = String(column[column.index(after: open)..<close])
        return unit.unicodeScalars.count <= 8 ? unit : nil
    }
}
