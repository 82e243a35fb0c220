import ChatTemplates
public import FoundationEssentials

/// Reads data files row by row into what is trained on.
public struct DataReader: Sendable {
    /// What happens to rows that cannot be trained on.
    public enum BadRows: Sendable, Equatable {
        /// The first one stops the reading.
        case stop
        /// They are left out and counted; more than this share of the rows (0 to 1) stops the reading at its end.
        case skip(limit: Double)
    }

    /// Turns examples into tokens.
    public let encoder: RowEncoder
    /// What happens to rows that cannot be trained on.
    public var badRows: BadRows
    /// What the rows must become; nil: what the first file's rows become.
    public var kind: DatasetForm.Kind?

    /// A reader.
    public init(encoder: RowEncoder, badRows: BadRows = .stop, kind: DatasetForm.Kind? = nil) {
        (self.encoder, self.badRows, self.kind) = (encoder, badRows, kind)
    }

    /// Reads files in order and gives each row to `body`. Memory: one row.
    ///
    /// - Throws: ``TrainingDataError``, and what `body` throws.
    @discardableResult
    public func read(_ files: [URL], _ body: (EncodedExample) throws -> Void) throws -> DataReport {
        var report = DataReport()
        var seen = 0
        var kind = kind
        for url in files { try read(url, &report, &seen, &kind, body) }
        if case .skip(let limit) = badRows, report.bad > 0, Double(report.bad) > limit * Double(seen) {
            throw TrainingDataError.tooManyBadRows(
                first: report.firstBad, count: report.bad, rows: seen, limit: limit)
        }
        guard report.rows > 0 else { throw TrainingDataError.noRows(files: files.map(\.lastPathComponent)) }
        return report
    }

    private func read(
        _ url: URL, _ report: inout DataReport, _ seen: inout Int, _ kind: inout DatasetForm.Kind?,
        _ body: (EncodedExample) throws -> Void
    ) throws {
        var file = try DatasetFile(url)
        report.files.append(.init(name: file.name))
        let place = report.files.count - 1
        while let record = try file.next() {
            seen += 1
            let bad: RowProblem
            switch Self.formed(record) {
            case .failure(let problem): bad = problem
            case .success(let (row, form)):
                try check(form, report.files[place], record.line, kind)
                kind = form.kind
                report.files[place].form = form
                switch encoded(row, form) {
                case .failure(let problem): bad = problem
                case .success(let encoded):
                    report.files[place].rows += 1
                    if encoded.isCut { report.cut += 1 }
                    report.rewritten += encoded.rewritten
                    for example in encoded.examples {
                        report.count(example)
                        try body(example)
                    }
                    continue
                }
            }
            guard case .skip = badRows else {
                throw TrainingDataError.badRow(file: file.name, line: record.line, problem: bad)
            }
            report.count(bad: BadRow(file: file.name, line: record.line, problem: bad))
        }
    }

    private static func formed(
        _ record: DatasetRecord
    ) -> Result<(row: TemplateDictionary, form: DatasetForm), RowProblem> {
        record.content.flatMap { row in
            guard let form = DatasetForm(keysOf: row) else {
                return .failure(.unknownForm(keys: row.entries.prefix(12).map(\.key)))
            }
            return .success((row, form))
        }
    }

    private func encoded(
        _ row: TemplateDictionary, _ form: DatasetForm
    ) -> Result<EncodedRow, RowProblem> {
        do throws(RowProblem) {
            let example = try DatasetExample(row, form: form, vocabulary: encoder.vocabularySize)
            return .success(try encoder.encode(example))
        } catch {
            return .failure(error)
        }
    }

    /// A form that does not go with the rows before it stops the reading, whatever is done with bad rows.
    private func check(
        _ form: DatasetForm, _ file: DataReport.FileReport, _ line: Int, _ kind: DatasetForm.Kind?
    ) throws(TrainingDataError) {
        if let expected = file.form, expected != form {
            throw .mixedForms(file: file.name, line: line, expected: expected, actual: form)
        }
        guard let kind, kind != form.kind else { return }
        if self.kind != nil { throw .wrongKind(expected: kind, actual: form.kind, form: form) }
        throw .mixedKinds(file: file.name, expected: kind, actual: form.kind)
    }
}
