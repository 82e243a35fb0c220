internal import Crypto
public import Foundation

/// SHA-256 of whole files, in pieces of 1 MiB.
public enum FileDigest {
    /// The digest of a file as 64 hexadecimal digits.
    public static func sha256(_ url: URL, progress: (Int64) -> Void = { _ in }) throws(ModelHubError) -> String {
        let handle = try FileTasks.wrap(url, "open") { try FileHandle(forReadingFrom: url) }
        defer { try? handle.close() }
        var hasher = SHA256()
        var bytes: Int64 = 0
        while true {
            try FileTasks.checkCancellation(url)
            let data = try FileTasks.wrap(url, "read") { try handle.read(upToCount: PartialFile.chunk) } ?? Data()
            if data.isEmpty { break }
            hasher.update(data: data)
            bytes += Int64(data.count)
            progress(bytes)
        }
        return HexDigits.text(hasher.finalize())
    }

    static func sha256(of text: String) -> String { HexDigits.text(SHA256.hash(data: Data(text.utf8))) }
}
