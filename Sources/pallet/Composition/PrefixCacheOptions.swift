import ArgumentParser
import Foundation
import Inference
import ModelHub

/// `--prefix-cache`: beginnings of prompts that come back from the disk after a start.
struct PrefixCacheOptions: ParsableArguments {
    @Option(
        name: .customLong("prefix-cache"),
        help: ArgumentHelp(
            text(
                "保存提示前缀计算结果的目录，重启后不必重算（含提示内容，仅本人可读）",
                "folder for what was computed of prompts' beginnings, so that it need not be computed again after a "
                    + "start (holds what was asked: readable for you only)"),
            valueName: "folder"))
    var folder: String?
    @Option(
        name: .customLong("prefix-cache-size"),
        help: ArgumentHelp(
            text("该目录的上限（MiB），最久未用的先删除", "most MiB of that folder; what was used longest ago goes first"),
            valueName: "MiB"))
    var mebibytes = 4096

    func validate() throws {
        if folder?.isEmpty == true {
            throw ValidationError(text("--prefix-cache 需要一个目录", "--prefix-cache needs a folder"))
        }
        guard (1...1 << 30).contains(mebibytes) else {
            throw ValidationError(text("--prefix-cache-size 应为 1–1073741824", "--prefix-cache-size: 1 to 1073741824"))
        }
    }
}

/// Saved prefixes for the models of a program: for each what its keys and values depend on is written out once.
struct PrefixCaching {
    private let folder: URL
    private let byteLimit: Int
    private let keeps: SavedPrefixes.Choice
    private let digests: DigestMemory

    /// Nil where none are wanted.
    init?(_ options: PrefixCacheOptions, keeps: SavedPrefixes.Choice) {
        guard let path = options.folder else { return nil }
        folder = URL(fileURLWithPath: path, isDirectory: true)
        byteLimit = options.mebibytes << 20
        self.keeps = keeps
        digests = DigestMemory(file: folder.appendingPathComponent("digests.json"))
    }

    /// The saved prefixes of a model with or without an adapter.
    ///
    /// Their identity holds the digests of every file of weights and of this very program, since another build may sum
    /// in another order; a file's digest is computed once for each change of it.
    func prefixes(model: URL, adapter: URL? = nil, compute: String = "integer") throws -> SavedPrefixes {
        do {
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            var parts = ["compute \(compute)"]
            parts.append("program " + (try digests.digest(of: URL(fileURLWithPath: "/proc/self/exe"))))
            parts.append("model " + (try weights(model)))
            if let adapter { parts.append("adapter " + (try weights(adapter))) }
            return try SavedPrefixes(
                folder: folder, identity: parts.joined(separator: "\n"), byteLimit: byteLimit, keeps: keeps
            ) { event in Self.tell(event) }
        } catch let error as CocoaError {
            let reason = SystemReason(error)
            throw Failure(
                .cannotCreate, "无法使用 --prefix-cache \(folder.path)：\(reason.chinese)",
                "cannot use --prefix-cache \(folder.path): \(reason.english)")
        }
    }

    /// A folder's weights and settings, or a GGUF file with all its parts. Tokenizers and templates do not count: they
    /// decide which tokens a prompt has, and those are compared one by one.
    private func weights(_ url: URL) throws -> String {
        let isFolder = (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false
        let folder = isFolder ? url : url.deletingLastPathComponent()
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        let wanted = names.filter { name in
            guard isFolder else { return Self.isPart(name, of: url.lastPathComponent) }
            return name.hasSuffix(".safetensors") || name.hasSuffix(".bin") || name.hasSuffix("config.json")
        }
        return try wanted.map { try digests.digest(of: folder.appendingPathComponent($0)) }.joined(separator: " ")
    }

    /// Whether a file is this one or, where this is `…-00001-of-00003.gguf`, another part of the same.
    private static func isPart(_ name: String, of file: String) -> Bool {
        guard name != file, let match = file.wholeMatch(of: /(.*)-\d{5}-of-(\d{5}\.gguf)/) else { return name == file }
        guard let other = name.wholeMatch(of: /(.*)-\d{5}-of-(\d{5}\.gguf)/) else { return false }
        return other.1 == match.1 && other.2 == match.2
    }

    private static func tell(_ event: SavedPrefixes.Event) {
        switch event {
        case .saved, .restored: break
        case .refused(let file, let reason):
            Output.note(
                text(
                    "保存的前缀 \(file) 不可用，已删除并重新计算：\(Failure.chinese(reason))",
                    "the saved prefix \(file) cannot be used; it is removed and computed anew: \(reason)"))
        case .failed(let reason):
            Output.note(text("前缀未能保存：\(Failure.chinese(reason))", "a prefix could not be saved: \(reason)"))
        }
    }
}

/// Digests of files that were computed before. One counts as long as the file's place on the disk, size and times of
/// change are the same; the last of them nobody sets at will.
struct DigestMemory {
    let file: URL

    /// SHA-256 of a file's bytes, 64 hexadecimal digits.
    func digest(of url: URL) throws -> String {
        let url = url.resolvingSymlinksInPath()
        var status = stat()
        guard unsafe stat(url.path, &status) == 0 else { return try FileDigest.sha256(url) }
        let times = [status.st_mtim, status.st_ctim].map { "\($0.tv_sec).\($0.tv_nsec)" }.joined(separator: " ")
        let key = "\(url.path) \(status.st_dev) \(status.st_ino) \(status.st_size) \(times)"
        var known = (try? JSONDecoder().decode([String: String].self, from: Data(contentsOf: file))) ?? [:]
        if let digest = known[key], digest.count == 64 { return digest }
        let digest = try FileDigest.sha256(url)
        // What an earlier state of the same file had is of no use any more.
        known = known.filter { !$0.key.hasPrefix(url.path + " ") }
        known[key] = digest
        try? JSONEncoder().encode(known).write(to: file, options: .atomic)
        return digest
    }
}
