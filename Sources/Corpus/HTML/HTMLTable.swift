internal import Text

/// A table of data as rows `| a | b |`. Merged cells are repeated downwards, so that every row says all it means.
struct HTMLTable {
    /// The rows, with a line `| --- | --- |` behind the row of headings.
    let text: String

    private static let mostColumns = 60
    private static let mostSpan = 500

    private struct Cell {
        var text: String
        var isHeading: Bool
        var columns: Int
        var rows: Int
        var hasBlocks: Bool
    }

    /// The table at `index`, or nil when it lays out a page: a table within, one cell a row, or long texts in cells.
    init?(_ tree: HTMLTree, at index: Int, isRemoved: [Bool]) {
        let range = index + 1..<tree.nodes[index].end
        guard !tree.nodes[range].contains(where: { $0.name == "table" }) else { return nil }
        var rows: [[Cell]] = []
        var caption = ""
        var place = range.lowerBound
        while place < range.upperBound {
            let node = tree.nodes[place]
            if isRemoved[place] {
                place = node.end
            } else if node.name == "tr" {
                rows.append([])
                place += 1
            } else if node.name == "td" || node.name == "th" {
                if rows.isEmpty { rows.append([]) }
                rows[rows.count - 1].append(Self.cell(tree, place, isRemoved))
                place = node.end
            } else if node.name == "caption" {
                caption = Self.cell(tree, place, isRemoved).text
                place = node.end
            } else {
                place += 1
            }
        }
        rows.removeAll { row in row.allSatisfy { $0.text.isEmpty } }
        let cells = rows.joined()
        guard rows.count >= 1, rows.contains(where: { $0.count >= 2 }) else { return nil }
        let isLayout =
            cells.contains { $0.hasBlocks && $0.text.unicodeScalars.count > 300 }
            || cells.contains { $0.text.unicodeScalars.count > 2000 }
        guard !isLayout else { return nil }
        text = (caption.isEmpty ? "" : caption + "\n") + Self.lines(of: rows)
    }

    private static func cell(_ tree: HTMLTree, _ index: Int, _ isRemoved: [Bool]) -> Cell {
        let node = tree.nodes[index]
        var words = ""
        var hasBlocks = false
        var place = index + 1
        while place < node.end {
            let inner = tree.nodes[place]
            if isRemoved[place] {
                place = inner.end
                continue
            }
            if inner.isText { words += inner.text }
            if ["p", "div", "ul", "ol", "li", "br", "h1", "h2", "h3", "h4"].contains(inner.name) {
                hasBlocks = hasBlocks || inner.name != "br"
                words += " "
            }
            place += 1
        }
        let text = String(
            words.split(whereSeparator: \.isWhitespace).joined(separator: " ").map { $0 == "|" ? "／" : $0 })
        func span(_ name: String) -> Int { min(max(node.attributes[name].flatMap { Int($0) } ?? 1, 1), mostSpan) }
        return Cell(
            text: text, isHeading: node.name == "th", columns: span("colspan"), rows: span("rowspan"),
            hasBlocks: hasBlocks)
    }

    private static func lines(of rows: [[Cell]]) -> String {
        var lines = ""
        /// Cells from rows above that reach into this one, by column.
        var carried: [Int: (text: String, rows: Int)] = [:]
        for (number, row) in rows.enumerated() {
            var columns: [String] = []
            var next: [Int: (text: String, rows: Int)] = [:]
            func takeCarried() {
                while let above = carried.removeValue(forKey: columns.count) {
                    if above.rows > 1 { next[columns.count] = (above.text, above.rows - 1) }
                    columns.append(above.text)
                }
            }
            for cell in row where columns.count < mostColumns {
                takeCarried()
                for column in 0..<cell.columns where columns.count < mostColumns {
                    if cell.rows > 1 { next[columns.count] = (column == 0 ? cell.text : "", cell.rows - 1) }
                    columns.append(column == 0 ? cell.text : "")
                }
            }
            takeCarried()
            carried = next
            lines += "| " + columns.joined(separator: " | ") + " |\n"
            if number == 0, rows.count > 1, row.allSatisfy(\.isHeading) {
                lines += "|" + String(repeating: " --- |", count: columns.count) + "\n"
            }
        }
        return lines
    }
}
