public import FoundationEssentials
import ModelFormats

/// Writes a token shard row by row; the file gets its name when it is complete.
///
/// Memory: 32 bytes a row.
public struct TokenShardWriter {
    private let file: OutputFile
    private let width: Int
    private let vocabularySize: Int
    private let groupLength: Int
    private let header: [UInt8]
    private var table: [UInt8] = []
    private var hasher = RowHasher()
    private var rows = 0
    private var tokens = 0
    private var trained = 0
    private var longest = 0

    /// Begins a shard.
    ///
    /// - Parameters:
    ///   - tokenizerHash: the fingerprint of the tokenizer, 64 hexadecimal digits.
    ///   - vocabularySize: ids must be below; up to 65 536 a token takes two bytes.
    public init(
        _ url: URL, tokenizerHash: String, vocabularySize: Int, groupLength: Int = RowGroups.leastShared,
        replacing: Bool = true
    ) throws(TokenShardError) {
        do throws(FileError) { file = try OutputFile(url, replacing: replacing) } catch { throw .file(error) }
        self.vocabularySize = vocabularySize
        self.groupLength = groupLength
        width = TokenShardFormat.width(vocabularySize: vocabularySize)
        var header = TokenShardFormat.magic
        TokenShardFormat.append(UInt64(TokenShardFormat.version), 4, to: &header)
        TokenShardFormat.append(UInt64(width), 4, to: &header)
        header += HexadecimalDigest.bytes(tokenizerHash)
        header += [UInt8](repeating: 0, count: TokenShardFormat.headerSize - header.count)
        self.header = header
        try write(header)
    }

    /// Appends a row.
    public mutating func append(_ row: TrainingRow) throws(TokenShardError) {
        let count = row.tokens.count
        guard row.labels.count == count, row.positions.map({ $0.count == count }) ?? true else {
            throw .badRow(row: rows, reason: "tokens, labels and positions have unequal lengths")
        }
        for id in row.tokens where id < 0 || id >= vocabularySize {
            throw .badRow(row: rows, reason: "the id \(id) is outside the vocabulary of \(vocabularySize)")
        }
        var expected: Int32 = 0
        for position in row.positions ?? [] {
            guard position == expected || position == 0 else {
                throw .badRow(row: rows, reason: "positions that neither count up nor restart at 0")
            }
            expected = position + 1
        }
        let (bytes, flags) = TokenShardFormat.bytes(of: row, width: width)
        let group = UInt64(bitPattern: Int64(RowGroups.hash(of: row.tokens, length: groupLength)))
        let offset = UInt64(file.count)
        TokenShardFormat.append(offset, 8, to: &table)
        TokenShardFormat.append(group, 8, to: &table)
        let checksum = TokenShardFormat.checksum(
            bytes, index: rows, offset: offset, group: group, flags: flags)
        TokenShardFormat.append(checksum, 8, to: &table)
        TokenShardFormat.append(UInt64(count), 4, to: &table)
        TokenShardFormat.append(UInt64(flags), 4, to: &table)
        try write(bytes)
        hasher.add(row)
        rows += 1
        tokens += count
        trained += row.trainedCount
        longest = max(longest, count)
    }

    /// Writes table and footer, makes the file durable and gives it its name.
    public mutating func finish() throws(TokenShardError) {
        var footer: [UInt8] = []
        for value in [file.count, rows, tokens, trained, longest] {
            TokenShardFormat.append(UInt64(value), 8, to: &footer)
        }
        footer += HexadecimalDigest.bytes(hasher.hexadecimal())
        var digest = SHA256Stream()
        digest.update(header + footer)
        footer += HexadecimalDigest.bytes(digest.hexadecimal())
        footer += TokenShardFormat.magic
        try write(table)
        try write(footer)
        do throws(FileError) { try file.commit() } catch { throw .file(error) }
    }

    private func write(_ bytes: [UInt8]) throws(TokenShardError) {
        do throws(FileError) { try file.write(bytes) } catch { throw .file(error) }
    }
}

/// A SHA-256 as 32 bytes and as 64 digits.
enum HexadecimalDigest {
    /// The bytes; what is no digest gives zeros.
    static func bytes(_ digits: String) -> [UInt8] {
        let values = digits.compactMap(\.hexDigitValue)
        guard values.count == 64 else { return [UInt8](repeating: 0, count: 32) }
        return (0..<32).map { UInt8(values[2 * $0] << 4 | values[2 * $0 + 1]) }
    }

    static func digits(_ bytes: some Sequence<UInt8>) -> String {
        let signs = Array("0123456789abcdef")
        return String(bytes.flatMap { [signs[Int($0 >> 4)], signs[Int($0 & 15)]] })
    }
}
