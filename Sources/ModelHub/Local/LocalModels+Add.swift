internal import Foundation
public import FoundationEssentials

extension LocalModels {
    /// Takes a model that was brought on a disk: a GGUF file or a folder in Hugging Face's layout.
    ///
    /// A file whose hash is that of a catalogue entry gets the entry's name, licence and origin; any other keeps its
    /// file name. It is copied beside and renamed when whole; the original stays as it is. Cost: the file is read
    /// twice, once to copy and once to hash the copy.
    ///
    /// - Parameters:
    ///   - source: The file or folder. Links are followed.
    ///   - name: Another name than that of the file; not used for a file of the catalogue.
    ///   - progress: Called with the bytes hashed so far.
    /// - Returns: The model; the same model added again is returned as it is.
    /// - Throws: `notAModel`, `nameTaken`, `inUse`, `diskFull`, `file`.
    public func add(
        _ source: URL, name: String? = nil, progress: (Int64) -> Void = { _ in }
    ) throws(ModelHubError) -> LocalModel {
        if let name, !ModelFileName.isSafe(name) {
            throw .notAModel(path: source.path, reason: "\"\(name)\" cannot be a name (letters, digits, dots, dashes)")
        }
        try FileTasks.makeFolder(folder)
        let lock = try ModelLock(name: "add", in: folder)
        defer { lock.release() }
        try removeStaging()
        defer { try? removeStaging() }
        let real = source.resolvingSymlinksInPath()
        guard FileTasks.isThere(real) else { throw .notAModel(path: source.path, reason: "it does not exist") }
        return FileTasks.isFolder(real)
            ? try add(folder: real, called: name, shown: source, progress)
            : try add(file: real, called: name, shown: source, progress)
    }

    private var stagingFile: URL { folder.appending(path: ".add.partial") }

    /// What an add that was killed left behind.
    private func removeStaging() throws(ModelHubError) { try FileTasks.remove(stagingFile) }

    private func add(
        file: URL, called name: String?, shown: URL, _ progress: (Int64) -> Void
    ) throws(ModelHubError) -> LocalModel {
        guard let stamp = FileTasks.stamp(file) else {
            throw .notAModel(path: shown.path, reason: "neither a regular file nor a folder")
        }
        try checkMagic(file, shown)
        try checkRoom(stamp.bytes)
        try FileTasks.wrap(stagingFile, "copy to") { try FileManager.default.copyItem(at: file, to: stagingFile) }
        let sha256 = try FileDigest.sha256(stagingFile, progress: progress)
        let entry = catalogue.entries.first { $0.sha256 == sha256 && $0.bytes == stamp.bytes }
        let stem =
            shown.lastPathComponent.lowercased().hasSuffix(".gguf")
            ? String(shown.lastPathComponent.dropLast(5)) : shown.lastPathComponent
        let finalName = entry?.name ?? name ?? ModelFileName.made(from: stem)
        let finalFile = entry?.file ?? finalName + ".gguf"
        if let same = try existing(finalName, finalFile, sha256) { return same }
        guard let copied = FileTasks.stamp(stagingFile) else {
            throw .file(path: stagingFile.path, operation: "measure", reason: "it is gone")
        }
        let record = ModelRecord(
            name: finalName, file: finalFile, form: .gguf, bytes: copied.bytes, sha256: sha256,
            licence: entry?.licence, origin: entry?.origin ?? shown.lastPathComponent, source: shown.path,
            modified: copied.modified)
        return try publish(record, isInCatalogue: entry != nil)
    }

    private func add(
        folder source: URL, called name: String?, shown: URL, _ progress: (Int64) -> Void
    ) throws(ModelHubError) -> LocalModel {
        let finalName = name ?? ModelFileName.made(from: shown.lastPathComponent)
        let copy = try FolderCopy(source, shown: shown)
        try checkRoom(copy.bytes)
        let sha256 = try copy.write(to: stagingFile, progress: progress)
        if let same = try existing(finalName, finalName, sha256) { return same }
        let record = ModelRecord(
            name: finalName, file: finalName, form: .folder, bytes: copy.bytes, sha256: sha256, licence: nil,
            origin: shown.lastPathComponent, source: shown.path, modified: 0)
        return try publish(record, isInCatalogue: false)
    }

    /// The same model, if it is there; another one under that name is an error.
    private func existing(_ name: String, _ file: String, _ sha256: String) throws(ModelHubError) -> LocalModel? {
        guard let found = try list().first(where: { $0.name == name || $0.url.lastPathComponent == file }) else {
            return nil
        }
        if found.sha256 == sha256, found.hashState == .verified { return found }
        // A damaged file of the catalogue is replaced by the right one; anything else is the user's and stays.
        let isDamaged = catalogue.entries.contains { $0.name == name && $0.sha256 == sha256 }
        guard isDamaged else { throw .nameTaken(name: name) }
        return nil
    }

    private func publish(_ record: ModelRecord, isInCatalogue: Bool) throws(ModelHubError) -> LocalModel {
        let url = folder.appending(path: record.file)
        // A pull of the same model may be about to give the same name.
        let lock = try ModelLock(name: record.name, in: folder)
        defer { lock.release() }
        try record.write(in: folder)
        try FileTasks.rename(stagingFile, to: url)
        return LocalModel(
            name: record.name, url: url, form: record.form, bytes: record.bytes, sha256: record.sha256,
            hashState: .verified, licence: record.licence, origin: record.origin, isInCatalogue: isInCatalogue)
    }

    private func checkMagic(_ file: URL, _ shown: URL) throws(ModelHubError) {
        let handle = try FileTasks.wrap(file, "open") { try FileHandle(forReadingFrom: file) }
        defer { try? handle.close() }
        let start = try FileTasks.wrap(file, "read") { try handle.read(upToCount: 4) } ?? Data()
        guard start.elementsEqual("GGUF".utf8) else {
            throw .notAModel(path: shown.path, reason: "it does not begin with GGUF")
        }
    }

    private func checkRoom(_ bytes: Int64) throws(ModelHubError) {
        guard let free = FileTasks.freeBytes(at: folder), free < bytes else { return }
        throw .diskFull(path: folder.path, needed: bytes, free: free)
    }
}
