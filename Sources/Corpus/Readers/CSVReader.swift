internal import Text

/// Tables with separators (RFC 4180): every row becomes a line `列名：值；列名：值`, so that it says all that it means; a
/// table of questions and answers becomes pairs.
struct CSVReader: DocumentReader {
    func read(_ bytes: [UInt8], name: String) throws(DocumentProblem) -> ReadDocument {
        var decoded = try TextDecoder.decode(bytes)
        var table = CSVTable(decoded.text)
        decoded.warnings += table.warnings
        let title = table.takeTitle()
        let header = table.takeHeader()
        let text = header.flatMap { Self.pairs(table.rows, header: $0) } ?? Self.lines(table.rows, header: header)
        var read = ReadDocument(encoding: decoded.encoding, warnings: decoded.warnings)
        let titleDate = title.flatMap { DateEvidence.first(in: $0) }.map { DatedBy(date: $0, source: .text) }
        read.parts = [DocumentPart(title: title, date: titleDate ?? DateEvidence.inText(text), text: text)]
        return read
    }

    private static func lines(_ rows: [[String]], header: [String]?) -> String {
        rows.map { row in
            row.enumerated().filter { !$0.element.isEmpty }.map { index, value in
                let name = header.flatMap { index < $0.count && !$0[index].isEmpty ? $0[index] : nil }
                return (name ?? "列\(index + 1)") + "：" + value
            }.joined(separator: "；")
        }.filter { !$0.isEmpty }.joined(separator: "\n")
    }

    private static let questionNames: Set<String> = ["问题", "问", "提问", "标准问题", "标准问", "question", "q", "faq", "query"]
    private static let answerNames: Set<String> = ["答案", "答", "回答", "回复", "标准答案", "解答", "answer", "a", "response"]

    /// Questions with their answers, other columns behind them, or nil when the table is none of these.
    private static func pairs(_ rows: [[String]], header: [String]) -> String? {
        let names = header.map { Normalisation.folded($0) }
        guard let question = names.firstIndex(where: { questionNames.contains($0) }),
            let answer = names.firstIndex(where: { answerNames.contains($0) })
        else { return nil }
        return rows.compactMap { row -> String? in
            guard question < row.count, answer < row.count, !row[question].isEmpty, !row[answer].isEmpty else {
                return nil
            }
            var lines = ["问：" + row[question], "答：" + row[answer]]
            for (index, value) in row.enumerated() where index != question && index != answer && !value.isEmpty {
                if index < header.count, !header[index].isEmpty { lines.append("\(header[index])：\(value)") }
            }
            return lines.joined(separator: "\n")
        }.joined(separator: "\n\n")
    }
}

/// The cells of a table file.
struct CSVTable {
    /// Rows that hold something; white space in cells folded.
    private(set) var rows: [[String]] = []
    private(set) var warnings: [String] = []

    /// After so many quotes without an end, quotes are taken for plain characters.
    private static let mostOpenQuotes = 3
    /// In wider rows the rest stays in the last cell.
    private static let mostCells = 2000

    init(_ text: String) {
        var bytes = Array(text.utf8)
        var delimiter = Self.delimiter(of: bytes)
        // Excel's own hint.
        if text.hasPrefix("sep="), bytes.count > 4 {
            delimiter = bytes[4]
            bytes.removeSubrange(..<(bytes.firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.count))
        }
        var index = 0
        var openQuotes = 0
        while index < bytes.count {
            let start = index
            var row = Self.row(bytes, &index, delimiter, quotes: openQuotes < Self.mostOpenQuotes)
            if row.isOpen {
                openQuotes += 1
                warnings.append("row \(rows.count + 1): a quote without an end; taken as text")
                index = start
                row = Self.row(bytes, &index, delimiter, quotes: false)
            }
            if row.cells.contains(where: { !$0.isEmpty }) { rows.append(row.cells) }
        }
    }

