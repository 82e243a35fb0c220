/// The line below an article's title: author, date and number of reads, each with its label, in any order.
struct ArticleMeta: Hashable {
    let author: String?
    let date: String?
    let reads: Int?
    /// Blanks between author and date, and between date and reads, as code points (`U+2003`); empty where the pieces
    /// stand in another order.
    let betweenAuthorAndDate: [String]
    let betweenDateAndReads: [String]

    private static let authorLabels = ["作者", "编辑", "发布人", "发布者", "撰稿", "author", "by"]
    private static let readsLabels = [
        "阅读次数", "阅读量", "阅读数", "阅读", "浏览次数", "浏览量", "浏览", "点击量", "点击", "访问量", "reads", "views",
    ]
    private static let otherLabels = ["来源", "出处", "发布时间", "发布日期", "更新时间", "时间", "日期", "分类", "source", "date"]

    /// A label with the mark behind it, as positions among the scalars of the line.
    private struct Label {
        let range: Range<Int>
        let kind: Kind
        enum Kind { case author, reads, other }
    }

    /// Reads a line; nil when it is no such line: it has two of the three facts, or it is short and begins with a date
    /// or with a label and has a date.
    init?(_ line: String) {
        let scalars = Array(line.unicodeScalars)
        guard scalars.count <= 200 else { return nil }
        let date = PrintedDate.first(in: line)
        let labels = Self.labels(in: scalars)
        var author: (text: String, range: Range<Int>)?
        var reads: (value: Int, start: Int)?
        for (position, label) in labels.enumerated() {
            switch label.kind {
            case .author where author == nil:
                var end = position + 1 < labels.count ? labels[position + 1].range.lowerBound : scalars.count
                if let date, date.range.lowerBound >= label.range.upperBound { end = min(end, date.range.lowerBound) }
                author = Self.trim(scalars, label.range.upperBound..<end)
            case .reads where reads == nil:
                if let value = Self.count(scalars, from: label.range.upperBound) {
                    reads = (value, label.range.lowerBound)
                }
            default: break
            }
        }
        let facts = [author != nil, date != nil, reads != nil].count { $0 }
        let begins = date?.range.lowerBound == 0 || labels.first?.range.lowerBound == 0
        guard facts >= 2 || (date != nil && begins && scalars.count <= 60) else { return nil }
        self.author = author?.text
        self.date = date?.iso
        self.reads = reads?.value
        betweenAuthorAndDate = Self.gap(scalars, from: author?.range.upperBound, to: date?.range.lowerBound)
        betweenDateAndReads = Self.gap(scalars, from: date?.range.upperBound, to: reads?.start)
    }

    private static func gap(_ scalars: [Unicode.Scalar], from: Int?, to: Int?) -> [String] {
        guard let from, let to, from <= to, scalars[from..<to].allSatisfy(\.isBlank) else { return [] }
        return scalars[from..<to].map { "U+" + SitePageError.hex($0.value) }
    }

    private static func labels(in scalars: [Unicode.Scalar]) -> [Label] {
        var found: [Label] = []
        var index = 0
        while index < scalars.count {
            guard let label = label(at: index, scalars) else {
                index += 1
                continue
            }
            found.append(label)
            index = max(label.range.upperBound, index + 1)
        }
        return found
    }

    private static func label(at start: Int, _ scalars: [Unicode.Scalar]) -> Label? {
        let kinds: [([String], Label.Kind)] = [(authorLabels, .author), (readsLabels, .reads), (otherLabels, .other)]
        for (words, kind) in kinds {
            for word in words {
                let letters = Array(word.unicodeScalars)
                guard start + letters.count <= scalars.count,
                    zip(letters, scalars[start...]).allSatisfy({ $0 == $1.lowercasedASCII })
                else { continue }
                var end = start + letters.count
                while end < scalars.count, scalars[end].isBlank { end += 1 }
                let marks: Set<Unicode.Scalar> = [":", "：", "(", "（"]
                if end < scalars.count, marks.contains(scalars[end]) {
                    return Label(range: start..<end + 1, kind: kind)
                }
                // Without a mark only a number may follow: 阅读 763. A name that holds 阅读 is no label.
                if kind == .reads, end < scalars.count, (0x30...0x39).contains(scalars[end].value) {
                    return Label(range: start..<end, kind: kind)
                }
            }
        }
        return nil
    }

    private static func trim(_ scalars: [Unicode.Scalar], _ range: Range<Int>) -> (text: String, range: Range<Int>)? {
        var (start, end) = (range.lowerBound, range.upperBound)
        func isEdge(_ scalar: Unicode.Scalar) -> Bool { scalar.isBlank || ["|", "｜", "/"].contains(scalar) }
        while start < end, isEdge(scalars[start]) { start += 1 }
        while end > start, isEdge(scalars[end - 1]) { end -= 1 }
        guard start < end else { return nil }
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars[start..<end])
        return (String(text), start..<end)
    }

    /// 763, 1,234 and 1.2万.
    private static func count(_ scalars: [Unicode.Scalar], from start: Int) -> Int? {
        var index = start
        while index < scalars.count, scalars[index].isBlank { index += 1 }
        var value = 0
        var tenths: Int?
        var digits = 0
        while index < scalars.count, digits <= 12 {
            let scalar = scalars[index]
            if (0x30...0x39).contains(scalar.value) {
                let digit = Int(scalar.value) - 0x30
                if tenths == nil { value = value * 10 + digit } else if tenths == -1 { tenths = digit }
                digits += 1
            } else if scalar == "." && tenths == nil {
                tenths = -1
            } else if scalar != "," && scalar != "，" {
                break
            }
            index += 1
        }
        guard digits > 0, digits <= 12 else { return nil }
        let isTenThousands = index < scalars.count && (scalars[index] == "万" || scalars[index] == "w")
        return isTenThousands ? value * 10_000 + max(0, tenths ?? 0) * 1_000 : value
    }
}

extension Unicode.Scalar {
    fileprivate var lowercasedASCII: Unicode.Scalar {
        (0x41...0x5A).contains(value) ? Unicode.Scalar(value + 0x20) ?? self : self
    }
}
