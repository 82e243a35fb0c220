public import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A regular file that is read at given offsets into owned memory (`pread`).
///
/// Never mapped: a mapped file that shrinks kills the process with SIGBUS, a short read is an error that can be
/// told (docs/decisions/001-read-not-map.md). The descriptor stays open, so a file that is replaced by rename
/// meanwhile is still read as it was. Reading is safe from several threads.
public final class ReadOnlyFile: Sendable {
    /// The path as it was given.
    public let path: String
    /// The size in bytes when the file was opened.
    public let size: Int
    private let descriptor: Int32

    /// Opens the file; folders, pipes and devices are refused (a pipe would block for ever).
    public init(_ url: URL) throws(FileError) {
        path = url.path
        let opened = openForReading(path)
        guard opened >= 0 else { throw .failed(operation: "open", path: path, code: errno) }
        var status = stat()
        guard unsafe fstat(opened, &status) == 0 else {
            let code = errno
            _ = close(opened)
            throw .failed(operation: "stat", path: path, code: code)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            _ = close(opened)
            throw status.st_mode & S_IFMT == S_IFDIR ? .isFolder(path: path) : .notAFile(path: path)
        }
        descriptor = opened
        size = Int(status.st_size)
    }

    deinit { _ = close(descriptor) }

    /// `count` bytes from `offset`. The range is checked against the size before anything is allocated.
    public func bytes(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
        let (end, overflow) = offset.addingReportingOverflow(count)
        guard offset >= 0, count >= 0, !overflow else { throw .badRange(path: path, offset: offset, count: count) }
        guard end <= size else {
            throw .shortRead(path: path, offset: offset, expected: count, actual: max(0, size - offset))
        }
        var code: Int32 = 0
        let result = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            guard let base = buffer.baseAddress else { return }
            while filled < count {
                // One call moves at most 2 GiB on Linux; smaller steps also let signals through.
                let step = min(count - filled, 1 << 28)
                let got = unsafe pread(descriptor, base + filled, step, off_t(offset + filled))
                if got > 0 {
                    filled += got
                } else if got == 0 {
                    return
                } else if errno != EINTR {
                    code = errno
                    return
                }
            }
        }
        guard code == 0 else { throw .failed(operation: "read", path: path, code: code) }
        guard result.count == count else {
            throw .shortRead(path: path, offset: offset, expected: count, actual: result.count)
        }
        return result
    }

    /// The whole of a small file.
    public static func contents(of url: URL, limit: Int) throws(FileError) -> [UInt8] {
        let file = try ReadOnlyFile(url)
        guard file.size <= limit else { throw .tooLarge(path: file.path, size: file.size, limit: limit) }
        return try file.bytes(at: 0, count: file.size)
    }
}

/// `open` without waiting for the other end of a pipe, not inherited by child processes.
private func openForReading(_ path: String) -> Int32 {
    var result: Int32
    repeat {
        result = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    } while result < 0 && errno == EINTR
    return result
}

/// The system's words for an errno value.
func systemMessage(_ code: Int32) -> String {
    guard let text = unsafe strerror(code) else { return "unknown error" }
    return unsafe String(cString: text)
}
