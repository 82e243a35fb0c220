import ModelFormats

/// A file that is read from front to back in chunks, byte by byte for the parser, so that its size does not matter.
struct ChunkedFile {
    private let file: ReadOnlyFile
    private var chunk: [UInt8] = []
    private var place = 0
    private var offset = 0
    private let chunkSize: Int
    /// The line of the next byte, from 1.
    private(set) var line = 1

    init(_ file: ReadOnlyFile, chunkSize: Int = 1 << 20) throws(FileError) {
        self.file = file
        self.chunkSize = chunkSize
        // A byte order mark, as Excel and Notepad write it.
        if file.size >= 3, try file.bytes(at: 0, count: 3) == [0xEF, 0xBB, 0xBF] { offset = 3 }
    }

    /// The next byte without taking it, nil at the end.
    mutating func peek() throws(FileError) -> UInt8? {
        if place < chunk.count { return chunk[place] }
        let count = min(chunkSize, file.size - offset)
        guard count > 0 else { return nil }
        chunk = try file.bytes(at: offset, count: count)
        offset += count
        place = 0
        return chunk[0]
    }

    /// Takes the next byte.
    mutating func next() throws(FileError) -> UInt8? {
        guard let byte = try peek() else { return nil }
        place += 1
        if byte == 0x0A { line += 1 }
        return byte
    }

    /// Takes bytes up to the next line feed, which is taken and not given; at most `limit` of them are kept.
    ///
    /// - Returns: nil at the end of the file; `isWhole` false where the line is longer than `limit`.
    mutating func nextLine(limit: Int) throws(FileError) -> (bytes: [UInt8], isWhole: Bool)? {
        guard try peek() != nil else { return nil }
        var bytes: [UInt8] = []
        var isWhole = true
        while try peek() != nil {
            let rest = chunk[place...]
            let end = rest.firstIndex(of: 0x0A) ?? chunk.count
            if bytes.count + (end - place) > limit { isWhole = false } else if isWhole { bytes += rest[..<end] }
            place = end
            if end < chunk.count {
                place += 1
                line += 1
                break
            }
        }
        return (bytes, isWhole)
    }

    /// Takes white space.
    mutating func skipSpace() throws(FileError) {
        while let byte = try peek(), byte == 0x20 || (0x09...0x0D).contains(byte) { _ = try next() }
    }
}
