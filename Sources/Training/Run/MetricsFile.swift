public import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file with one line a step, which a resumed run goes on with: lines of steps that are done again are dropped, so
/// that each step stands there once.
public final class MetricsFile {
    private let path: String
    private var descriptor: Int32 = -1

    /// Why a line could not be written.
    public struct WriteError: Error, CustomStringConvertible {
        /// Which file, and errno.
        public let path: String, code: Int32
        /// What is wrong.
        public var description: String {
            "\(path) cannot be written: \(unsafe String(cString: strerror(code)))"
        }
    }

    /// Opens or makes the file.
    ///
    /// - Parameters:
    ///   - header: a first line that is no step (CSV), or nil.
    ///   - step: steps that are done: as many lines are kept.
    public init(_ url: URL, header: String?, keeping step: Int) throws {
        path = url.path
        // Terminals, pipes and the like are written to as they are.
        let kind = try? FileManager.default.attributesOfItem(atPath: path)[.type] as? FileAttributeType
        let isPlain = (kind ?? .typeRegular) == .typeRegular
        try openFile()
        guard isPlain else { return }
        try Self.keep(step, of: url, header: header)
        close(descriptor)
        try openFile()
    }

    /// Throws where such a file could not be made or written, without making it.
    public static func check(_ url: URL) throws(WriteError) {
        var status = stat()
        if unsafe stat(url.path, &status) == 0 {
            guard status.st_mode & S_IFMT != S_IFDIR else { throw WriteError(path: url.path, code: EISDIR) }
            guard unsafe access(url.path, W_OK) == 0 else { throw WriteError(path: url.path, code: errno) }
            return
        }
        let code = errno
        guard code == ENOENT else { throw WriteError(path: url.path, code: code) }
        guard unsafe access(url.deletingLastPathComponent().path, W_OK) == 0 else {
            throw WriteError(path: url.path, code: errno)
        }
    }

    private func openFile() throws {
        descriptor = unsafe open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw WriteError(path: path, code: errno) }
    }

    /// The header and the lines of so many steps, put in the file's place as a whole.
    private static func keep(_ step: Int, of url: URL, header: String?) throws {
        var lines: [Substring] = []
        if step > 0, let data = try? Data(contentsOf: url) {
            lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
            lines = Array(lines.prefix(step + (header == nil ? 0 : 1)))
        }
        if lines.isEmpty, let header { lines = [Substring(header)] }
        let text = lines.map { $0 + "\n" }.joined()
        try Data(text.utf8).write(to: url, options: .atomic)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Appends a line.
    public func append(_ line: String) throws {
        let bytes = Array((line + "\n").utf8)
        var start = 0
        while start < bytes.count {
            let written = unsafe bytes[start...].withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
            guard written > 0 else { throw WriteError(path: path, code: errno) }
            start += written
        }
    }
}
