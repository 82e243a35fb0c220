public import Foundation

/// Stage 1: makes a corpus of clean records from a folder of documents.
///
/// Reads text, Markdown, HTML, CSV, JSON lines and messages; lists every other file in the report. The same folder
/// (paths, bytes and file times) gives the same bytes. The corpus is written beside the old one and takes its place
/// in one step, so a build that fails or is killed changes nothing.
///
///     let report = try CorpusBuilder().build(folder: documents, home: home, name: "company")
public struct CorpusBuilder: Sendable {
    /// Limits of a build.
    public struct Configuration: Sendable, Hashable {
        /// Larger files are listed as not read.
        public var maximumFileBytes = 64 << 20
        /// Records with fewer letters, digits and ideographs are dropped.
        public var minimumCharacters = 6
        /// Longer texts are cut at a line end into several records; in Unicode scalars.
        public var maximumRecordCharacters = 500_000
        /// Records with a greater share of characters that show wrong decoding are dropped.
        public var maximumDamage = 0.1

        /// The default limits.
        public init() {}
    }

    /// How far a build is.
    public struct Progress: Sendable, Hashable {
        /// Documents behind us.
        public let done: Int
        /// Documents in all.
        public let total: Int
        /// The document that is read now.
        public let document: String
    }

    /// The limits.
    public var configuration: Configuration

    /// A builder with these limits.
    public init(configuration: Configuration = Configuration()) {
        self.configuration = configuration
    }

    /// Reads `folder` and writes the corpus `HOME/corpus/NAME`.
    ///
    /// - Parameters:
    ///   - folder: the documents; folders below it are read too, links are not followed.
    ///   - home: Pallet's home folder, made when it is missing.
    ///   - name: letters, digits, `-`, `_`, `.`.
    ///   - progress: called before each document is read.
    /// - Returns: the report, as it stands in `report.json`.
    /// - Throws: `CorpusError`. Cost: one pass over the files; memory for one file and the hashes of all records.
    public func build(
        folder: URL, home: URL, name: String, progress: ((Progress) -> Void)? = nil
    ) throws(CorpusError) -> CorpusReport {
        let corpus = try prepare(folder: folder, home: home, name: name, progress: progress)
        return try corpus.activate()
    }

    /// As `build`, but the corpus that is in use stays in use until `activate()` is called. What else has to change
    /// with the corpus (the database of a site's import) is done in between, when the disk has taken everything.
    public func prepare(
        folder: URL, home: URL, name: String, progress: ((Progress) -> Void)? = nil
    ) throws(CorpusError) -> PreparedCorpus {
        let place = try CorpusFolder(home: home, name: name)
        let walk = try FolderWalk(folder: folder)
        do {
            try FileManager.default.createDirectory(at: place.parent, withIntermediateDirectories: true)
        } catch {
            throw .writeFailed(path: place.parent.path, reason: CorpusFolder.reason(error))
        }
        let lock = try BuildLock(file: place.parent.appendingPathComponent(".\(name).lock"), name: name)
        do throws(CorpusError) {
            try place.prepare()
            var writer = try CorpusWriter(folder: place.building, name: name, configuration: configuration)
            for (index, document) in walk.documents.enumerated() {
                if Task.isCancelled { throw .cancelled }
                progress?(Progress(done: index, total: walk.documents.count, document: document.path))
                try writer.add(document)
            }
            return PreparedCorpus(report: try writer.finish(unread: walk.unread), place: place, lock: lock)
        } catch {
            place.discard()
            lock.release()
            throw error
        }
    }
}

/// A corpus that is on the disk and not in use yet. Dropping it takes it away again.
public struct PreparedCorpus: ~Copyable {
    /// The report of the build.
    public let report: CorpusReport
    private let place: CorpusFolder
    private let lock: BuildLock

    init(report: CorpusReport, place: CorpusFolder, lock: BuildLock) {
        self.report = report
        self.place = place
        self.lock = lock
    }

    /// Puts the corpus in the place of the one before; renames only, which need no room on the disk.
    ///
    /// - Returns: the report, as it stands in `report.json`.
    /// - Throws: `CorpusError.writeFailed`.
    public consuming func activate() throws(CorpusError) -> CorpusReport {
        try place.activate()
        return report
    }

    deinit {
        // After activation there is nothing left under that name.
        place.discard()
        lock.release()
    }
}
