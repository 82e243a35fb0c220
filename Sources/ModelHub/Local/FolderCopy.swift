internal import Foundation

/// The copy of a Hugging Face folder: only files that can belong to a model and cannot run code.
///
/// Pickles (`.bin`, `.pt`) and Python files are left out: Pallet does not read them, and they have no place among files
/// that are passed on. Links, as the hub's own cache makes them, are followed.
struct FolderCopy {
    private static let endings = [".json", ".safetensors", ".model", ".txt", ".jinja", ".md"]
    private static let names = ["LICENSE", "LICENCE", "NOTICE"]
    /// What sentence-transformers keeps in a folder of its own: how states become one vector.
    private static let pooling = "1_Pooling/config.json"
    private static let limit = 2000

    private let source: URL
    /// File names in order.
    let files: [String]
    let bytes: Int64

    /// Looks what would be copied.
    ///
    /// - Throws: `notAModel` when config.json or the weights are missing.
    init(_ source: URL, shown: URL) throws(ModelHubError) {
        self.source = source
        let all = try FileTasks.wrap(shown, "read the folder") {
            try FileManager.default.contentsOfDirectory(atPath: source.path)
        }
        guard all.count <= Self.limit else {
            throw .notAModel(path: shown.path, reason: "\(all.count) files, at most \(Self.limit)")
        }
        let kept = all.filter { name in
            Self.endings.contains { name.hasSuffix($0) } || Self.names.contains { name.hasPrefix($0) }
        }
        let hasPooling = FileTasks.stamp(source.appending(path: Self.pooling).resolvingSymlinksInPath()) != nil
        files = (kept + (hasPooling ? [Self.pooling] : [])).sorted()
        guard files.contains("config.json") else { throw .notAModel(path: shown.path, reason: "no config.json") }
        guard files.contains(where: { $0.hasSuffix(".safetensors") }) else {
            throw .notAModel(path: shown.path, reason: "no *.safetensors")
        }
        bytes = files.reduce(0) { $0 + (FileTasks.stamp(source.appending(path: $1))?.bytes ?? 0) }
    }

    /// Copies into a new folder.
    ///
    /// - Returns: SHA-256 over the lines `NAME SHA256` of all files.
    func write(to target: URL, progress: (Int64) -> Void) throws(ModelHubError) -> String {
        try FileTasks.makeFolder(target)
        var list = ""
        var done: Int64 = 0
        for name in files {
            let from = source.appending(path: name).resolvingSymlinksInPath()
            guard let stamp = FileTasks.stamp(from) else { continue }
            let to = target.appending(path: name)
            if name == Self.pooling { try FileTasks.makeFolder(to.deletingLastPathComponent()) }
            try FileTasks.wrap(to, "copy to") { try FileManager.default.copyItem(at: from, to: to) }
            list += "\(name) \(try FileDigest.sha256(to))\n"
            done += stamp.bytes
            progress(done)
        }
        return FileDigest.sha256(of: list)
    }

    /// Bytes of all files of a folder of models.
    static func bytes(of folder: URL) -> Int64 {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.prefix(limit).reduce(0) { $0 + (FileTasks.stamp(folder.appending(path: $1))?.bytes ?? 0) }
    }
}
