/// Reads the header of a GGUF file from front to back through a window, so that a header of any size never needs
/// more memory than its values. Every length is checked against what is left of the file before it is used.
struct GGUFHeaderCursor {
    /// Metadata and tensor list together; the largest published vocabularies need about 20 MiB.
    static let maximumHeader = 256 << 20

    private let file: ReadOnlyFile
    private var window: [UInt8] = []
    private var windowStart = 0
    /// Bytes read so far: the offset of the next byte.
    private(set) var position = 0

    init(_ file: ReadOnlyFile) { self.file = file }

    /// Bytes left in the file.
    var remaining: Int { file.size - position }

    /// Makes the next `count` bytes available and moves behind them; the result is the index range in `window`.
    private mutating func advance(_ count: UInt64, _ reading: @autoclosure () -> String) throws(GGUFError)
        -> Range<Int>
    {
        guard count <= UInt64(remaining), let count = Int(exactly: count) else {
            throw .truncatedHeader(reading: reading(), offset: position, needed: count, available: remaining)
        }
        guard position + count <= Self.maximumHeader else { throw .headerTooLarge(limit: Self.maximumHeader) }
        if position + count > windowStart + window.count || position < windowStart {
            let length = min(max(count, 1 << 20), remaining)
            do { window = try file.bytes(at: position, count: length) } catch { throw .file(error) }
            windowStart = position
        }
        let start = position - windowStart
        position += count
        return start..<(start + count)
    }

    /// The next `count` bytes.
    mutating func bytes(_ count: UInt64, _ reading: @autoclosure () -> String) throws(GGUFError) -> ArraySlice<UInt8> {
        let range = try advance(count, reading())
        return window[range]
    }

    /// A little-endian integer.
    mutating func integer<T: FixedWidthInteger & Sendable>(
        _ reading: @autoclosure () -> String, as type: T.Type = T.self
    ) throws(GGUFError) -> T {
        let range = try advance(UInt64(T.bitWidth / 8), reading())
        return littleEndian(window, at: range.lowerBound)
    }

    /// A string: u64 length and that many bytes of UTF-8.
    mutating func string(limit: Int, _ reading: @autoclosure () -> String) throws(GGUFError) -> String {
        let length = try integer(reading(), as: UInt64.self)
        guard length <= UInt64(limit) else { throw .stringTooLong(reading: reading(), length: length, limit: limit) }
        let start = position
        let range = try advance(length, reading())
        guard let text = String(validating: window[range], as: UTF8.self) else {
            throw .notUTF8(reading: reading(), offset: start)
        }
        return text
    }
}

/// The little-endian integer at `offset`; the caller has made sure that its bytes are there.
func littleEndian<T: FixedWidthInteger>(_ bytes: [UInt8], at offset: Int, as type: T.Type = T.self) -> T {
    var value: T = 0
    for index in 0..<(T.bitWidth / 8) {
        value |= T(truncatingIfNeeded: bytes[offset + index]) << (8 * index)
    }
    return value
}
