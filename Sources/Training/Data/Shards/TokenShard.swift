public import FoundationEssentials
import ModelFormats

/// Rows of tokens in a file that may be larger than memory.
///
/// Every row is read from the file when it is asked for and compared with its checksum; nothing is mapped, so a file
/// that shrinks meanwhile gives an error and no signal. Reading is safe from several threads.
public struct TokenShard: RowSource {
    /// How many rows there are.
    public let count: Int
    /// Tokens of all rows.
    public let tokens: Int
    /// Those of them that enter the loss.
    public let trainedTokens: Int
    /// Tokens of the longest row.
    public let longest: Int
    /// SHA-256 of the rows in their order, equal to that of the same rows in memory.
    public let hash: String
    /// The fingerprint of the tokenizer that the tokens came from.
    public let tokenizerHash: String

    private let file: ReadOnlyFile
    private let width: Int
    private let tableStart: Int

    private struct Entry {
        let offset: UInt64
        let group: UInt64
        let checksum: UInt64
        let count: Int
        let flags: UInt32
    }

    /// Opens a shard and checks that it is whole: cost does not grow with its size.
    ///
    /// - Parameter tokenizerHash: the fingerprint of the model's tokenizer; nil: any.
    public init(_ url: URL, tokenizerHash: String? = nil) throws(TokenShardError) {
        let path = url.path
        func damaged(_ what: String) -> TokenShardError { .damaged(path: path, what: what) }
        let header: [UInt8]
        let footer: [UInt8]
        do throws(FileError) {
            file = try ReadOnlyFile(url)
            let least = TokenShardFormat.headerSize + TokenShardFormat.footerSize
            guard file.size >= least else {
                throw .shortRead(path: path, offset: 0, expected: least, actual: file.size)
            }
            header = try file.bytes(at: 0, count: TokenShardFormat.headerSize)
            footer = try file.bytes(at: file.size - TokenShardFormat.footerSize, count: TokenShardFormat.footerSize)
        } catch {
            if case .shortRead = error { throw damaged("it is too short") }
            throw .file(error)
        }
        guard header.starts(with: TokenShardFormat.magic) else { throw .notAShard(path: path) }
        let version = Int(TokenShardFormat.number(header, 8, 4))
        guard version == Int(TokenShardFormat.version) else {
            throw .otherVersion(path: path, expected: Int(TokenShardFormat.version), actual: version)
        }
        guard footer[104...].elementsEqual(TokenShardFormat.magic) else { throw damaged("its end is missing") }
        var digest = SHA256Stream()
        digest.update(header + footer[..<72])
        guard footer[72..<104].elementsEqual(HexadecimalDigest.bytes(digest.hexadecimal())) else {
            throw damaged("header and footer do not fit together")
        }
        func value(_ index: Int) -> Int? { Int(exactly: TokenShardFormat.number(footer, 8 * index, 8)) }
        guard let tableStart = value(0), let count = value(1), let tokens = value(2), let trained = value(3),
            let longest = value(4), tableStart >= TokenShardFormat.headerSize,
            count <= (file.size - TokenShardFormat.footerSize) / TokenShardFormat.entrySize,
            tableStart == file.size - TokenShardFormat.footerSize - count * TokenShardFormat.entrySize
        else { throw damaged("its size does not fit its counts") }
        width = Int(TokenShardFormat.number(header, 12, 4))
        guard width == 2 || width == 4 else { throw damaged("tokens of \(width) bytes") }
        (self.tableStart, self.count, self.tokens, trainedTokens, self.longest) =
            (tableStart, count, tokens, trained, longest)
        hash = HexadecimalDigest.digits(footer[40..<72])
        self.tokenizerHash = HexadecimalDigest.digits(header[16..<48])
        if let tokenizerHash, tokenizerHash != self.tokenizerHash {
            throw .otherTokenizer(path: path, expected: tokenizerHash, actual: self.tokenizerHash)
        }
    }

    /// A row, from 0.
    public func row(_ index: Int) throws -> TrainingRow { try checkedRow(index) }

    /// A row, from 0, compared with its checksum.
    public func checkedRow(_ index: Int) throws(TokenShardError) -> TrainingRow {
        let entry = try entry(index)
        guard let size = TokenShardFormat.size(count: entry.count, width: width, flags: entry.flags),
            let offset = Int(exactly: entry.offset), offset >= TokenShardFormat.headerSize, size <= tableStart,
            offset <= tableStart - size
        else { throw .damagedRow(path: file.path, row: index) }
        let bytes = try read(offset, size)
        let checksum = TokenShardFormat.checksum(
            bytes, index: index, offset: entry.offset, group: entry.group, flags: entry.flags)
        guard checksum == entry.checksum else { throw .damagedRow(path: file.path, row: index) }
        return TokenShardFormat.row(bytes, count: entry.count, width: width, flags: entry.flags)
    }

    /// A number that is equal for rows with the same beginning; 0 where the file can no longer be read, which reading
    /// the row tells.
    public func group(_ index: Int) -> Int {
        (try? entry(index)).map { Int(truncatingIfNeeded: Int64(bitPattern: $0.group)) } ?? 0
    }

    /// Reads every row and compares the whole with its hash. Cost: the whole file.
    public func verify() throws(TokenShardError) {
        var hasher = RowHasher()
        for index in 0..<count { hasher.add(try checkedRow(index)) }
        guard hasher.hexadecimal() == hash else {
            throw .damaged(path: file.path, what: "the rows do not have the hash that the shard names")
        }
    }

    private func entry(_ index: Int) throws(TokenShardError) -> Entry {
        guard index >= 0, index < count else { throw .noSuchRow(index: index, count: count) }
        let bytes = try read(tableStart + index * TokenShardFormat.entrySize, TokenShardFormat.entrySize)
        return Entry(
            offset: TokenShardFormat.number(bytes, 0, 8), group: TokenShardFormat.number(bytes, 8, 8),
            checksum: TokenShardFormat.number(bytes, 16, 8), count: Int(TokenShardFormat.number(bytes, 24, 4)),
            flags: UInt32(truncatingIfNeeded: TokenShardFormat.number(bytes, 28, 4)))
    }

    private func read(_ offset: Int, _ size: Int) throws(TokenShardError) -> [UInt8] {
        do throws(FileError) { return try file.bytes(at: offset, count: size) } catch {
            if case .shortRead = error { throw .damaged(path: file.path, what: "it ends too early") }
            throw .file(error)
        }
    }
}
