internal import Crypto
internal import Foundation

/// A file that grows until its size and hash are right, and only then gets its name.
///
/// `bytes` counts what has been hashed, from the beginning without gaps. After a restart the file on disk is longer
/// than that: `absorb` hashes what is there, `dropTail` cuts what is not wanted.
struct PartialFile {
    let url: URL
    private let handle: FileHandle
    private var hasher = SHA256()
    /// Bytes from the beginning that are hashed.
    private(set) var bytes: Int64 = 0

    static let chunk = 1 << 20

    /// Opens the file, or makes an empty one.
    init(url: URL) throws(ModelHubError) {
        self.url = url
        handle = try FileTasks.openForUpdate(url)
    }

    /// Bytes on disk.
    func length() throws(ModelHubError) -> Int64 {
        try FileTasks.wrap(url, "measure") { Int64(clamping: try handle.seekToEnd()) }
    }

    /// Forgets what was hashed; the file stays as it is.
    mutating func restart() {
        hasher = SHA256()
        bytes = 0
    }

    /// Hashes the next bytes that are on disk.
    ///
    /// - Parameters:
    ///   - count: How many; fewer are hashed where the file ends.
    ///   - progress: Called with the bytes hashed so far.
    /// - Returns: The SHA-256 of these bytes alone.
    mutating func absorb(_ count: Int64, progress: (Int64) -> Void = { _ in }) throws(ModelHubError) -> String {
        var region = SHA256()
        var left = count
        try FileTasks.wrap(url, "read") { try handle.seek(toOffset: UInt64(bytes)) }
        while left > 0 {
            try FileTasks.checkCancellation(url)
            let want = Int(min(left, Int64(Self.chunk)))
            let data = try FileTasks.wrap(url, "read") { try handle.read(upToCount: want) } ?? Data()
            if data.isEmpty { break }
            hasher.update(data: data)
            region.update(data: data)
            bytes += Int64(data.count)
            left -= Int64(data.count)
            progress(bytes)
        }
        return HexDigits.text(region.finalize())
    }

    /// Hashes the next bytes only if their own hash is the expected one; otherwise nothing changes.
    mutating func absorb(_ count: Int64, expecting sha256: String, progress: (Int64) -> Void)
        throws(ModelHubError) -> Bool
    {
        let before = (hasher, bytes)
        let found = try absorb(count, progress: progress)
        if found == sha256, bytes - before.1 == count { return true }
        (hasher, bytes) = before
        return false
    }

    /// Cuts the file behind what was hashed, so that the next bytes follow it.
    func dropTail() throws(ModelHubError) {
        try FileTasks.wrap(url, "truncate") {
            try handle.truncate(atOffset: UInt64(bytes))
            try handle.seek(toOffset: UInt64(bytes))
        }
    }

    /// Appends bytes and hashes them. `dropTail` must have been called since the last `absorb`.
    mutating func append(_ data: Data) throws(ModelHubError) {
        try FileTasks.wrap(url, "write") { try handle.write(contentsOf: data) }
        hasher.update(data: data)
        bytes += Int64(data.count)
    }

    /// The SHA-256 of what was hashed.
    func digest() -> String {
        let copy = hasher
        return HexDigits.text(copy.finalize())
    }

    /// Brings what was written to the disk.
    func synchronize() throws(ModelHubError) {
        try FileTasks.wrap(url, "write") { try handle.synchronize() }
    }

    /// Closes the file.
    func close() { try? handle.close() }
}
