/// A piece of a source as it is shown: running text, or a table that the document has as rows `| a | b |`.
struct SourceBlock: Encodable, Sendable, Equatable {
    /// Text of one kind: supporting words, or words around them.
    struct Run: Encodable, Sendable, Equatable {
        var text: String
        let isQuoted: Bool
    }

    /// Running text, nil for a table.
    private(set) var text: [Run]?
    /// Rows of cells, nil for text.
    private(set) var rows: [[[Run]]]?
    /// Whether the first row holds the names of the columns.
    private(set) var hasHead = false

    private typealias Mark = (scalar: Unicode.Scalar, isQuoted: Bool)

    /// The blocks of a passage.
    /// - Parameters:
    ///   - scalars: the passage.
    ///   - quoted: the supporting words in it.
    ///   - lead: the row with the names of the columns where the passage begins inside a table.
    static func blocks(_ scalars: [Unicode.Scalar], quoted: Range<Int>, lead: String = "") -> [SourceBlock] {
        let marks: [Mark] = scalars.enumerated().map { ($0.element, quoted.contains($0.offset)) }
        var blocks: [SourceBlock] = []
        var lines: [ArraySlice<Mark>] = []
        var wasTable = false
        func close() {
            if wasTable {
                blocks.append(table(lines, lead: blocks.isEmpty ? lead : ""))
            } else if let text = prose(lines) {
                blocks.append(text)
            }
            lines = []
        }
        for line in marks.split(omittingEmptySubsequences: false, whereSeparator: { $0.scalar == "\n" }) {
            let isTable = isRow(line)
            if isTable != wasTable { close() }
            wasTable = isTable
            lines.append(line)
        }
        close()
        return blocks
    }

    /// `| a | b |`
    private static func isRow(_ line: ArraySlice<Mark>) -> Bool {
        line.first { $0.scalar != " " }?.scalar == "|" && line.count { $0.scalar == "|" } >= 2
    }

    /// `| --- | --- |`
    private static func isRule(_ line: ArraySlice<Mark>) -> Bool {
        line.contains { $0.scalar == "-" }
            && line.allSatisfy { "|-: \t\r".unicodeScalars.contains($0.scalar) }
    }

    /// Text without the marks of Markdown headings and empty lines, of which the supporting words keep theirs.
    private static func prose(_ lines: [ArraySlice<Mark>]) -> SourceBlock? {
        var kept: [Mark] = []
        for line in lines {
            let line = line.drop { !$0.isQuoted && ($0.scalar == "#" || $0.scalar == " ") }
            guard !line.isEmpty else { continue }
            // A break between two lines of the supporting words belongs to them.
            if let last = kept.last { kept.append(("\n", last.isQuoted && line.first?.isQuoted ?? false)) }
            kept += line
        }
        return kept.isEmpty ? nil : SourceBlock(text: runs(kept))
    }

    private static func table(_ lines: [ArraySlice<Mark>], lead: String) -> SourceBlock {
        var rows = lines.filter { !isRule($0) }.map(cells)
        var hasHead = lines.count > 1 && isRule(lines[1])
        if !hasHead, lead.hasPrefix("|") {
            rows.insert(cells(lead.unicodeScalars.map { Mark($0, false) }[...]), at: 0)
            hasHead = true
        }
        return SourceBlock(rows: rows, hasHead: hasHead && rows.count > 1)
    }

    private static func cells(_ line: ArraySlice<Mark>) -> [[Run]] {
        var cells: [[Mark]] = [[]]
        var isEscaped = false
        for mark in line {
            if mark.scalar == "|", !isEscaped {
                cells.append([])
            } else {
                // In a cell `\|` is a bar.
                if mark.scalar == "|" { cells[cells.count - 1].removeLast() }
                cells[cells.count - 1].append(mark)
            }
            isEscaped = mark.scalar == "\\" && !isEscaped
        }
        var trimmed = cells.map { cell in
            let front = cell.drop { $0.scalar.properties.isWhitespace }
            let end = front.lastIndex { !$0.scalar.properties.isWhitespace }
            return end.map { Array(front[...$0]) } ?? []
        }
        trimmed.removeFirst()
        if trimmed.last?.isEmpty ?? false { trimmed.removeLast() }
        return trimmed.map(runs)
    }

    private static func runs(_ marks: [Mark]) -> [Run] {
        var runs: [Run] = []
        for mark in marks {
            if runs.last?.isQuoted != mark.isQuoted { runs.append(Run(text: "", isQuoted: mark.isQuoted)) }
            runs[runs.count - 1].text.unicodeScalars.append(mark.scalar)
        }
        return runs
    }

    /// The block as markup: one line of it, since line breaks count where it stands.
    var markup: Markup {
        guard let rows else { return Markup((text ?? []).map(Self.markup)) }
        let all = rows.enumerated().map { number, row -> Markup in
            let isHead = hasHead && number == 0
            let cells = row.map { cell -> Markup in
                let content = Markup(cell.map(Self.markup))
                return isHead ? "<th scope=\"col\">\(content)</th>" : "<td>\(content)</td>"
            }
            return isHead ? "<thead><tr>\(cells)</tr></thead>" : "<tr>\(cells)</tr>"
        }
        return "<table>\(all)</table>"
    }

    private static func markup(_ run: Run) -> Markup {
        run.isQuoted ? "<mark>\(run.text)</mark>" : "\(run.text)"
    }
}
