public import Foundation

/// Reads the records of a corpus that `CorpusBuilder` wrote.
///
///     for record in try CorpusReader(home: home, name: "company").records() {
///         let record = try record.get()
///     }
public struct CorpusReader: Sendable {
    /// The folder of the corpus: `records.jsonl`, `report.json`, `dropped.jsonl`.
    public let folder: URL

    /// The corpus in `folder`.
    public init(folder: URL) {
        self.folder = folder
    }

    /// The corpus `name` under the home folder.
    ///
    /// - Throws: `CorpusError.badName`, `.noCorpus`.
    public init(home: URL, name: String) throws(CorpusError) {
        folder = try CorpusFolder(home: home, name: name).readable()
    }

    /// The records one after the other; memory holds one at a time. A damaged line is a failure that names the line,
    /// and reading goes on behind it.
    ///
    /// The file is read once before, and its number of lines and SHA-256 compared with the report: a file that was
    /// cut at the end of a line looks whole to whoever reads lines.
    ///
    /// - Throws: `CorpusError.readFailed`, `.noCorpus`, `.alteredRecords`.
    public func records() throws(CorpusError) -> CorpusRecords {
        let file = folder.appendingPathComponent(CorpusFolder.recordsName)
        var lines = try LineReader(file: file)
        let report = try report()
        var hash = SHA256()
        var count = 0
        while let line = try lines.next() {
            if !line.isEmpty { count += 1 }
            hash.add(Array(line) + (lines.lastHadEnd ? [0x0A] : []))
        }
        let actual = hash.hexadecimal()
        guard count == report.records, actual == report.recordsSHA256 else {
            throw .alteredRecords(
                file: file.path, expectedRecords: report.records, actualRecords: count,
                expectedSHA256: report.recordsSHA256, actualSHA256: actual)
        }
        return try CorpusRecords(file: file)
    }

    /// The report of the build.
    public func report() throws(CorpusError) -> CorpusReport {
        let file = folder.appendingPathComponent(CorpusFolder.reportName)
        do {
            return try JSONDecoder().decode(CorpusReport.self, from: Data(contentsOf: file))
        } catch {
            throw .readFailed(path: file.path, reason: String(describing: error))
        }
    }
}

/// The records of a file, read line by line.
public struct CorpusRecords: Sequence, IteratorProtocol {
    private var lines: LineReader
    private let decoder = JSONDecoder()
    private var hasFailed = false

    init(file: URL) throws(CorpusError) {
        lines = try LineReader(file: file)
    }

    /// The next record, or what is wrong with its line.
    public mutating func next() -> Result<CorpusRecord, CorpusError>? {
        guard !hasFailed else { return nil }
        do throws(CorpusError) {
            while let line = try lines.next() {
                if line.isEmpty { continue }
                return Result { () throws(CorpusError) in try decode(line) }
            }
            return nil
        } catch {
            hasFailed = true
            return .failure(error)
        }
    }

    private func decode(_ line: Data) throws(CorpusError) -> CorpusRecord {
        do {
            return try decoder.decode(CorpusRecord.self, from: line)
        } catch {
            throw .damagedLine(file: lines.path, line: lines.number, reason: String(describing: error).prefix(200) + "")
        }
    }
}

/// Lines of a file, split at byte 0A, in bounded memory.
struct LineReader {
    /// Longer lines are no records.
    static let longestLine = 256 << 20

    let path: String
    /// The number of the line that was read last, from 1.
    private(set) var number = 0
    /// Whether a line end stood behind the line that was read last.
    private(set) var lastHadEnd = false
    private let handle: FileHandle
    private var buffer = Data()
    private var isAtEnd = false

    init(file: URL) throws(CorpusError) {
        path = file.path
        do {
            handle = try FileHandle(forReadingFrom: file)
        } catch {
            guard FileManager.default.fileExists(atPath: file.path) else { throw .noCorpus(path: file.path) }
            throw .readFailed(path: file.path, reason: String(describing: error))
        }
    }

    /// The next line without its end, or nil behind the last.
    mutating func next() throws(CorpusError) -> Data? {
        var searched = 0
        while true {
            if let end = buffer.dropFirst(searched).firstIndex(of: 0x0A) {
                let line = buffer[buffer.startIndex..<end]
                buffer = buffer[buffer.index(after: end)...]
                number += 1
                lastHadEnd = true
                return Data(line)
            }
            searched = buffer.count
            if isAtEnd {
                guard !buffer.isEmpty else { return nil }
                defer { buffer = Data() }
                number += 1
                lastHadEnd = false
                return Data(buffer)
            }
            guard buffer.count <= Self.longestLine else {
                throw .damagedLine(file: path, line: number + 1, reason: "longer than \(Self.longestLine) bytes")
            }
            try fill()
        }
    }

    private mutating func fill() throws(CorpusError) {
        do {
            let chunk = try handle.read(upToCount: 1 << 20) ?? Data()
            isAtEnd = chunk.isEmpty
            // The rest of the last line moves to the front once per chunk, not once per line.
            if buffer.startIndex > 0 { buffer = Data(buffer) }
            buffer.append(chunk)
        } catch {
            throw .readFailed(path: path, reason: String(describing: error))
        }
    }
}
