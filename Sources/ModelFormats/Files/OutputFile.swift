public import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that appears under its name only when it is complete.
///
/// Bytes go to a hidden file beside the target; `commit` flushes them to the disk and renames. A file that was never
/// committed is removed, so a break leaves nothing half-written under the name that others read. What a killed writer
/// of the same target left goes when the next one begins.
public final class OutputFile {
    private let target: String
    private let temporary: String
    private let replaces: Bool
    private var descriptor: Int32
    private var buffer: [UInt8] = []
    /// Bytes written so far.
    public private(set) var count = 0

    private static let bufferSize = 1 << 20
    private static let attempts = 16

    /// Opens the hidden file.
    ///
    /// - Parameters:
    ///   - replacing: whether a file of that name may be there already and is replaced.
    ///   - isPrivate: whether nobody but its owner may read it.
    public init(_ url: URL, replacing: Bool, isPrivate: Bool = false) throws(FileError) {
        target = url.path
        replaces = replacing
        if !replacing, FileManager.default.fileExists(atPath: target) { throw .exists(path: target) }
        // A rename over a device or a pipe would replace it by a file.
        var status = stat()
        if unsafe stat(target, &status) == 0, status.st_mode & S_IFMT != S_IFREG { throw .notReplaceable(path: target) }
        Self.removeLeftovers(of: url)
        (temporary, descriptor) = try Self.create(beside: url, mode: isPrivate ? 0o600 : 0o644)
        buffer.reserveCapacity(Self.bufferSize)
    }

    /// A hidden file with a name of its own, locked. Another writer of the target that begins at this moment may take a
    /// file that is not locked yet for a leftover and remove it: then there is another name.
    private static func create(beside url: URL, mode: mode_t) throws(FileError) -> (path: String, descriptor: Int32) {
        var refusal: FileError?
        for _ in 0..<attempts {
            let path = HiddenPart.url(beside: url).path
            let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
            guard descriptor >= 0 else { throw .failed(operation: "create", path: path, code: errno) }
            if HiddenPart.lock(descriptor) { return (path, descriptor) }
            refusal = .failed(operation: "lock", path: path, code: EWOULDBLOCK)
            _ = close(descriptor)
            _ = unsafe unlink(path)
        }
        throw refusal ?? .failed(operation: "lock", path: url.path, code: EWOULDBLOCK)
    }

    /// Throws `noSpace` when the disk of a target has less room than it will need. Writing can still fail: others write
    /// too. A folder whose disk says nothing passes.
    public static func checkSpace(for bytes: Int, at target: URL) throws(FileError) {
        let folder = target.deletingLastPathComponent().path
        var status = statvfs()
        guard unsafe statvfs(folder.isEmpty ? "." : folder, &status) == 0 else { return }
        let (free, overflow) = Int(clamping: status.f_bavail).multipliedReportingOverflow(by: Int(status.f_frsize))
        if !overflow, free < bytes { throw .noSpace(path: target.path, needed: bytes, free: free) }
    }

    /// Removes what killed writers of a file left beside it; what another process is writing stays.
    public static func removeLeftovers(of target: URL) { HiddenPart.removeStale(of: target) }

    deinit {
        guard descriptor >= 0 else { return }
        _ = close(descriptor)
        _ = unsafe unlink(temporary)
    }

    /// Appends bytes.
    public func write(_ bytes: some Collection<UInt8>) throws(FileError) {
        count += bytes.count
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferSize { try flush() }
    }

    /// Appends zeros up to the next multiple of `alignment`.
    public func pad(to alignment: Int) throws(FileError) {
        let rest = count % alignment
        if rest > 0 { try write(repeatElement(0, count: alignment - rest)) }
    }

    /// Makes the file durable and gives it its name. Throws `exists` where none is to be replaced and another writer was
    /// ready first.
    public func commit() throws(FileError) {
        try flush()
        guard fsync(descriptor) == 0 else { throw .failed(operation: "fsync", path: temporary, code: errno) }
        let closed = close(descriptor)
        descriptor = -1
        let code = closed == 0 ? giveName() : errno
        guard code == 0 else {
            _ = unsafe unlink(temporary)
            if code == EEXIST, !replaces { throw .exists(path: target) }
            throw .failed(operation: "rename", path: target, code: code)
        }
        try syncFolder(URL(fileURLWithPath: target).deletingLastPathComponent())
    }

    /// Gives the file its name; errno, or 0.
    private func giveName() -> Int32 {
        // A rename replaces what is there by now, a link does not.
        if !replaces {
            if unsafe link(temporary, target) == 0 {
                _ = unsafe unlink(temporary)
                return 0
            }
            // File systems without hard links are left.
            guard [EPERM, EOPNOTSUPP, ENOTSUP, ENOSYS, EMLINK].contains(errno) else { return errno }
        }
        return unsafe rename(temporary, target) == 0 ? 0 : errno
    }

    private func flush() throws(FileError) {
        var code: Int32 = 0
        unsafe buffer.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            var written = 0
            while written < bytes.count {
                let step = unsafe Self.put(descriptor, base + written, bytes.count - written)
                if step >= 0 {
                    written += step
                } else if errno != EINTR {
                    code = errno
                    return
                }
            }
        }
        guard code == 0 else { throw .failed(operation: "write", path: temporary, code: code) }
        buffer.removeAll(keepingCapacity: true)
    }

    /// The system's `write`, which the method of the same name hides.
    private static func put(_ descriptor: Int32, _ base: UnsafeRawPointer, _ count: Int) -> Int {
        #if canImport(Glibc)
            unsafe Glibc.write(descriptor, base, count)
        #elseif canImport(Musl)
            unsafe Musl.write(descriptor, base, count)
        #else
            unsafe Darwin.write(descriptor, base, count)
        #endif
    }
}

/// Makes the names in a folder durable.
func syncFolder(_ url: URL) throws(FileError) {
    let descriptor = unsafe open(url.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .failed(operation: "open", path: url.path, code: errno) }
    defer { _ = close(descriptor) }
    // Some file systems have no fsync for folders and answer EINVAL: nothing more can be done there.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
        throw .failed(operation: "fsync", path: url.path, code: errno)
    }
}
