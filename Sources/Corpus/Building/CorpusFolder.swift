internal import Foundation
internal import Text

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Darwin)
    internal import Darwin
#endif

/// The folder `HOME/corpus/NAME` and how a new one takes its place.
///
/// A build writes into `.NAME.building` beside it under a lock and brings it to the disk. Then the old folder is
/// renamed to `.NAME.old`, the new one to `NAME`, and the old one is removed. A build that is killed at any moment
/// leaves one whole corpus: between the two renames it is `.NAME.old`, which readers find and the next build puts
/// back; before, it is `NAME`, and the next build removes the `.NAME.building` that was left.
struct CorpusFolder {
    static let recordsName = "records.jsonl"
    static let reportName = "report.json"
    static let droppedName = "dropped.jsonl"

    let name: String
    let parent: URL

    var final: URL { parent.appendingPathComponent(name, isDirectory: true) }
    var building: URL { parent.appendingPathComponent(".\(name).building", isDirectory: true) }
    var old: URL { parent.appendingPathComponent(".\(name).old", isDirectory: true) }

    init(home: URL, name: String) throws(CorpusError) {
        guard ObjectName.isValid(name) else { throw .badName(name) }
        self.name = name
        parent = home.appendingPathComponent("corpus", isDirectory: true)
    }

    /// The folder to read from.
    func readable() throws(CorpusError) -> URL {
        for folder in [final, old] where FileManager.default.fileExists(atPath: folder.path) { return folder }
        throw .noCorpus(path: final.path)
    }

    /// An empty folder to build in.
    func prepare() throws(CorpusError) {
        do {
            let files = FileManager.default
            try files.createDirectory(at: parent, withIntermediateDirectories: true)
            if !files.fileExists(atPath: final.path), files.fileExists(atPath: old.path) {
                try files.moveItem(at: old, to: final)
            }
            if files.fileExists(atPath: building.path) { try files.removeItem(at: building) }
            try files.createDirectory(at: building, withIntermediateDirectories: false)
        } catch {
            throw .writeFailed(path: building.path, reason: Self.reason(error))
        }
    }

    /// Puts the folder that was built in the place of the old one.
    func activate() throws(CorpusError) {
        let files = FileManager.default
        do {
            if files.fileExists(atPath: final.path) {
                if files.fileExists(atPath: old.path) { try files.removeItem(at: old) }
                try files.moveItem(at: final, to: old)
            }
            try files.moveItem(at: building, to: final)
            if files.fileExists(atPath: old.path) { try files.removeItem(at: old) }
        } catch {
            throw .writeFailed(path: final.path, reason: Self.reason(error))
        }
    }

    /// Takes away what a failed build left.
    func discard() {
        try? FileManager.default.removeItem(at: building)
    }

    static func reason(_ error: any Error) -> String {
        let error = error as NSError
        let underlying = (error.userInfo[NSUnderlyingErrorKey] as? NSError) ?? error
        return underlying.domain == NSPOSIXErrorDomain
            ? POSIXErrorCode(rawValue: Int32(underlying.code)).map { "\($0)" } ?? underlying.localizedDescription
            : error.localizedDescription
    }
}

/// An advisory lock on a file: one build of a corpus at a time, also across processes.
struct BuildLock {
    private let descriptor: Int32

    init(file: URL, name: String) throws(CorpusError) {
        descriptor = unsafe open(file.path, O_CREAT | O_RDWR | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .writeFailed(path: file.path, reason: "cannot create the lock file") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .buildRunning(name: name)
        }
    }

    /// Gives the lock back; the system does so too when the process ends.
    func release() {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
