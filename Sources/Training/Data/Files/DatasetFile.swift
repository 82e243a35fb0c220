public import ChatTemplates
public import FoundationEssentials
import ModelFormats

/// One row as it stands in a file.
public struct DatasetRecord: Sendable {
    /// The line on which it begins, from 1.
    public let line: Int
    /// Its keys and values, or why it cannot be read.
    public let content: Result<TemplateDictionary, RowProblem>
}

/// A data file that is read row by row: JSON lines, a JSON list, or a table (CSV, TSV) with a header. Tables named
/// `.csv` may have semicolons or tabs between their cells, as spreadsheets of many countries write them.
///
/// Memory: one row and one chunk of the file.
public struct DatasetFile {
    /// Most bytes of one row.
    public static let longestRow = 64 << 20

    /// The file's name, for messages.
    public let name: String
    private var reader: Reader

    private enum Reader {
        case lines(ChunkedFile)
        case list(JSONListReader)
        case table(TableReader)
    }

    /// Opens a file; what it is follows from its ending, and for `.json` from its first character.
    public init(_ url: URL) throws(TrainingDataError) {
        name = url.lastPathComponent
        do {
            let opened = try ReadOnlyFile(url)
            let mark = try opened.bytes(at: 0, count: min(2, opened.size))
            if mark == [0xFF, 0xFE] || mark == [0xFE, 0xFF] { throw TrainingDataError.utf16(file: name) }
            var file = try ChunkedFile(opened)
            switch url.pathExtension.lowercased() {
            case "jsonl", "ndjson": reader = .lines(file)
            case "json":
                try file.skipSpace()
                switch try file.peek() {
                case UInt8(ascii: "["): reader = .list(try JSONListReader(file))
                case UInt8(ascii: "{"), nil: reader = .lines(file)
                default: throw TrainingDataError.notAList(file: name)
                }
            case "csv":
                let delimiters = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")]
                reader = .table(try TableReader(file, delimiters: delimiters, name: name))
            case "tsv": reader = .table(try TableReader(file, delimiters: [UInt8(ascii: "\t")], name: name))
            default: throw TrainingDataError.unknownFile(file: name)
            }
        } catch let error as FileError {
            throw .file(error)
        } catch let error as TrainingDataError {
            throw error
        } catch {
            throw .notAList(file: name)
        }
    }

    /// The next row, nil at the end. Empty lines are no rows.
    public mutating func next() throws(TrainingDataError) -> DatasetRecord? {
        do throws(FileError) {
            switch reader {
            case .lines(var file):
                defer { reader = .lines(file) }
                return try Self.line(&file)
            case .list(var list):
                defer { reader = .list(list) }
                return try list.next()
            case .table(var table):
                defer { reader = .table(table) }
                return try table.next()
            }
        } catch {
            throw .file(error)
        }
    }

    private static func line(_ file: inout ChunkedFile) throws(FileError) -> DatasetRecord? {
        while true {
            let number = file.line
            guard let line = try file.nextLine(limit: longestRow) else { return nil }
            guard line.isWhole else {
                return DatasetRecord(line: number, content: .failure(.tooLarge(limit: longestRow)))
            }
            if line.bytes.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
            return DatasetRecord(line: number, content: object(line.bytes))
        }
    }

    /// The object that these bytes are.
    static func object(_ bytes: [UInt8]) -> Result<TemplateDictionary, RowProblem> {
        do {
            guard case .dict(let entries) = try TemplateValue(json: bytes) else { return .failure(.notAnObject) }
            return .success(entries)
        } catch {
            // Lines are counted in the row here: the file's line, on which the row begins, is told beside.
            let place = error.line > 1 ? "line \(error.line), column \(error.column)" : "column \(error.column)"
            return .failure(.notJSON("\(place) of the row: \(error.message)"))
        }
    }
}
