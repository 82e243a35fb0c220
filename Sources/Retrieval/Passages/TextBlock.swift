import Text

/// A part of a text that is not cut without need: a heading line, a list item, a table row, a question with its
/// answer, a paragraph.
struct TextBlock {
    enum Kind: Equatable {
        /// A `#` line; 1 is the outermost.
        case heading(level: Int)
        case paragraph
        case listItem
        /// A row of a table; `header` is the scalar range of its header row (nil for the header itself).
        case tableRow(header: Range<Int>?)
        /// A line of a list of values, `column: value; column: value`, which stands alone.
        case record
        /// A question line together with the answer below it.
        case questionAndAnswer
    }

    var kind: Kind
    /// Whole lines, line end included, so that blocks lie side by side.
    var range: Range<Int>
    /// For a heading its words.
    var title = ""
}

/// Reads a clean text (Markdown or plain) into blocks that cover it without gaps. One pass, no recursion.
struct BlockReader {
    private let scalars: [Unicode.Scalar]
    private var blocks: [TextBlock] = []
    private var tableHeader: Range<Int>?
    private var isInTable = false

    static func blocks(of scalars: [Unicode.Scalar]) -> [TextBlock] {
        var reader = BlockReader(scalars: scalars)
        reader.read()
        return reader.blocks
    }

    private init(scalars: [Unicode.Scalar]) {
        self.scalars = scalars
    }

    private mutating func read() {
        var start = 0
        while start < scalars.count {
            var end = start
            while end < scalars.count, scalars[end] != "\n" { end += 1 }
            if end < scalars.count { end += 1 }
            take(start..<end)
            start = end
        }
    }

    private mutating func take(_ line: Range<Int>) {
        let form = LineForm(scalars[line])
        if form != .tableRow, form != .tableRule { isInTable = false }
        switch form {
        case .blank:
            // White space belongs to the block before it, but ends it.
            extendLast(to: line)
            isOpen = false
        case .heading(let level, let title):
            append(TextBlock(kind: .heading(level: level), range: line, title: title))
            isOpen = false
        case .tableRule:
            if isInTable { extendLast(to: line) } else { append(TextBlock(kind: .paragraph, range: line)) }
        case .tableRow:
            if !isInTable { tableHeader = nil }
            append(TextBlock(kind: .tableRow(header: tableHeader), range: line))
            if !isInTable { tableHeader = line }
            isInTable = true
            isOpen = false
        case .listItem:
            append(TextBlock(kind: .listItem, range: line))
            isOpen = true
        case .record:
            append(TextBlock(kind: .record, range: line))
            isOpen = false
        case .question:
            append(TextBlock(kind: .questionAndAnswer, range: line))
            isOpen = true
        case .answer:
            // The answer belongs to its question even over an empty line.
            if let last = blocks.last, last.kind == .questionAndAnswer {
                extendLast(to: line)
            } else {
                append(TextBlock(kind: .paragraph, range: line))
            }
            isOpen = true
        case .prose:
            if isOpen { extendLast(to: line) } else { append(TextBlock(kind: .paragraph, range: line)) }
            isOpen = true
        }
    }

    /// Whether the next plain line goes on with the last block.
    private var isOpen = false

    private mutating func append(_ block: TextBlock) {
        blocks.append(block)
    }

    private mutating func extendLast(to line: Range<Int>) {
        guard let last = blocks.indices.last else {
            blocks.append(TextBlock(kind: .paragraph, range: line))
            return
        }
        blocks[last].range = blocks[last].range.lowerBound..<line.upperBound
    }
}
