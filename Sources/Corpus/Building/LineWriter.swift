internal import Foundation

/// Writes JSON lines: sorted keys, so that the same values are the same bytes.
struct LineWriter {
    private let file: URL
    private let handle: FileHandle
    private let encoder = JSONEncoder()
    private var buffer = Data()

    init(file: URL) throws(CorpusError) {
        self.file = file
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            try Data().write(to: file)
            handle = try FileHandle(forWritingTo: file)
        } catch {
            throw .writeFailed(path: file.path, reason: CorpusFolder.reason(error))
        }
    }

    mutating func write(_ value: some Encodable) throws(CorpusError) {
        do {
            buffer.append(try encoder.encode(value))
            buffer.append(0x0A)
            if buffer.count >= 1 << 20 { try flush() }
        } catch {
            throw .writeFailed(path: file.path, reason: CorpusFolder.reason(error))
        }
    }

    /// Writes what is left to the disk itself.
    ///
    /// - Returns: the SHA-256 of the file.
    mutating func finish() throws(CorpusError) -> String {
        do {
            try flush()
            try handle.synchronize()
            try handle.close()
            return SHA256.hexadecimal(of: Array(try Data(contentsOf: file)))
        } catch {
            throw .writeFailed(path: file.path, reason: CorpusFolder.reason(error))
        }
    }

    private mutating func flush() throws {
        guard !buffer.isEmpty else { return }
        try handle.write(contentsOf: buffer)
        buffer.removeAll(keepingCapacity: true)
    }
}
