internal import Foundation

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// One lock file per model: two pulls, or a pull and an add, of the same model never mix.
///
/// The kernel drops the lock when its process ends, however it ends. The file stays; removing it would let two
/// processes hold locks on different files of one name.
struct ModelLock {
    private let handle: FileHandle

    /// Takes the lock, or throws `inUse` at once.
    init(name: String, in folder: URL) throws(ModelHubError) {
        let handle = try FileTasks.openForUpdate(folder.appending(path: ".\(name).lock"))
        guard flock(handle.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
            try? handle.close()
            throw .inUse(name: name)
        }
        self.handle = handle
    }

    /// Gives the lock back.
    func release() { try? handle.close() }
}
