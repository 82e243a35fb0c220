import Storage
import Text

/// Says a row of a table or a list of values as `column：value；column：value`, only the fields that the question is
/// about: a row of twenty columns is no answer.
enum RowText {
    struct Field {
        var name: String
        var value: String
        var text: String { name.isEmpty ? value : "\(name)：\(value)" }
    }

    static func shown(
        _ piece: EvidenceText.Piece, in text: EvidenceText, found: FoundPassages, kind: QuestionKind
    ) -> String {
        let fields = fields(of: piece.text, header: piece.above.header)
        guard fields.count > 3 else { return fields.map(\.text).joined(separator: "；") }
        let wanted = Set(found.question.terms)
        var chosen: Set<Int> = [0]
        for (index, field) in fields.enumerated() where index > 0 {
            let terms = SearchTerms.terms(in: field.text)
            let isAsked = terms.contains { wanted.contains($0.text) }
            let isKind = kind.isServed(by: Numbers.mentions(in: field.text))
            if isAsked || isKind { chosen.insert(index) }
        }
        if chosen.count == 1 { chosen = Set(fields.indices) }
        return chosen.sorted().map { fields[$0].text }.joined(separator: "；")
    }

    /// All fields of a row with their columns' names.
    static func whole(_ piece: EvidenceText.Piece) -> String {
        fields(of: piece.text, header: piece.above.header).map(\.text).joined(separator: "；")
    }

    /// The row with each bare number beside the unit that its column's title names: 0.25 under 日租金（元） is 0.25 元.
    static func measured(_ piece: EvidenceText.Piece) -> String {
        fields(of: piece.text, header: piece.above.header).map { field in
            let isBare = field.value.unicodeScalars.allSatisfy { $0.isDigit || $0 == "." || $0 == "," || $0 == "-" }
            guard isBare, !field.value.isEmpty, let unit = unit(in: field.name) else { return field.text }
            return "\(field.name)：\(field.value) \(unit)"
        }.joined(separator: "；")
    }

    /// The numbers of a row by the titles of their columns; empty where it has no titles.
    static func values(_ piece: EvidenceText.Piece) -> [String: Set<String>] {
        var values: [String: Set<String>] = [:]
        for field in fields(of: piece.text, header: piece.above.header) where !field.name.isEmpty {
            let keys = Numbers.mentions(in: field.value).map(\.key)
            if !keys.isEmpty { values["column " + field.name, default: []].formUnion(keys) }
        }
        return values
    }

    /// The unit in brackets at the end of a column's title; money where the title says so without one.
    static func unit(in title: String) -> String? {
        if let open = title.lastIndex(where: { $0 == "（" || $0 == "(" }) {
            let inside = title[title.index(after: open)...].prefix { $0 != "）" && $0 != ")" }
            if !inside.isEmpty { return String(inside) }
        }
        let lower = title.lowercased()
        return ["价", "租金", "费", "押金", "金额", "price", "fee", "cost"].contains { lower.contains($0) } ? "元" : nil
    }

    /// The most of the question that one field shows: 货架载：1200 answers what a row with 货架载 here and 1200 there
    /// does not.
    static func bestField(_ piece: EvidenceText.Piece, in text: EvidenceText, found: FoundPassages) -> Double {
        let fields = fields(of: piece.text, header: piece.above.header)
        return fields.map { field in
            found.ranking.coverage(EvidenceText.terms(field.text).contains).coverage
        }.max() ?? 0
    }

    static func fields(of row: String, header: String) -> [Field] {
        if row.hasPrefix("|") {
            let names = header.hasPrefix("|") ? cells(header) : []
            return cells(row).enumerated().compactMap { index, value in
                value.isEmpty ? nil : Field(name: index < names.count ? names[index] : "", value: value)
            }
        }
        return row.split { $0 == "；" || $0 == ";" }.map { part in
            let pair = part.split(maxSplits: 1) { $0 == "：" || $0 == ":" }.map {
                String(scalars: Array($0.unicodeScalars)[...].trimmed)
            }
            return pair.count == 2 ? Field(name: pair[0], value: pair[1]) : Field(name: "", value: pair.joined())
        }
    }

    private static func cells(_ row: String) -> [String] {
        var cells = row.split(separator: "|", omittingEmptySubsequences: false).map {
            String(scalars: Array($0.unicodeScalars)[...].trimmed)
        }
        if cells.first?.isEmpty ?? false { cells.removeFirst() }
        if cells.last?.isEmpty ?? false { cells.removeLast() }
        return cells
    }
}
