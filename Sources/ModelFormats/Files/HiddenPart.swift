import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The hidden file or folder that stands beside a target while it is written: `.NAME.XXXXXXXX.part`.
///
/// Its writer holds a lock on it. The kernel drops the lock when the process ends, however it ends, so the next writer
/// of the same target tells what a killed one left behind, and removes it, from what another one is writing.
enum HiddenPart {
    /// A new place beside the target.
    static func url(beside target: URL) -> URL {
        let name = "\(prefix(target))\(UUID().uuidString.prefix(idLength))\(suffix)"
        return target.deletingLastPathComponent().appendingPathComponent(name)
    }

    /// Locks an open file or folder; false when another writer holds it, or when it has lost its name meanwhile.
    ///
    /// File systems without locks count as locked: there nothing is ever removed.
    static func lock(_ descriptor: Int32) -> Bool {
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return errno != EWOULDBLOCK }
        var status = stat()
        return unsafe fstat(descriptor, &status) != 0 || status.st_nlink > 0
    }

    /// Removes what writers of this target that are no more left behind. What cannot be removed stays: it is only in
    /// the way of disk space.
    static func removeStale(of target: URL) {
        let folder = target.deletingLastPathComponent()
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        for name in names where isPart(name, of: target) {
            let url = folder.appendingPathComponent(name)
            let descriptor = unsafe open(url.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
            guard descriptor >= 0 else { continue }
            defer { _ = close(descriptor) }
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { try? FileManager.default.removeItem(at: url) }
        }
    }

    private static let suffix = ".part"
    private static let idLength = 8

    private static func prefix(_ target: URL) -> String { ".\(target.lastPathComponent)." }

    private static func isPart(_ name: String, of target: URL) -> Bool {
        let start = prefix(target)
        guard name.hasPrefix(start), name.hasSuffix(suffix) else { return false }
        let id = name.dropFirst(start.count).dropLast(suffix.count)
        return id.utf8.count == idLength
            && id.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x46).contains($0) }
    }
}

/// A hidden folder that is being filled; removed unless it gets its target's name.
final class HiddenFolder {
    /// Where its files are written.
    let url: URL
    private let target: URL
    private var descriptor: Int32

    /// Makes the folder, after removing what killed writers of the same target left.
    init(for target: URL) throws(FileError) {
        HiddenPart.removeStale(of: target)
        self.target = target
        url = HiddenPart.url(beside: target)
        guard unsafe mkdir(url.path, 0o755) == 0 else {
            throw .failed(operation: "create folder", path: url.path, code: errno)
        }
        descriptor = unsafe open(url.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0, HiddenPart.lock(descriptor) else {
            throw .failed(operation: "lock", path: url.path, code: errno)
        }
    }

    deinit {
        guard descriptor >= 0 else { return }
        _ = close(descriptor)
        try? FileManager.default.removeItem(at: url)
    }

    /// Gives the finished folder its name; a folder with content under that name is not replaced.
    func commit() throws(FileError) {
        guard unsafe rename(url.path, target.path) == 0 else {
            throw .failed(operation: "rename", path: target.path, code: errno)
        }
        _ = close(descriptor)
        descriptor = -1
        try syncFolder(target.deletingLastPathComponent())
    }
}
