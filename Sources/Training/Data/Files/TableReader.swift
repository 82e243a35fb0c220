import ChatTemplates
import ModelFormats

/// The rows of a table with separators (RFC 4180), the first row giving the keys.
///
/// Empty cells are absent keys. A cell that begins with `[` or `{` and is JSON is that value, so that a column can
/// hold messages or token ids.
struct TableReader {
    private var file: ChunkedFile
    private let delimiter: UInt8
    private let header: [String]

    private static let quote = UInt8(ascii: "\"")

    private struct Row {
        var cells: [[UInt8]] = []
        var isWhole = true
        var problem: String?

        var isEmpty: Bool { cells.allSatisfy(\.isEmpty) }
    }

    /// Reads the header.
    ///
    /// - Parameter delimiters: those that may stand between cells; the first is taken where the header has none.
    init(_ file: ChunkedFile, delimiters: [UInt8], name: String) throws {
        self.file = file
        delimiter = try Self.delimiter(of: file, among: delimiters)
        var first: Row?
        repeat { first = try Self.row(&self.file, delimiter) } while first?.isEmpty ?? false
        guard let first, first.problem == nil, first.isWhole else { throw TrainingDataError.noHeader(file: name) }
        header = first.cells.map { String(decoding: $0, as: UTF8.self) }
        guard header.allSatisfy({ !$0.isEmpty }), Set(header).count == header.count else {
            throw TrainingDataError.noHeader(file: name)
        }
    }

    mutating func next() throws(FileError) -> DatasetRecord? {
        while true {
            let line = file.line
            guard let row = try Self.row(&file, delimiter) else { return nil }
            if row.isEmpty, row.problem == nil { continue }
            return DatasetRecord(line: line, content: content(of: row))
        }
    }

    private func content(of row: Row) -> Result<TemplateDictionary, RowProblem> {
        if let problem = row.problem { return .failure(.badTableRow(problem)) }
        guard row.isWhole else { return .failure(.tooLarge(limit: DatasetFile.longestRow)) }
        guard row.cells.count == header.count else {
            return .failure(.badTableRow("\(row.cells.count) cells, the header has \(header.count)"))
        }
        var entries = TemplateDictionary()
        for (name, cell) in zip(header, row.cells) where !cell.isEmpty {
            guard let text = String(validating: cell, as: UTF8.self) else { return .failure(.notJSON("not UTF-8")) }
            let isJSON = cell.first == UInt8(ascii: "[") || cell.first == UInt8(ascii: "{")
            entries[name] = (isJSON ? try? TemplateValue(json: cell) : nil) ?? .string(text)
        }
        return .success(entries)
    }

    /// The one that stands most often in the header outside quotes; of two the earlier in the list.
    private static func delimiter(of file: ChunkedFile, among delimiters: [UInt8]) throws(FileError) -> UInt8 {
        var file = file
        var counts = [Int](repeating: 0, count: delimiters.count)
        var isQuoted = false
        var size = 0
        try file.skipSpace()
        while size < DatasetFile.longestRow, let byte = try file.next(), isQuoted || byte != 0x0A {
            size += 1
            if byte == quote { isQuoted.toggle() }
            if !isQuoted, let index = delimiters.firstIndex(of: byte) { counts[index] += 1 }
        }
        let most = counts.max() ?? 0
        return zip(delimiters, counts).first { $1 == most }?.0 ?? UInt8(ascii: ",")
    }

    /// The next row, nil at the end of the file.
    private static func row(_ file: inout ChunkedFile, _ delimiter: UInt8) throws(FileError) -> Row? {
        guard try file.peek() != nil else { return nil }
        var row = Row()
        var cell: [UInt8] = []
        var size = 0
        func close() {
            row.cells.append(cell)
            cell.removeAll(keepingCapacity: true)
        }
        while let byte = try file.next() {
            size += 1
            if size > DatasetFile.longestRow { row.isWhole = false }
            if byte == quote, cell.isEmpty {
                guard try quoted(&file, into: &cell, &size) else {
                    row.problem = "a quote that does not end"
                    return row
                }
            } else if byte == delimiter {
                close()
            } else if byte == 0x0A {
                if cell.last == 0x0D { cell.removeLast() }
                close()
                return row
            } else if row.isWhole {
                cell.append(byte)
            }
        }
        if cell.last == 0x0D { cell.removeLast() }
        close()
        return row
    }

    /// Takes a quoted cell behind its opening quote; false where the file ends inside.
    private static func quoted(
        _ file: inout ChunkedFile, into cell: inout [UInt8], _ size: inout Int
    ) throws(FileError) -> Bool {
        while let byte = try file.next() {
            size += 1
            if byte == quote {
                guard try file.peek() == quote else { return true }
                _ = try file.next()
            }
            // Beyond the longest row nothing more is kept.
            if size <= DatasetFile.longestRow { cell.append(byte) }
        }
        return false
    }
}
