internal import Text

/// Writes a page's content as text with Markdown's signs for headings, list items and table rows.
struct HTMLText {
    private let tree: HTMLTree
    private let isRemoved: [Bool]
    private var lines = ""
    /// The line that is being written, white space folded.
    private var line = ""
    private var pendingBlank = false
    /// What the next line begins with: the sign of a heading or list item.
    private var mark = ""
    private var lists: [(isOrdered: Bool, next: Int)] = []
    private var preDepth = 0

    /// The text of the subtree at `root`.
    static func render(_ tree: HTMLTree, content: MainContent) -> String {
        guard !tree.nodes.isEmpty else { return "" }
        var writer = HTMLText(tree: tree, isRemoved: content.isRemoved)
        writer.write(content.root..<tree.nodes[content.root].end)
        writer.endLine(paragraph: false)
        return writer.lines
    }

    private init(tree: HTMLTree, isRemoved: [Bool]) {
        self.tree = tree
        self.isRemoved = isRemoved
    }

    private static let paragraphs: Set<String> = [
        "p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "dl", "blockquote", "pre", "section", "article",
        "figure", "hr", "header", "main",
    ]
    private static let blocks: Set<String> = [
        "div", "li", "tr", "td", "th", "dt", "dd", "br", "caption", "figcaption", "address", "center", "body",
        "details",
        "summary", "fieldset", "legend", "tbody", "thead", "tfoot", "footer", "nav", "aside", "form", "option", "title",
    ]

    /// Walks the nodes in order; `open` holds the elements that are not closed yet.
    private mutating func write(_ range: Range<Int>) {
        var open: [Int] = []
        var index = range.lowerBound
        while index < range.upperBound {
            while let last = open.last, tree.nodes[last].end <= index {
                leave(tree.nodes[last].name)
                open.removeLast()
            }
            let node = tree.nodes[index]
            if isRemoved[index] {
                index = node.end
            } else if node.isText {
                append(node.text)
                index += 1
            } else if node.name == "table", let table = HTMLTable(tree, at: index, isRemoved: isRemoved) {
                endLine(paragraph: true)
                lines += table.text
                endLine(paragraph: true)
                index = node.end
            } else {
                enter(node)
                open.append(index)
                index += 1
            }
        }
        for last in open.reversed() { leave(tree.nodes[last].name) }
    }

    private mutating func enter(_ node: HTMLTree.Node) {
        let name = node.name
        if name == "br" {
            breakLine()
            return
        }
        if Self.paragraphs.contains(name) {
            // The paragraph inside a list item goes on with its sign.
            endLine(paragraph: mark.isEmpty)
        } else if Self.blocks.contains(name) {
            endLine(paragraph: false)
        }
        switch name {
        case "h1", "h2", "h3", "h4", "h5", "h6":
            mark = String(repeating: "#", count: name.last?.wholeNumberValue ?? 1) + " "
        case "ul", "ol", "menu":
            lists.append((name == "ol", node.attributes["start"].flatMap { Int($0) } ?? 1))
        case "li":
            let indent = String(repeating: "  ", count: min(max(lists.count - 1, 0), 8))
            if let last = lists.indices.last, lists[last].isOrdered {
                mark = "\(indent)\(lists[last].next). "
                lists[last].next = lists[last].next &+ 1
            } else {
                mark = indent + "- "
            }
        case "pre":
            preDepth += 1
        default:
            break
        }
    }

    private mutating func leave(_ name: String) {
        switch name {
        case "ul", "ol", "menu": _ = lists.popLast()
        case "pre": preDepth -= 1
        default: break
        }
        if Self.paragraphs.contains(name) {
            endLine(paragraph: true)
            mark = ""
        } else if Self.blocks.contains(name), name != "br" {
            endLine(paragraph: false)
            if name == "li" { mark = "" }
        }
    }

    private mutating func append(_ text: String) {
        if preDepth > 0 {
            for (index, piece) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                if index > 0 { breakLine() }
                line += piece
            }
            return
        }
        for scalar in text.unicodeScalars {
            if scalar.isBlank, scalar.value != 0x3000 {
                pendingBlank = !line.isEmpty
            } else {
                if pendingBlank { line.append(" ") }
                pendingBlank = false
                line.unicodeScalars.append(scalar)
            }
        }
    }

    /// A line end inside a block.
    private mutating func breakLine() {
        pendingBlank = false
        guard !line.isEmpty else { return }
        lines += mark + line + "\n"
        // A heading goes on as plain text, an item's further lines are indented.
        mark = mark.hasSuffix("- ") || mark.hasSuffix(". ") ? String(repeating: " ", count: mark.count) : ""
        line = ""
    }

    private mutating func endLine(paragraph: Bool) {
        pendingBlank = false
        if !line.isEmpty {
            lines += mark + line + "\n"
            line = ""
            mark = ""
        }
        if paragraph, !lines.isEmpty { lines += "\n" }
    }
}
