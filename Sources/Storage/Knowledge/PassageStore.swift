/// Where documents and passages are kept and found by their terms.
///
/// An index has versions. A build fills a version that nobody sees, and `activate` makes it the one in use, in one
/// transaction; a build that is killed leaves the version in use as it was, and what it had already cut is found again
/// by the next build. The store knows nothing of languages: terms are words without blanks that the caller made.
public protocol PassageStore: Sendable {
    /// Begins a version of an index (made when it is not there yet), or takes up the one that a killed build left.
    /// - Parameters:
    ///   - cutter: name of the cutter and its settings; kept with the version.
    ///   - vectorSpace: name of the model and form of the passages' vectors, likewise; nil for none.
    func beginVersion(index name: String, cutter: String, vectorSpace: String?) async throws -> IndexVersion
    /// Puts documents that are stored already, in exactly this state, into the version.
    /// - Returns: for each key whether it was there; the others have to be cut and added.
    func claimDocuments(_ keys: [DocumentKey], for version: IndexVersion) async throws -> [Bool]
    /// Stores documents with their passages and puts them into the version, all in one transaction.
    func addDocuments(_ documents: [DocumentDraft], to version: IndexVersion) async throws
    /// Makes the version the one in use, keeps the one before it, and forgets what belongs to neither.
    func activate(_ version: IndexVersion) async throws -> IndexSummary

    /// An index with its version in use, or nil.
    func index(named name: String) async throws -> IndexSummary?
    /// All indexes by name.
    func allIndexes() async throws -> [IndexSummary]
    /// Deletes an index with all that belongs to it. False when there was none.
    func removeIndex(named name: String) async throws -> Bool
    /// Keeps thresholds with the index (a JSON text that the caller understands), or forgets them.
    func saveCalibration(_ json: String?, index name: String) async throws
    /// Writes the full-text table of the version in use anew.
    func rebuildTerms(index name: String) async throws

    /// Passages of the version in use that hold at least one of the terms, best by BM25 first (heading 5 : body 1).
    /// At most 64 terms are looked for, prefixes first, then the terms in their order.
    /// - Parameter prefixes: beginnings of terms: a single Han character finds every word that begins with it.
    /// - Throws: `StorageError.notFound` when there is no such index in use.
    func candidates(index name: String, terms: [String], prefixes: [String], limit: Int) async throws
        -> PassageCandidates
    /// The passages of these ids that are in the version in use, in no particular order.
    func passages(index name: String, ids: [Int64]) async throws -> [StoredPassage]
    /// The vectors of all passages of the version in use, by passage id: as bytes, with the version.
    func passageVectors(index name: String) async throws -> (version: IndexVersion, vectors: [(Int64, [UInt8])])
    /// The vectors of the sentences of these passages, as bytes.
    func sentenceVectors(ids: [Int64]) async throws -> [Int64: [UInt8]]
    /// How many passages of the version in use hold each term.
    func frequencies(index name: String, terms: [String]) async throws -> [String: Int]
    /// The documents of the version in use by path and part, without text.
    func documents(index name: String) async throws -> [StoredDocument]
    /// The clean text of a record of the version in use.
    func documentText(index name: String, record: String) async throws -> String?
    /// The passages of a record of the version in use, in order.
    func passages(index name: String, record: String) async throws -> [StoredPassage]
}

extension PassageStore {
    /// Begins a version without vectors.
    public func beginVersion(index name: String, cutter: String) async throws -> IndexVersion {
        try await beginVersion(index: name, cutter: cutter, vectorSpace: nil)
    }
}
