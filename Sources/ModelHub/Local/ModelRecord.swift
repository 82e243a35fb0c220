internal import Foundation

/// What is kept beside a model, as `NAME.json`: licence, origin, and the hash with the size and time of change that the
/// file had when it was taken, so that it need not be read again each time.
struct ModelRecord: Codable, Hashable {
    var name: String
    var file: String
    var form: LocalModel.Form
    var bytes: Int64
    var sha256: String
    var licence: String?
    var origin: String?
    /// From where the bytes came: the hub's address, the wheels, a folder.
    var source: String?
    /// Seconds since 1970.
    var modified: Double

    static func url(_ name: String, in folder: URL) -> URL { folder.appending(path: name + ".json") }

    static func read(_ url: URL) -> ModelRecord? {
        guard let stamp = FileTasks.stamp(url), stamp.bytes <= 1 << 20, let data = try? Data(contentsOf: url),
            let record = try? JSONDecoder().decode(ModelRecord.self, from: data),
            ModelFileName.isSafe(record.name), ModelFileName.isSafe(record.file)
        else { return nil }
        return record
    }

    func write(in folder: URL) throws(ModelHubError) {
        let url = Self.url(name, in: folder)
        try FileTasks.wrap(url, "write") {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            try encoder.encode(self).write(to: url, options: .atomic)
        }
    }

    /// Whether a file still is as it was when its hash was taken. Times are compared to the millisecond, since not
    /// every file system keeps more.
    func describes(_ file: URL) -> Bool {
        guard form == .gguf, let stamp = FileTasks.stamp(file) else { return false }
        return stamp.bytes == bytes && abs(stamp.modified - modified) < 0.001
    }
}
