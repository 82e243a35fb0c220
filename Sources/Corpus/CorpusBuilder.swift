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
        let place = try CorpusFolder(home: home, name: name)
        let walk = try FolderWalk(folder: folder)
        do {
            try FileManager.default.createDirectory(at: place.parent, withIntermediateDirectories: true)
        } catch {
            throw .writeFailed(path: place.parent.path, reason: CorpusFolder.reason(error))
        }
        let lock = try BuildLock(file: place.parent.appendingPathComponent(".\(name).lock"), name: name)
        defer { lock.release() }
        try place.prepare()
        do throws(CorpusError) {
            var writer = try CorpusWriter(folder: place.building, name: name, configuration: configuration)
            for (index, document) in walk.documents.enumerated() {
                if Task.isCancelled { throw .cancelled }
                progress?(Progress(done: index, total: walk.documents.count, document: document.path))
                try writer.add(document)
            }
            let report = try writer.finish(unread: walk.unread)
            try place.activate()
            return report
        } catch {
            place.discard()
            throw error
        }
    }
}
