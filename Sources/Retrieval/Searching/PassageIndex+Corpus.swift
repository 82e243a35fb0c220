public import Corpus
import Storage

extension PassageIndex {
    /// Builds the index from a corpus; see `build(records:progress:)`.
    /// - Throws: `CorpusError` at the first damaged line (the version in use stays), `StorageError`.
    @discardableResult
    public func build(
        corpus: CorpusReader, progress: (@Sendable (Int) -> Void)? = nil
    ) async throws -> IndexBuildReport {
        var build = try await IndexBuild(index: self)
        for record in try corpus.records() {
            try await build.take(IndexableRecord(record.get()), progress: progress)
        }
        return try await build.finish(progress: progress)
    }
}

extension IndexableRecord {
    /// A corpus record as the index takes it.
    public init(_ record: CorpusRecord) {
        self.init(
            document: StoredDocument(
                record: record.id, path: record.document, part: record.part, title: record.title,
                date: record.date.isEmpty ? nil : record.date, dateSource: record.dateSource.rawValue,
                kind: record.kind.rawValue),
            text: record.text, textHash: record.sha256)
    }
}
