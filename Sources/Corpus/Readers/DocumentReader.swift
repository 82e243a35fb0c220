/// One text that a reader found in a document, before cleaning.
struct DocumentPart: Sendable {
    /// As in `CorpusRecord.part`.
    var part = 0
    var title: String?
    var date: DatedBy?
    var text: String
}

/// A date with its evidence.
struct DatedBy: Sendable, Hashable {
    /// `yyyy-mm-dd` or `yyyy-mm`.
    let date: String
    let source: DateSource
}

/// What a reader made of a document.
struct ReadDocument: Sendable {
    var parts: [DocumentPart] = []
    /// Character encoding, in the form that the report counts.
    var encoding: String
    /// What was noticed or repaired.
    var warnings: [String] = []
    /// Rows that could not be used: the part, the reason, particulars, the row's beginning.
    var droppedRows: [(part: Int, reason: DropReason, detail: String, text: String)] = []
    /// Names of attachments that were not read.
    var attachments: [(name: String, detail: String)] = []
}

/// Why a whole document cannot be read.
struct DocumentProblem: Error, Sendable, Hashable {
    let reason: UnreadDocument.Reason
    let detail: String
}

/// Reads one kind of document.
protocol DocumentReader: Sendable {
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - name: the file's name without extension.
    func read(_ bytes: [UInt8], name: String) throws(DocumentProblem) -> ReadDocument
}
