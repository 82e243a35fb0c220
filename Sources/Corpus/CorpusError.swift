internal import Text

/// What can go wrong with a corpus as a whole. Trouble with single documents does not end a build: it is in the
/// report (`UnreadDocument`, `DroppedRecord`).
public enum CorpusError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The folder to read does not exist or is no folder.
    case noFolder(path: String)
    /// The folder to read cannot be listed.
    case unreadableFolder(path: String, reason: String)
    /// A corpus name with characters that a folder name should not have.
    case badName(String)
    /// There is no corpus of this name.
    case noCorpus(path: String)
    /// Another process is building the same corpus.
    case buildRunning(name: String)
    /// A file of the corpus cannot be written: a full disk, missing rights.
    case writeFailed(path: String, reason: String)
    /// A file of the corpus cannot be read.
    case readFailed(path: String, reason: String)
    /// The records file is not the one that the build wrote: cut, or changed by something else.
    case alteredRecords(
        file: String, expectedRecords: Int, actualRecords: Int, expectedSHA256: String, actualSHA256: String)
    /// A line of a records file is no record: the file was changed by something else.
    case damagedLine(file: String, line: Int, reason: String)
    /// The task was cancelled; the corpus is as it was before.
    case cancelled

    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .noFolder(let path):
            "there is no folder \(path): name an existing folder with documents"
        case .unreadableFolder(let path, let reason):
            "the folder \(path) cannot be read (\(reason)): check its rights"
        case .badName(let name):
            "'\(name)' is no corpus name: use \(ObjectName.rule)"
        case .noCorpus(let path):
            "there is no corpus at \(path): run `pallet corpus build` first"
        case .buildRunning(let name):
            "corpus '\(name)' is being built by another process: wait until it ends"
        case .writeFailed(let path, let reason):
            "cannot write \(path) (\(reason)): check free space and rights; the old corpus is unchanged"
        case .readFailed(let path, let reason):
            "cannot read \(path) (\(reason)): check its rights, or run `pallet corpus build` again"
        case .alteredRecords(let file, let expected, let actual, let expectedHash, let actualHash):
            "\(file) is not what the build wrote: \(actual) records with SHA-256 \(actualHash), the report says "
                + "\(expected) records with SHA-256 \(expectedHash); run `pallet corpus build` again"
        case .damagedLine(let file, let line, let reason):
            "\(file), line \(line) is no record (\(reason)): run `pallet corpus build` again"
        case .cancelled:
            "the build was cancelled; the corpus is as it was before"
        }
    }
}