    /// The row at `index`, which moves behind it. `isOpen` when the file ended inside quotes.
    private static func row(
        _ bytes: [UInt8], _ index: inout Int, _ delimiter: UInt8, quotes: Bool
    ) -> (cells: [String], isOpen: Bool) {
        let quote = UInt8(ascii: "\"")
        var cells: [String] = []
        var cell: [UInt8] = []
        var isQuoted = false
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            if isQuoted {
                if byte != quote {
                    cell.append(byte)
                } else if index < bytes.count, bytes[index] == quote {
                    cell.append(quote)
                    index += 1
                } else {
                    isQuoted = false
                }
            } else if byte == quote, quotes, cell.allSatisfy({ $0 == 0x20 }) {
                cell.removeAll()
                isQuoted = true
            } else if byte == delimiter, cells.count < mostCells {
                cells.append(Self.text(cell))
                cell.removeAll(keepingCapacity: true)
            } else if byte == 0x0A {
                cells.append(Self.text(cell))
                return (cells, false)
            } else {
                cell.append(byte)
            }
        }
        cells.append(text(cell))
        return (cells, isQuoted)
    }

    private static func text(_ cell: [UInt8]) -> String {
        guard !cell.isEmpty else { return "" }
        let text = Normalisation.clean(String(decoding: cell, as: UTF8.self)).text
        return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// The sign that occurs equally often, and at least once, in most of the first lines.
    private static func delimiter(of bytes: [UInt8]) -> UInt8 {
        let lines = bytes.prefix(64 << 10).split(separator: 0x0A).prefix(30)
        var best: (delimiter: UInt8, score: Double) = (UInt8(ascii: ","), 0)
        for delimiter in [UInt8(ascii: ","), 0x09, UInt8(ascii: ";"), UInt8(ascii: "|")] {
            let counts = lines.map { line -> Int in
                var isQuoted = false
                return line.reduce(0) { count, byte in
                    if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
                    return count + (byte == delimiter && !isQuoted ? 1 : 0)
                }
            }
            let usual = Dictionary(grouping: counts.filter { $0 > 0 }, by: { $0 }).max {
                ($0.value.count, $0.key) < ($1.value.count, $1.key)
            }
            guard let usual, !lines.isEmpty else { continue }
            let score = Double(usual.value.count) / Double(lines.count) + Double(min(usual.key, 20)) * 0.001
            if score > best.score { best = (delimiter, score) }
        }
        return best.delimiter
    }

    /// A first row with one filled cell over a wider table is the title.
    mutating func takeTitle() -> String? {
        guard rows.count >= 3, let first = rows.first, first.filter({ !$0.isEmpty }).count == 1,
            rows[1].filter({ !$0.isEmpty }).count >= 2
        else { return nil }
        rows.removeFirst()
        return first.first { !$0.isEmpty }
    }

    /// The first row when it looks like names of columns: filled, all different, short, no number or date among them.
    mutating func takeHeader() -> [String]? {
        guard rows.count >= 2, let first = rows.first else { return nil }
        var names = first
        while names.last?.isEmpty ?? false { names.removeLast() }
        let filled = names.filter { !$0.isEmpty }
        guard !filled.isEmpty, filled.count * 3 >= names.count * 2, Set(filled).count == filled.count else {
            return nil
        }
        let isPlain = filled.allSatisfy { name in
            name.unicodeScalars.count <= 30 && name.unicodeScalars.contains { $0.isIdeographic || $0.isSpacedLetter }
                && !Self.isValue(name)
        }
        guard isPlain else { return nil }
        rows.removeFirst()
        return names
    }

    /// A cell that is nothing but a number with its unit, a date or an amount.
    private static func isValue(_ cell: String) -> Bool {
        guard let mention = Numbers.mentions(in: cell).first, mention.kind != .ordinal else { return false }
        return mention.range.count == cell.unicodeScalars.count
    }
}
