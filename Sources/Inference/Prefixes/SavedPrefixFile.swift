import ModelFormats
import Tensors

/// One saved prefix as a file: who computed it, of which tokens, in which layout, and the bytes of keys and values.
///
/// Little-endian: magic (8 bytes), version, lengths of identity and tokens, layout (u32 each), bytes of a page and the
/// contents' checksum (u64 each), identity (UTF-8), token ids (u32 each), checksum of all that (u64), contents.
struct SavedPrefixFile: Sendable {
    /// Raised whenever the file or what lies in a page is laid out in another way.
    static let version: UInt32 = 1
    private static let magic: [UInt8] = [0x50, 0x4C, 0x54, 0x4B, 0x56, 0x0D, 0x0A, 0x1A]
    private static let fixedBytes = 56
    static let longestIdentity = 4096
    private static let mostTokens = 1 << 24

    /// Everything that keys and values depend on besides the tokens.
    let identity: String
    let tokens: [Int]
    let layout: KeyValueCache.Layout
    let checksum: UInt64

    init(identity: String, tokens: [Int], layout: KeyValueCache.Layout, contents: [UInt8]) {
        self.identity = identity
        self.tokens = tokens
        self.layout = layout
        checksum = Checksum.of(contents[...])
    }

    /// Where the contents begin.
    var contentsOffset: Int { Self.fixedBytes + identity.utf8.count + tokens.count * 4 + 8 }

    /// All that stands before the contents.
    var header: [UInt8] {
        var bytes = Self.magic
        func append(_ value: UInt64, count: Int) {
            for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index))) }
        }
        func append(_ value: Int) { append(UInt64(clamping: value), count: 4) }
        append(UInt64(Self.version), count: 4)
        let numbers = [
            identity.utf8.count, tokens.count, layout.layers, layout.kvHeads, layout.keyLength, layout.valueLength,
            layout.pageLength,
        ]
        for number in numbers { append(number) }
        append(UInt64(clamping: layout.pageBytes), count: 8)
        append(checksum, count: 8)
        bytes += Array(identity.utf8)
        for token in tokens { append(token) }
        append(Checksum.of(bytes[...]), count: 8)
        return bytes
    }

    /// Reads and checks all that stands before the contents, and that the contents have their length.
    init(_ file: ReadOnlyFile) throws {
        guard file.size >= Self.fixedBytes else { throw SavedPrefixError.tooShort(bytes: file.size) }
        let fixed = try file.bytes(at: 0, count: Self.fixedBytes)
        guard fixed.starts(with: Self.magic) else { throw SavedPrefixError.notASavedPrefix }
        func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> UInt64 {
            (0..<count).reduce(UInt64(0)) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
        }
        func small(_ index: Int) -> Int { Int(number(fixed, 12 + 4 * index, 4)) }
        let version = UInt32(number(fixed, 8, 4))
        guard version == Self.version else {
            throw SavedPrefixError.version(actual: version, expected: Self.version)
        }
        let (identityBytes, count) = (small(0), small(1))
        let length = Self.fixedBytes + identityBytes + count * 4 + 8
        guard identityBytes <= Self.longestIdentity, count <= Self.mostTokens, length <= file.size else {
            throw SavedPrefixError.tooShort(bytes: file.size)
        }
        let bytes = try file.bytes(at: 0, count: length)
        guard Checksum.of(bytes[..<(length - 8)]) == number(bytes, length - 8, 8) else {
            throw SavedPrefixError.damaged(part: "header")
        }
        identity = String(decoding: bytes[Self.fixedBytes..<(Self.fixedBytes + identityBytes)], as: UTF8.self)
        tokens = (0..<count).map { Int(number(bytes, Self.fixedBytes + identityBytes + 4 * $0, 4)) }
        layout = KeyValueCache.Layout(
            layers: small(2), kvHeads: small(3), keyLength: small(4), valueLength: small(5), pageLength: small(6),
            pageBytes: Int(clamping: number(bytes, 40, 8)))
        checksum = number(bytes, 48, 8)
        guard let contents = layout.bytes(ofPositions: count), contents == file.size - length else {
            throw SavedPrefixError.tooShort(bytes: file.size)
        }
    }

    /// The contents, checked.
    func contents(of file: ReadOnlyFile) throws -> [UInt8] {
        let bytes = try file.bytes(at: contentsOffset, count: file.size - contentsOffset)
        guard Checksum.of(bytes[...]) == checksum else { throw SavedPrefixError.damaged(part: "contents") }
        return bytes
    }
}

/// Why a saved prefix is not used; it is removed and computed anew.
public enum SavedPrefixError: Error, Equatable, CustomStringConvertible {
    /// The file begins with other bytes.
    case notASavedPrefix
    /// The file was written by another version of this program.
    case version(actual: UInt32, expected: UInt32)
    /// The file is shorter or longer than it says.
    case tooShort(bytes: Int)
    /// A part does not have its checksum.
    case damaged(part: String)
    /// Another model, adapter or program computed it.
    case otherModel
    /// Keys and values are laid out in another way (another type of the cache).
    case otherLayout

    /// What is wrong.
    public var description: String {
        switch self {
        case .notASavedPrefix: "not a saved prefix"
        case .version(let actual, let expected): "format \(actual), expected \(expected)"
        case .tooShort(let bytes): "\(bytes) bytes are not as many as the file says that it has"
        case .damaged(let part): "the checksum of the \(part) is wrong: the file is damaged"
        case .otherModel: "it belongs to another model"
        case .otherLayout: "it belongs to a cache of another shape"
        }
    }
}
