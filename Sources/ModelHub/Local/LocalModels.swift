internal import Foundation
public import FoundationEssentials

/// The models in `HOME/models`, and the shared cache behind it.
public struct LocalModels: Sendable {
    /// The folder of models.
    public let folder: URL
    /// A folder of files that other programs share; only read.
    public let cache: URL?
    /// The catalogue by which names are understood.
    public let catalogue: ModelCatalogue

    /// Makes the view of a folder, which need not exist.
    public init(folder: URL, cache: URL? = nil, catalogue: ModelCatalogue = .builtIn) {
        self.folder = folder
        self.cache = cache
        self.catalogue = catalogue
    }

    /// The models of the folder, by name. Nothing is hashed here; `hashState` says what is known.
    ///
    /// - Throws: `file` when the folder is there but cannot be read.
    public func list() throws(ModelHubError) -> [LocalModel] {
        guard FileTasks.isThere(folder) else { return [] }
        let names = try FileTasks.wrap(folder, "read the folder") {
            try FileManager.default.contentsOfDirectory(atPath: folder.path)
        }
        var records: [String: ModelRecord] = [:]
        for name in names where name.hasSuffix(".json") && !name.hasPrefix(".") {
            if let record = ModelRecord.read(folder.appending(path: name)) { records[record.file] = record }
        }
        var models: [LocalModel] = []
        for name in names where !name.hasPrefix(".") && !name.hasSuffix(".json") {
            if let model = model(file: name, record: records[name]) { models.append(model) }
        }
        return models.sorted { $0.name < $1.name }
    }

    private func model(file: String, record: ModelRecord?) -> LocalModel? {
        let url = folder.appending(path: file)
        let entry = catalogue.entries.first { $0.file == file }
        if FileTasks.isFolder(url) {
            guard FileTasks.isThere(url.appending(path: "config.json")) else { return nil }
            return LocalModel(
                name: record?.name ?? file, url: url, form: .folder, bytes: record?.bytes ?? FolderCopy.bytes(of: url),
                sha256: record?.sha256, hashState: record == nil ? .unknown : .verified, licence: record?.licence,
                origin: record?.origin, isInCatalogue: false)
        }
        guard let stamp = FileTasks.stamp(url), file.lowercased().hasSuffix(".gguf") else { return nil }
        let isAsRecorded = record?.describes(url) ?? false
        let state: LocalModel.HashState = record == nil ? .unknown : isAsRecorded ? .verified : .changed
        let isOurs = entry != nil && record?.sha256 == entry?.sha256 && isAsRecorded
        return LocalModel(
            name: record?.name ?? (entry?.name ?? String(file.dropLast(5))), url: url, form: .gguf,
            bytes: stamp.bytes, sha256: isAsRecorded ? record?.sha256 : nil, hashState: state,
            licence: record?.licence, origin: record?.origin, isInCatalogue: isOurs)
    }

    /// What a user means by a model: a path of a GGUF file or a Hugging Face folder, a model of the folder by its name
    /// or file name, or a name of the catalogue whose file lies in the shared cache.
    ///
    /// A file of the cache is hashed once; what was found is remembered in the folder where that can be written to.
    ///
    /// - Parameter model: The name or path.
    /// - Returns: The file or folder. It is not opened: the readers of the formats say what is wrong inside.
    /// - Throws: `unknownModel`, `notPulled`, `wrongHash` for a cached file that is not the published one.
    public func resolve(_ model: String) throws(ModelHubError) -> URL {
        if model.contains("/") || model.hasPrefix(".") {
            let url = URL(filePath: model)
            guard FileTasks.isThere(url) else { throw .unknownModel(name: model, known: knownNames()) }
            return url
        }
        if let found = try list().first(where: { $0.name == model || $0.url.lastPathComponent == model }) {
            return found.url
        }
        if let entry = catalogue.entry(named: model) {
            if let cached = try cached(entry) { return cached }
            throw .notPulled(name: model)
        }
        // A bare file name of the working folder comes last, so that a stray file cannot stand in for a model.
        let url = URL(filePath: model)
        guard FileTasks.isThere(url) else { throw .unknownModel(name: model, known: knownNames()) }
        return url
    }

    private func knownNames() -> [String] {
        let own = ((try? list()) ?? []).map(\.name)
        return own + catalogue.entries.map(\.name).filter { !own.contains($0) }
    }

    private func cached(_ entry: CatalogueEntry) throws(ModelHubError) -> URL? {
        guard let cache else { return nil }
        let file = cache.appending(path: entry.file)
        guard let stamp = FileTasks.stamp(file), stamp.bytes == entry.bytes else { return nil }
        let memory = folder.appending(path: ".\(entry.name).cache.json")
        if let known = ModelRecord.read(memory), known.source == file.path, known.sha256 == entry.sha256,
            known.describes(file)
        {
            return file
        }
        let actual = try FileDigest.sha256(file)
        guard actual == entry.sha256 else {
            throw .wrongHash(file: file.path, expected: entry.sha256, actual: actual)
        }
        let record = ModelRecord(
            name: entry.name, file: entry.file, form: .gguf, bytes: stamp.bytes, sha256: actual,
            licence: entry.licence, origin: entry.origin, source: file.path, modified: stamp.modified)
        if FileTasks.isThere(folder), let data = try? JSONEncoder().encode(record) {
            try? data.write(to: memory, options: .atomic)
        }
        return file
    }
}
