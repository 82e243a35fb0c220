public import Foundation
import ModelFormats
import Synchronization
import Tensors

/// Keys and values of prompts' beginnings in a folder, so that a program that starts anew need not compute them again.
///
/// A file is used only where everything that keys and values depend on is the same: the model's bytes, an adapter's, the
/// program (all in `identity`), the token ids, the cache's layout, and both checksums. What differs in any of them is
/// not used; what is damaged is removed. So a hit changes no bit of an answer. Files appear whole under their names, and
/// several programs may share a folder; where the folder grows beyond its limit, what was used longest ago goes.
///
/// The folder holds the token ids of prompts: whoever may read it can read what was asked.
public final class SavedPrefixes: Sendable {
    /// Which beginnings are written.
    public enum Choice: Sendable, Equatable {
        /// Every prompt, for a program that answers and ends.
        case everyPrompt
        /// What two prompts share before they part, for a service: system texts, passages that are asked often; not
        /// what one person asks once, nor a conversation that goes on.
        case repeatedBeginnings
    }

    /// What happened, for logs and people.
    public enum Event: Sendable {
        /// A beginning was written.
        case saved(tokens: Int, bytes: Int)
        /// A beginning was read; seconds of reading, checking and laying it out.
        case restored(tokens: Int, seconds: Double)
        /// A file was not used and is gone.
        case refused(file: String, reason: any Error)
        /// A beginning could not be written.
        case failed(any Error)
    }

    /// A beginning that was found.
    struct Place {
        let name: String
        /// How many tokens are shared with what was looked for.
        let count: Int
    }

    /// Fewer tokens than this are computed sooner than looked for.
    public static let leastTokens = 32

    /// Which beginnings are written.
    public let keeps: Choice
    private let folder: URL
    private let identity: String
    private let byteLimit: Int
    private let report: @Sendable (Event) -> Void
    private let start: String
    /// The headers that were read, by name.
    private let known = Mutex<[String: SavedPrefixFile]>([:])

    /// Opens a folder, which is made where it is missing (readable for its owner only).
    ///
    /// - Parameters:
    ///   - identity: everything that keys and values depend on besides tokens: digests of the model's bytes and the
    ///     adapter's, the precision, the program. At most 4096 bytes.
    ///   - byteLimit: most bytes of all files of the folder.
    ///   - report: told what happens, on whatever thread.
    /// - Throws: the system's error where the folder cannot be made.
    public init(
        folder: URL, identity: String, byteLimit: Int, keeps: Choice,
        report: @escaping @Sendable (Event) -> Void = { _ in }
    ) throws {
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        self.folder = folder
        self.identity = String(decoding: identity.utf8.prefix(SavedPrefixFile.longestIdentity), as: UTF8.self)
        self.byteLimit = byteLimit
        self.keeps = keeps
        self.report = report
        start = Self.digits(Checksum.of(Array(self.identity.utf8)[...])) + "-"
    }

    /// The same folder for keys and values that are computed in another way.
    func distinguished(by mark: String) throws -> SavedPrefixes {
        try SavedPrefixes(
            folder: folder, identity: identity + "\n" + mark, byteLimit: byteLimit, keeps: keeps, report: report)
    }

    /// The file with the longest common beginning, if there is one of at least `leastTokens`.
    func longest(beginningOf tokens: [Int]) -> Place? {
        var best: Place?
        for name in names() {
            guard let header = header(name) else { continue }
            let count = PrefixCache.commonPrefix(header.tokens, tokens)
            if count >= Self.leastTokens, count > best?.count ?? 0 { best = Place(name: name, count: count) }
        }
        return best
    }

