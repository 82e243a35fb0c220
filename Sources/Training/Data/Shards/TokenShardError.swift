public import ModelFormats

/// Why a token shard cannot be written or read.
public enum TokenShardError: Error, Equatable, Sendable {
    /// The file cannot be read or written.
    case file(FileError)
    /// The file is no token shard.
    case notAShard(path: String)
    /// The shard was written by another version of the program.
    case otherVersion(path: String, expected: Int, actual: Int)
    /// The file is cut off or was changed.
    case damaged(path: String, what: String)
    /// A row whose bytes are not those that were written.
    case damagedRow(path: String, row: Int)
    /// The shard was made with another tokenizer than the model's.
    case otherTokenizer(path: String, expected: String, actual: String)
    /// A row with ids outside the vocabulary, or with arrays of unequal lengths.
    case badRow(row: Int, reason: String)
    /// A row that is asked for and not there.
    case noSuchRow(index: Int, count: Int)
}

extension TokenShardError: CustomStringConvertible {
    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .notAShard(let path): "\(path) is not a token shard"
        case .otherVersion(let path, let expected, let actual):
            "\(path) is a token shard of version \(actual), this program reads \(expected): make it again"
        case .damaged(let path, let what): "\(path): \(what); the shard is incomplete or was changed: make it again"
        case .damagedRow(let path, let row):
            "\(path): row \(row) was changed since it was written: make the shard again"
        case .otherTokenizer(let path, let expected, let actual):
            "\(path) was made with the tokenizer \(actual.prefix(12)), the model has \(expected.prefix(12)): "
                + "make the shard again with this model"
        case .badRow(let row, let reason): "row \(row): \(reason)"
        case .noSuchRow(let index, let count): "there is no row \(index): the shard has \(count) rows, counted from 0"
        }
    }
}
