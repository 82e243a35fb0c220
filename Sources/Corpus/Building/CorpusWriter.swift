internal import Foundation
internal import Text

/// Turns documents into records and writes them, the dropped ones and the report into a folder.
struct CorpusWriter {
    private let folder: URL
    private let configuration: CorpusBuilder.Configuration
    private var report: CorpusReport
    private var records: LineWriter
    private var dropped: LineWriter
    /// By hash of the folded text: the record that has it.
    private var seen: [String: (id: String, document: String)] = [:]
    private var inputHashes = ""

    init(folder: URL, name: String, configuration: CorpusBuilder.Configuration) throws(CorpusError) {
        self.folder = folder
        self.configuration = configuration
        report = CorpusReport(name: name)
        records = try LineWriter(file: folder.appendingPathComponent(CorpusFolder.recordsName))
        dropped = try LineWriter(file: folder.appendingPathComponent(CorpusFolder.droppedName))
    }

    /// Reads one document and writes its records. Trouble with it goes into the report.
    mutating func add(_ document: SourceDocument) throws(CorpusError) {
        let read: ReadDocument
        do throws(DocumentProblem) {
            let bytes = try DocumentFile.bytes(of: document, limit: configuration.maximumFileBytes)
            read = try document.reader.read(bytes, name: document.stem)
            inputHashes += "\(document.path)\t\(SHA256.hexadecimal(of: bytes))\n"
        } catch {
            report.unread.append(
                UnreadDocument(document: document.path, reason: error.reason, detail: error.detail))
            return
        }
        report.documentsRead += 1
        report.encodings[read.encoding, default: 0] += 1
        for warning in read.warnings.prefix(20) { warn(document, warning) }
        for attachment in read.attachments {
            report.unread.append(
                UnreadDocument(
                    document: "\(document.path)#\(attachment.name)", reason: .attachment, detail: attachment.detail))
        }
        for row in read.droppedRows {
            try drop(document, row.part, row.reason, row.detail, text: row.text)
        }
        for part in read.parts { try add(part, of: document) }
    }

    private mutating func add(_ part: DocumentPart, of document: SourceDocument) throws(CorpusError) {
        let cleaned = Normalisation.clean(part.text)
        if let damage = Mojibake.damage(in: part.text), damage.share > configuration.maximumDamage {
            let percent = Int((damage.share * 100).rounded())
            let limit = Int((configuration.maximumDamage * 100).rounded())
            try drop(
                document, part.part, .mojibake, "\(percent) % \(damage.kind); the limit is \(limit) %",
                text: cleaned.text)
            return
        }
        if cleaned.removedReplacements > 0 {
            warn(document, "\(cleaned.removedReplacements) unreadable characters (U+FFFD) were removed")
        }
        guard !cleaned.text.isEmpty else {
            try drop(document, part.part, .empty, "nothing left after cleaning", text: "")
            return
        }
        let letters = Normalisation.comparisonKey(cleaned.text).unicodeScalars.count
        guard letters >= configuration.minimumCharacters else {
            let detail = "\(letters) letters; the limit is \(configuration.minimumCharacters)"
            try drop(document, part.part, .tooShort, detail, text: cleaned.text)
            return
        }
        guard part.part == 0 else {
            // Rows keep the number of their line, so they are not cut.
            try write(cleaned.text, part.part, part, document)
            return
        }
        let pieces = Self.pieces(of: cleaned.text, limit: configuration.maximumRecordCharacters)
        for (number, piece) in pieces.enumerated() { try write(piece, number, part, document) }
    }

    private mutating func write(
        _ text: String, _ number: Int, _ part: DocumentPart, _ document: SourceDocument
    ) throws(CorpusError) {
        let date =
            part.date ?? DateEvidence.inFileName(document.stem)
            ?? DatedBy(date: document.modified, source: .fileTime)
        let title = Normalisation.clean(part.title ?? document.stem).text
            .split(whereSeparator: \.isNewline).joined(separator: " ")
        let record = CorpusRecord(
            document: document.path, part: number, title: title.isEmpty ? document.stem : String(title.prefix(300)),
            date: date.date, dateSource: date.source, kind: document.kind, text: text)
        let key = SHA256.hexadecimal(
            of: Normalisation.folded(text).utf8.filter { $0 != 0x20 && $0 != 0x0A && $0 != 0x09 })
        if let first = seen[key] {
            try drop(document, number, .duplicate, "same text as record \(first.id) of \(first.document)", text: text)
            return
        }
        seen[key] = (record.id, document.path)
        try records.write(record)
        report.records += 1
        report.characters += text.unicodeScalars.count
        report.recordsByKind[record.kind.rawValue, default: 0] += 1
        report.recordsByLanguage[record.language.rawValue, default: 0] += 1
        report.recordsByDateSource[record.dateSource.rawValue, default: 0] += 1
    }

    private mutating func warn(_ document: SourceDocument, _ message: String) {
        report.warnings.append(DocumentWarning(document: document.path, message: message))
    }

    private mutating func drop(
        _ document: SourceDocument, _ part: Int, _ reason: DropReason, _ detail: String, text: String
    ) throws(CorpusError) {
        let head = String(String.UnicodeScalarView(text.unicodeScalars.prefix(2000)))
        try dropped.write(
            DroppedRecord(document: document.path, part: part, reason: reason, detail: detail, text: head))
        report.dropped[reason.rawValue, default: 0] += 1
    }

    /// Writes what is left and the report, and makes sure that all is on the disk.
    mutating func finish(unread: [UnreadDocument]) throws(CorpusError) -> CorpusReport {
        report.recordsSHA256 = try records.finish()
        _ = try dropped.finish()
        report.unread += unread
        report.unread.sort { $0.document.unicodeScalars.lexicographicallyPrecedes($1.document.unicodeScalars) }
        report.documentsFound = report.documentsRead + report.unread.filter { $0.reason != .attachment }.count
        report.inputSHA256 = SHA256.hexadecimal(of: Array(inputHashes.utf8))
        let file = folder.appendingPathComponent(CorpusFolder.reportName)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        do {
            var data = try encoder.encode(report)
            data.append(0x0A)
            try data.write(to: file)
            let handle = try FileHandle(forUpdating: file)
            try handle.synchronize()
            try handle.close()
        } catch {
            throw .writeFailed(path: file.path, reason: CorpusFolder.reason(error))
        }
        return report
    }

    /// `text` cut behind line ends into pieces of at most `limit` scalars; a longer line is cut where it must be.
    static func pieces(of text: String, limit: Int) -> [String] {
        let limit = max(limit, 1000)
        guard text.utf8.count > limit, text.unicodeScalars.count > limit else { return [text] }
        var pieces: [String] = []
        var rest = Substring(text).unicodeScalars
        while !rest.isEmpty {
            let head = rest.prefix(limit)
            var end = head.endIndex
            if end < rest.endIndex, let newline = head.lastIndex(of: "\n"), head.startIndex < newline {
                end = rest.index(after: newline)
            }
            let piece = Normalisation.clean(String(rest[..<end])).text
            if !piece.isEmpty { pieces.append(piece) }
            rest = rest[end...]
        }
        return pieces
    }
}
