internal import Foundation

/// File operations with our typed error: path, operation, reason; a full disk is told apart.
enum FileTasks {
    static func wrap<R>(_ url: URL, _ operation: String, _ body: () throws -> R) throws(ModelHubError) -> R {
        do {
            return try body()
        } catch {
            throw typed(error, url, operation)
        }
    }

    static func typed(_ error: any Error, _ url: URL, _ operation: String) -> ModelHubError {
        if let own = error as? ModelHubError { return own }
        let cocoa = error as NSError
        let underlying = cocoa.userInfo[NSUnderlyingErrorKey] as? NSError
        let isFull =
            (cocoa.domain == NSCocoaErrorDomain && cocoa.code == CocoaError.Code.fileWriteOutOfSpace.rawValue)
            || [cocoa, underlying].contains { $0?.domain == NSPOSIXErrorDomain && [28, 122].contains($0?.code ?? 0) }
        if isFull { return .diskFull(path: url.path, needed: 0, free: freeBytes(at: url)) }
        let reason = underlying?.localizedDescription ?? cocoa.localizedDescription
        return .file(path: url.path, operation: operation, reason: reason)
    }

    /// Bytes free on the disk of a file or folder, nil when it cannot be told.
    static func freeBytes(at url: URL) -> Int64? {
        var folder = url
        while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" {
            folder.deleteLastPathComponent()
        }
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder.path)
        return (attributes?[.systemFreeSize] as? NSNumber)?.int64Value
    }

    static func checkCancellation(_ url: URL) throws(ModelHubError) {
        if Task.isCancelled { throw .cancelled(name: url.lastPathComponent) }
    }

    static func makeFolder(_ url: URL) throws(ModelHubError) {
        try wrap(url, "make the folder") {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        }
    }

    /// Opens for reading and writing, making the file if it is not there.
    static func openForUpdate(_ url: URL) throws(ModelHubError) -> FileHandle {
        try wrap(url, "open") {
            if !FileManager.default.fileExists(atPath: url.path) { try Data().write(to: url) }
            return try FileHandle(forUpdating: url)
        }
    }

    /// Removes a file or folder if it is there.
    static func remove(_ url: URL) throws(ModelHubError) {
        guard isThere(url) else { return }
        try wrap(url, "remove") { try FileManager.default.removeItem(at: url) }
    }

    /// Gives a finished file its name. What stood under the name goes.
    static func rename(_ from: URL, to target: URL) throws(ModelHubError) {
        try remove(target)
        try wrap(target, "name the file") { try FileManager.default.moveItem(at: from, to: target) }
    }

    /// Whether something stands there, a dangling link included.
    static func isThere(_ url: URL) -> Bool {
        FileManager.default.fileExists(atPath: url.path)
            || (try? FileManager.default.destinationOfSymbolicLink(atPath: url.path)) != nil
    }

    /// Size and time of change of a regular file, links followed; nil for anything else.
    static func stamp(_ url: URL) -> (bytes: Int64, modified: Double)? {
        let path = url.resolvingSymlinksInPath().path
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            attributes[.type] as? FileAttributeType == .typeRegular,
            let size = attributes[.size] as? NSNumber, let date = attributes[.modificationDate] as? Date
        else { return nil }
        return (size.int64Value, date.timeIntervalSince1970)
    }

    static func isFolder(_ url: URL) -> Bool {
        let path = url.resolvingSymlinksInPath().path
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return attributes?[.type] as? FileAttributeType == .typeDirectory
    }
}