    /// A cache with the first `count` positions of a file; nil, and the file is gone, where it cannot be used.
    func restore(_ place: Place, count: Int, make: () throws -> KeyValueCache) -> KeyValueCache? {
        let begin = ContinuousClock.now
        let url = folder.appendingPathComponent(place.name)
        do {
            // Opened once: what is read is what was checked, even where the file is replaced meanwhile.
            let file = try ReadOnlyFile(url)
            let header = try checked(SavedPrefixFile(file))
            let cache = try make()
            guard header.layout == cache.layout else { throw SavedPrefixError.otherLayout }
            guard header.tokens.count >= count, PrefixCache.commonPrefix(header.tokens, tokens(of: place)) >= count
            else {
                throw SavedPrefixError.otherModel
            }
            try cache.restore(header.contents(of: file)[...], positions: header.tokens.count)
            cache.truncate(to: count)
            try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: url.path)
            report(.restored(tokens: count, seconds: (ContinuousClock.now - begin).seconds))
            return cache
        } catch {
            refuse(place.name, error)
            return nil
        }
    }

    /// Writes a beginning and makes room for it.
    func save(_ tokens: [Int], contents: [UInt8], layout: KeyValueCache.Layout) {
        let file = SavedPrefixFile(identity: identity, tokens: tokens, layout: layout, contents: contents)
        let header = file.header
        guard header.count + contents.count <= byteLimit else { return }
        let ids = tokens.flatMap { id in (0..<4).map { UInt8(truncatingIfNeeded: id >> (8 * $0)) } }
        let name = start + Self.digits(Checksum.of(ids[...])) + Self.ending
        do {
            let output = try OutputFile(folder.appendingPathComponent(name), replacing: true, isPrivate: true)
            try output.write(header)
            try output.write(contents)
            try output.commit()
            known.withLock { $0[name] = nil }
            report(.saved(tokens: tokens.count, bytes: header.count + contents.count))
            removeOldest(but: name)
        } catch {
            report(.failed(error))
        }
    }

    private static let ending = ".prefix"

    private static func digits(_ value: UInt64) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }

    /// The files of this identity.
    private func names() -> [String] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        let own = Set(all.filter { $0.hasPrefix(start) && $0.hasSuffix(Self.ending) })
        known.withLock { headers in headers = headers.filter { own.contains($0.key) } }
        return own.sorted()
    }

    private func tokens(of place: Place) -> [Int] { known.withLock { $0[place.name]?.tokens } ?? [] }

    /// A file's header, read once; nil, and the file is gone, where it cannot be used.
    private func header(_ name: String) -> SavedPrefixFile? {
        if let header = known.withLock({ $0[name] }) { return header }
        do {
            let header = try checked(SavedPrefixFile(try ReadOnlyFile(folder.appendingPathComponent(name))))
            known.withLock { $0[name] = header }
            return header
        } catch {
            refuse(name, error)
            return nil
        }
    }

    private func checked(_ header: SavedPrefixFile) throws -> SavedPrefixFile {
        guard header.identity == identity else { throw SavedPrefixError.otherModel }
        return header
    }

    /// Removes a file that cannot be used. One that another program has removed meanwhile is no trouble.
    private func refuse(_ name: String, _ error: any Error) {
        known.withLock { $0[name] = nil }
        let url = folder.appendingPathComponent(name)
        guard FileManager.default.fileExists(atPath: url.path) else { return }
        // No memory is no fault of the file, and a cache of another type will find it useful.
        if error is TensorError || (error as? SavedPrefixError) == .otherLayout { return }
        try? FileManager.default.removeItem(at: url)
        report(.refused(file: name, reason: error))
    }

    /// What was used longest ago goes, of whatever model, until the rest fits.
    private func removeOldest(but kept: String) {
        let keys: Set<URLResourceKey> = [.contentModificationDateKey, .fileSizeKey]
        let urls =
            (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: Array(keys))) ?? []
        var files = urls.filter { $0.pathExtension == "prefix" }.map { url in
            let values = try? url.resourceValues(forKeys: keys)
            return (url: url, size: values?.fileSize ?? 0, used: values?.contentModificationDate ?? .distantPast)
        }
        files.sort { ($0.used, $0.url.lastPathComponent) < ($1.used, $1.url.lastPathComponent) }
        var bytes = files.reduce(0) { $0 + $1.size }
        for file in files where bytes > byteLimit && file.url.lastPathComponent != kept {
            try? FileManager.default.removeItem(at: file.url)
            bytes -= file.size
        }
    }
}
