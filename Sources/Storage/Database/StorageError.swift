internal import Text

/// What can be wrong with a home's database, said so that the operator knows what to do.
public enum StorageError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Another process serves this home already. `holder` is what its lock file says (process id), if readable.
    case homeInUse(path: String, holder: String)
    /// The folder or the lock file cannot be created or opened.
    case cannotOpen(path: String, reason: String)
    /// Opened for reading only, but no database is there yet.
    case noDatabase(path: String)
    /// The file was written by a newer Pallet: its migrations are not known here.
    case newerSchema(path: String)
    /// Opened for reading only, but the file needs migrations first.
    case olderSchema(path: String)
    /// Opened for reading only, and the file is there, but nothing in it: whoever was creating it was stopped.
    case unfinished(path: String)
    /// Opened for reading only; a write that was cut off has to be undone first, and this user may not.
    case needsRecovery(path: String, reason: String)
    /// A name for an index or an assistant that breaks the rule for names.
    case badName(kind: String, name: String)
    /// A value that cannot be stored.
    case invalidValue(field: String, expected: String, actual: String)
    /// Something that should be there by its name or number is not.
    case notFound(kind: String, name: String)
    /// The database itself reports an error (disk full, damaged file, broken constraint).
    case database(String)

    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .homeInUse(let path, let holder):
            "The home \(path) is already served by another Pallet (\(holder)). "
                + "Stop that one first, or give this one another --home."
        case .cannotOpen(let path, let reason):
            "Cannot open \(path): \(reason). Check that the folder exists and that this user may write there."
        case .noDatabase(let path):
            "There is no database at \(path). Import or build something first, or check --home."
        case .newerSchema(let path):
            "The database \(path) was written by a newer Pallet. Use that version, or restore an older backup."
        case .olderSchema(let path):
            "The database \(path) was written by an older Pallet. Run a writing command "
                + "(for example `pallet index build`) once, which brings it up to date."
        case .unfinished(let path):
            "The database \(path) is empty: the command that was creating it was stopped. Run that command again "
                + "(for example `pallet site import` or `pallet index build`), or check --home."
        case .needsRecovery(let path, let reason):
            "The database \(path) holds a write that was cut off and has to be undone, which failed: \(reason). "
                + "Run the command once as a user who may write to that folder."
        case .badName(let kind, let name):
            "'\(name)' is no name for an \(kind): use \(ObjectName.rule)."
        case .invalidValue(let field, let expected, let actual):
            "The field \(field) must be \(expected), but is \(actual)."
        case .notFound(let kind, let name):
            "There is no \(kind) named \(name)."
        case .database(let reason):
            "The database reports: \(reason)."
        }
    }
}
