/// Reads what follows the station list: telephone numbers, the site's name, news categories, the article.
struct NewsReader {
    private(set) var contacts: [PrintedContact] = []
    private(set) var name: PrintedText?
    private(set) var categories: [PrintedCategory] = []
    private(set) var article: PrintedArticle?
    private(set) var unread: [PrintedText] = []

    private static let filterAll: Set<String> = ["全部", "所有", "全部新闻", "全部资讯", "不限", "all", "All"]
    private static let previousLabels = ["上一篇", "上一条", "上篇", "Previous"]
    private static let nextLabels = ["下一篇", "下一条", "下篇", "Next"]
    private static let none: Set<String> = ["没有了", "无", "暂无", "没有", "none", "None", "-"]

    init(lines: PageLines, from start: Int) {
        var metaIndex: Int?
        var meta: ArticleMeta?
        var heads: [Int] = []
        for index in start..<max(start, lines.count) where !lines.trimmed[index].isEmpty {
            // A meta line needs a title above it.
            if !heads.isEmpty, let read = ArticleMeta(lines.trimmed[index]) {
                (metaIndex, meta) = (index, read)
                break
            }
            let numbers = Telephone.numbers(in: lines.trimmed[index])
            if numbers.isEmpty {
                heads.append(index)
            } else {
                contacts += numbers.map { PrintedContact(printed: $0.printed, line: index + 1, digits: $0.digits) }
            }
        }
        let title = meta == nil ? nil : heads.popLast()
        readHeads(heads, lines)
        if let meta, let metaIndex, let title {
            readArticle(lines, title: title, metaIndex: metaIndex, meta: meta)
        }
    }

    /// The first line is the name, all others are categories, one or several a line.
    private mutating func readHeads(_ heads: [Int], _ lines: PageLines) {
        guard let first = heads.first else { return }
        let isCategory = Self.filterAll.contains(lines.trimmed[first])
        if !isCategory { name = lines.text(first) }
        for index in isCategory ? heads[...] : heads.dropFirst() {
            for word in lines.trimmed[index].listWords where categories.count < 200 {
                let isAll = Self.filterAll.contains(word)
                categories.append(PrintedCategory(printed: word, line: index + 1, isFilterAll: isAll))
            }
        }
    }

    private mutating func readArticle(_ lines: PageLines, title: Int, metaIndex: Int, meta: ArticleMeta) {
        let rest = metaIndex + 1..<max(metaIndex + 1, lines.count)
        // The last such lines are the page's own; an article may quote the words.
        let before = Self.neighbour(lines, rest, Self.previousLabels)
        let after = Self.neighbour(lines, (before?.index ?? metaIndex) + 1..<rest.upperBound, Self.nextLabels)
        let end = before?.index ?? after?.index ?? rest.upperBound
        let body = (rest.lowerBound..<end).filter { !lines.trimmed[$0].isEmpty }
        article = PrintedArticle(
            title: lines.trimmed[title], titleLine: title + 1, author: meta.author, date: meta.date,
            reads: meta.reads, metaLine: metaIndex + 1, metaAsPrinted: lines.trimmed[metaIndex],
            metaSeparators: .init(
                betweenAuthorAndDate: meta.betweenAuthorAndDate, betweenDateAndReads: meta.betweenDateAndReads),
            paragraphs: body.map { lines.text($0) },
            linesWithLeadingNBSP: body.filter { lines.raw[$0].first == "\u{A0}" }.map { $0 + 1 },
            previous: before?.title, next: after?.title)
        let known = Set([before, after].compactMap { $0 }.flatMap { [$0.index, $0.titleIndex] })
        unread = (end..<rest.upperBound).filter { !lines.trimmed[$0].isEmpty && !known.contains($0) }
            .map { lines.text($0) }
    }

    /// A line 上一篇 or 下一篇 with the title behind it, or below it.
    private struct NeighbourLine {
        let index: Int
        let titleIndex: Int
        let title: PrintedArticle.Neighbour?
    }

    private static func neighbour(_ lines: PageLines, _ range: Range<Int>, _ labels: [String]) -> NeighbourLine? {
        guard !range.isEmpty, let index = range.last(where: { behind(lines.trimmed[$0], labels) != nil }),
            var text = behind(lines.trimmed[index], labels)
        else { return nil }
        var titleIndex = index
        if text.isEmpty, let next = lines.firstWithText(from: index + 1), range.contains(next),
            behind(lines.trimmed[next], previousLabels + nextLabels) == nil
        {
            (text, titleIndex) = (lines.trimmed[next], next)
        }
        let title =
            text.isEmpty || none.contains(text)
            ? nil : PrintedArticle.Neighbour(title: text, line: titleIndex + 1)
        return NeighbourLine(index: index, titleIndex: titleIndex, title: title)
    }

    /// What stands behind a label and its mark or blank; empty for the label alone, nil for any other line.
    private static func behind(_ line: String, _ labels: [String]) -> String? {
        for label in labels where line.hasPrefix(label) {
            let rest = Substring(line.unicodeScalars.dropFirst(label.unicodeScalars.count))
            guard let mark = rest.unicodeScalars.first else { return "" }
            guard mark.isBlank || [":", "：", ">", "》", "»", "→"].contains(mark) else { continue }
            let text = String(rest).blankTrimmed
            let isMark = text.unicodeScalars.first == ":" || text.unicodeScalars.first == "："
            return mark.isBlank && !isMark
                ? text : String(Substring(text.unicodeScalars.dropFirst())).blankTrimmed
        }
        return nil
    }
}
