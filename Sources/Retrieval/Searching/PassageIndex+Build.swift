public import Storage
import Text

/// A record as the index takes it; `CorpusRecord` gives one.
public struct IndexableRecord: Sendable, Equatable {
    /// The document.
    public var document: StoredDocument
    /// The clean text to which all places refer.
    public var text: String
    /// Hash of the text; equal hashes are taken for equal texts.
    public var textHash: String

    /// Makes the value from its parts.
    public init(document: StoredDocument, text: String, textHash: String) {
        self.document = document
        self.text = text
        self.textHash = textHash
    }
}

/// What a build did.
public struct IndexBuildReport: Codable, Sendable, Equatable {
    /// The index.
    public var index: String
    /// How many documents there are.
    public var documents: Int
    /// How many passages there are.
    public var passages: Int
    /// Documents that were cut now; the others were in the index in the same state.
    public var documentsCut: Int
    /// Documents of the corpus without any text.
    public var documentsEmpty: Int

    /// Makes the value from its parts.
    public init(index: String, documents: Int, passages: Int, documentsCut: Int, documentsEmpty: Int) {
        self.index = index
        self.documents = documents
        self.passages = passages
        self.documentsCut = documentsCut
        self.documentsEmpty = documentsEmpty
    }
}

extension PassageIndex {
    /// Documents that are stored in one transaction.
    private static let batch = 64

    /// Builds a new version of the index and puts it into use at the end, in one step.
    ///
    /// Killed at any moment, the version in use stays as it was, and the next build finds what was already cut.
    /// Documents that have not changed are not cut again.
    /// - Parameters:
    ///   - records: the corpus, in its order. The second record of an id is left out.
    ///   - progress: called after every batch with the number of records done.
    @discardableResult
    public func build(
        records: some Sequence<IndexableRecord>, progress: (@Sendable (Int) -> Void)? = nil
    ) async throws -> IndexBuildReport {
        var build = try await IndexBuild(index: self)
        for record in records { try await build.take(record, progress: progress) }
        return try await build.finish(progress: progress)
    }
}

/// One build: gathers records to batches and stores them.
struct IndexBuild {
    private let index: PassageIndex
    private let version: IndexVersion
    private var batch: [IndexableRecord] = []
    private var seen: Set<String> = []
    private var done = 0
    private var cut = 0
    private var empty = 0

    init(index: PassageIndex) async throws {
        self.index = index
        version = try await index.store.beginVersion(
            index: index.name, cutter: index.cutter.name, vectorSpace: index.embedder?.name)
    }

    mutating func take(_ record: IndexableRecord, progress: (@Sendable (Int) -> Void)?) async throws {
        guard seen.insert(record.document.record).inserted else { return }
        batch.append(record)
        // Where vectors are made, a document takes long enough to be told of.
        if batch.count >= (index.embedder == nil ? 64 : 8) {
            try await flush()
            progress?(done)
        }
    }

    mutating func finish(progress: (@Sendable (Int) -> Void)?) async throws -> IndexBuildReport {
        try await flush()
        let summary = try await index.store.activate(version)
        progress?(done)
        return IndexBuildReport(
            index: index.name, documents: summary.active?.documents ?? 0, passages: summary.active?.passages ?? 0,
            documentsCut: cut, documentsEmpty: empty)
    }

    private mutating func flush() async throws {
        try Task.checkCancellation()
        let keys = batch.map { DocumentKey(record: $0.document.record, fingerprint: fingerprint($0)) }
        let found = try await index.store.claimDocuments(keys, for: version)
        var drafts: [DocumentDraft] = []
        for ((record, key), isThere) in zip(zip(batch, keys), found) where !isThere {
            drafts.append(draft(record, fingerprint: key.fingerprint))
        }
        if let embedder = index.embedder { try await embedder.addVectors(to: &drafts) }
        if !drafts.isEmpty { try await index.store.addDocuments(drafts, to: version) }
        cut += drafts.count
        empty += drafts.filter(\.passages.isEmpty).count
        done += batch.count
        batch.removeAll(keepingCapacity: true)
    }

    /// Everything that the stored document and its passages depend on.
    private func fingerprint(_ record: IndexableRecord) -> String {
        let document = record.document
        let parts = [
            index.cutter.name, index.embedder?.name ?? "", record.textHash, document.path, "\(document.part)",
            document.title,
            document.date ?? "", document.dateSource ?? "", document.kind,
        ]
        return TextHash.hex(parts.joined(separator: "\u{1F}"))
    }

    private func draft(_ record: IndexableRecord, fingerprint: String) -> DocumentDraft {
        let passages = index.cutter.passages(of: record.text, title: record.document.title)
        return DocumentDraft(
            document: record.document, fingerprint: fingerprint, text: record.text,
            passages: passages.map { passage in
                let heading = passage.headings.joined(separator: " > ")
                let body = passage.lead.isEmpty ? passage.text : passage.lead + "\n" + passage.text
                return PassageDraft(
                    start: passage.range.lowerBound, length: passage.range.count, heading: heading,
                    lead: passage.lead, text: passage.text, hash: TextHash.hex(passage.text),
                    headingTerms: SearchTerms.terms(in: heading).map(\.text),
                    bodyTerms: SearchTerms.terms(in: body).map(\.text))
            })
    }
}
