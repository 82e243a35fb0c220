public import Foundation

/// An exclusive lock on a file below a home, held until this value is released or the process ends.
///
/// The kernel drops the lock when the process dies, however it dies, so a lock never has to be cleaned up by hand;
/// the file itself stays and only says who holds it. Uses `flock(2)` on the file handle's descriptor.
public final class FileLock: Sendable {
    private let handle: FileHandle

    /// Takes the lock at once.
    /// - Throws: `StorageError.homeInUse` when another holder has it, `cannotOpen` when the file cannot be created.
    public init(_ file: URL) throws(StorageError) {
        let manager = FileManager.default
        if !manager.fileExists(atPath: file.path) {
            // Creating is not exclusive: two processes may both create, one of them then loses at flock.
            guard manager.createFile(atPath: file.path, contents: nil) else {
                throw .cannotOpen(path: file.path, reason: "the lock file cannot be created")
            }
        }
        do {
            handle = try FileHandle(forUpdating: file)
        } catch {
            throw .cannotOpen(path: file.path, reason: "\(error.localizedDescription)")
        }
        guard flock(handle.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
            let text = (try? handle.readToEnd()).flatMap { $0.prefix(64) }.map { String(decoding: $0, as: UTF8.self) }
            let holder = text?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
            throw .homeInUse(
                path: file.deletingLastPathComponent().path, holder: holder.isEmpty ? "unknown process" : holder)
        }
        try? handle.truncate(atOffset: 0)
        try? handle.write(contentsOf: Data("process \(ProcessInfo.processInfo.processIdentifier)\n".utf8))
    }

    deinit {
        _ = flock(handle.fileDescriptor, LOCK_UN)
        try? handle.close()
    }
}
