public import ModelFormats

/// Why data cannot be trained on as a whole.
public enum TrainingDataError: Error, Equatable, Sendable {
    /// A bad row where none is allowed.
    case badRow(file: String, line: Int, problem: RowProblem)
    /// More bad rows than are allowed.
    case tooManyBadRows(first: [BadRow], count: Int, rows: Int, limit: Double)
    /// A row of another form than the rows before it in the same file.
    case mixedForms(file: String, line: Int, expected: DatasetForm, actual: DatasetForm)
    /// Files that hold different kinds of rows.
    case mixedKinds(file: String, expected: DatasetForm.Kind, actual: DatasetForm.Kind)
    /// A kind of rows that the method does not train on.
    case wrongKind(expected: DatasetForm.Kind, actual: DatasetForm.Kind, form: DatasetForm)
    /// A shard holds rows of tokens, no pairs.
    case notRows
    /// No row is left.
    case noRows(files: [String])
    /// Rows, but not one token of them is trained.
    case nothingTrained(rows: Int, tokens: Int)
    /// A JSON file that is neither a list nor lines of objects.
    case notAList(file: String)
    /// A table without a header.
    case noHeader(file: String)
    /// A text whose byte order mark says UTF-16.
    case utf16(file: String)
    /// A file ending that is not read.
    case unknownFile(file: String)
    /// The file cannot be read.
    case file(FileError)
}

/// A row that was left out, and why.
public struct BadRow: Equatable, Sendable {
    /// The file's name.
    public let file: String
    /// The line on which the row begins, from 1.
    public let line: Int
    /// Why.
    public let problem: RowProblem

    /// A row that was left out.
    public init(file: String, line: Int, problem: RowProblem) {
        (self.file, self.line, self.problem) = (file, line, problem)
    }
}

extension BadRow: CustomStringConvertible {
    /// `file:line: why`.
    public var description: String { "\(file):\(line): \(problem)" }
}

extension TrainingDataError: CustomStringConvertible {
    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .badRow(let file, let line, let problem):
            "\(BadRow(file: file, line: line, problem: problem)). Mend the row, or go on without bad rows (--skip-bad)"
        case .tooManyBadRows(let first, let count, let rows, let limit):
            "\(count) of \(rows) rows are bad, at most \(limit * 100) % may be; "
                + "the first:\n" + first.map { "  \($0)" }.joined(separator: "\n")
        case .mixedForms(let file, let line, let expected, let actual):
            "\(file):\(line): a row of the form \(actual.rawValue) among rows of the form \(expected.rawValue): "
                + "put each form into a file of its own"
        case .mixedKinds(let file, let expected, let actual):
            "\(file) holds \(actual.rawValue), the files before it \(expected.rawValue): train on them one after another"
        case .wrongKind(let expected, let actual, let form):
            "the data are \(actual.rawValue) (form \(form.rawValue)), this method trains on \(expected.rawValue)"
        case .notRows: "a token shard holds rows of text or conversations, no pairs or judged completions"
        case .noRows(let files): "no row to train on in \(files.joined(separator: ", "))"
        case .nothingTrained(let rows, let tokens):
            "\(rows) rows with \(tokens) tokens, and none of them is trained: every label is masked. Look at the data with "
                + "pallet train preview"
        case .notAList(let file): "\(file): expected a JSON list of rows, or one JSON object a line"
        case .noHeader(let file): "\(file): a table needs a first row with the names of its columns"
        case .utf16(let file):
            "\(file) is UTF-16, data files are UTF-8: save it as UTF-8 (in Excel as CSV UTF-8), or convert it with "
                + "iconv -f UTF-16 -t UTF-8"
        case .unknownFile(let file): "\(file): data files are .jsonl, .ndjson, .json, .csv and .tsv"
        case .file(let error): error.description
        }
    }
}
