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
        let previousIndex = rest.last { Self.neighbour(lines.trimmed[$0], Self.previousLabels) != nil }
        let nextIndex = rest.last {
            Self.neighbour(lines.trimmed[$0], Self.nextLabels) != nil && $0 > (previousIndex ?? metaIndex)
        }
        let end = previousIndex ?? nextIndex ?? rest.upperBound
        let body = (rest.lowerBound..<end).filter { !lines.trimmed[$0].isEmpty }
        article = PrintedArticle(
            title: lines.trimmed[title], titleLine: title + 1, author: meta.author, date: meta.date,
            reads: meta.reads, metaLine: metaIndex + 1, metaAsPrinted: lines.trimmed[metaIndex],
            metaSeparators: .init(
                betweenAuthorAndDate: meta.betweenAuthorAndDate, betweenDateAndReads: meta.betweenDateAndReads),
            paragraphs: body.map { lines.text($0) },
            linesWithLeadingNBSP: body.filter { lines.raw[$0].first == "\u{A0}" }.map { $0 + 1 },
            previous: previousIndex.flatMap { Self.title(lines, $0, Self.previousLabels) },
            next: nextIndex.flatMap { Self.title(lines, $0, Self.nextLabels) })
        let known = Set([previousIndex, nextIndex].compactMap { $0 })
        unread = (end..<rest.upperBound).filter { !lines.trimmed[$0].isEmpty && !known.contains($0) }
            .map { lines.text($0) }
    }

    /// What stands behind 上一篇 or 下一篇 and its mark; nil for any other line.
    private static func neighbour(_ line: String, _ labels: [String]) -> String? {
        for label in labels where line.hasPrefix(label) {
            let behind = String(line.dropFirst(label.count)).blankTrimmed
            guard let mark = behind.unicodeScalars.first, mark == ":" || mark == "：" else { continue }
            return String(Substring(behind.unicodeScalars.dropFirst())).blankTrimmed
        }
        return nil
    }

    private static func title(_ lines: PageLines, _ index: Int, _ labels: [String]) -> PrintedArticle.Neighbour? {
        guard let title = neighbour(lines.trimmed[index], labels), !title.isEmpty, !none.contains(title)
        else { return nil }
        return PrintedArticle.Neighbour(title: title, line: index + 1)
    }
}
