import ChatTemplates
import Foundation

/// Texts of files and folders, one after the other, in bounded memory: what a vocabulary is trained on.
///
/// `.jsonl` gives the texts of each line, `.json` those of the whole value, everything else is plain text. In JSON, the
/// fields of the known forms of rows count (text, content, instruction …), not ids, roles and file names.
struct TextSource {
    /// Files in the order in which they are read.
    let files: [URL]
    /// Their bytes in all.
    let bytes: Int64
    /// Lines that are not JSON, with the first of them.
    private(set) var badLines = 0
    private(set) var firstBadLine: String?
    /// Objects without a text.
    private(set) var emptyRows = 0

    /// A block is read at once; plain text is cut at line ends.
    private static let blockBytes = 4 << 20
    private static let lineLimit = 256 << 20
    private static let extensions: Set<String> = ["txt", "md", "markdown", "text", "jsonl", "json", "ndjson"]
    private static let textFields: Set<String> = [
        "text", "content", "value", "instruction", "input", "output", "prompt", "completion", "query", "response",
        "question", "answer", "system", "title", "heading", "chosen", "rejected", "rejected_response", "messages",
        "conversations", "history", "passages",
    ]

    /// Gathers the files; folders are searched for text files.
    init(_ paths: [String]) throws {
        var files: [URL] = []
        for path in paths {
            let url = URL(fileURLWithPath: path)
            guard let kind = try? url.resourceValues(forKeys: [.isDirectoryKey]) else {
                throw Failure(.noInput, "没有这个文件：\(path)", "no such file: \(path)")
            }
            guard kind.isDirectory ?? false else {
                files.append(url)
                continue
            }
            let found = (FileManager.default.enumerator(atPath: path)?.allObjects ?? []).compactMap { $0 as? String }
            files += found.filter { Self.extensions.contains(($0 as NSString).pathExtension.lowercased()) }.sorted()
                .map { url.appendingPathComponent($0) }
        }
        if files.isEmpty {
            throw Failure(
                .noInput, "没有找到文本文件（.txt .md .jsonl .json）", "no text files found (.txt .md .jsonl .json)")
        }
        self.files = files
        bytes = try files.reduce(0) { sum, file in
            sum + Int64(try file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0)
        }
    }

    /// Calls the body with each text; `progress` gets the bytes read so far.
    mutating func forEach(progress: (Int64) -> Void, _ body: (String) throws -> Void) throws {
        var done: Int64 = 0
        for file in files {
            switch file.pathExtension.lowercased() {
            case "jsonl", "ndjson":
                var number = 0
                try blocks(file, cutting: Self.lastLineEnd) { block in
                    done += Int64(block.count)
                    for line in block.split(separator: 0x0A, omittingEmptySubsequences: false) {
                        number += 1
                        try row(Data(line), "\(file.lastPathComponent):\(number)", body)
                    }
                    number -= 1  // The piece after the last line end is no line of its own.
                    progress(done)
                }
            case "json":
                let data = try InputFile.data(file.path)
                done += Int64(data.count)
                try row(data, file.lastPathComponent, body)
                progress(done)
            default:
                try blocks(file, cutting: Self.lastParagraphStart) { block in
                    done += Int64(block.count)
                    try body(String(decoding: block, as: UTF8.self))
                    progress(done)
                }
            }
        }
    }

    private mutating func row(_ data: Data, _ place: String, _ body: (String) throws -> Void) throws {
        if data.allSatisfy({ $0 == 0x20 || (0x09...0x0D).contains($0) }) { return }
        guard let value = try? TemplateValue(json: data) else {
            badLines += 1
            firstBadLine = firstBadLine ?? place
            return
        }
        var count = 0
        try Self.texts(value) { text in
            count += 1
            try body(text)
        }
        if count == 0 { emptyRows += 1 }
    }

    private static func texts(_ value: TemplateValue, _ body: (String) throws -> Void) rethrows {
        switch value {
        case .string(let text): if !text.isEmpty { try body(text) }
        case .list(let items): for item in items { try texts(item, body) }
        case .dict(let entries):
            for (key, item) in entries.entries where textFields.contains(key) { try texts(item, body) }
        default: break
        }
    }

    /// Reads a file in blocks that end where `cutting` says; a rest goes before the next block.
    private func blocks(_ file: URL, cutting: (Data) -> Int?, _ body: (Data) throws -> Void) throws {
        let handle = try FileHandle(forReadingFrom: file)
        defer { try? handle.close() }
        var rest = Data()
        while let block = try handle.read(upToCount: Self.blockBytes), !block.isEmpty {
            rest.append(block)
            if let end = cutting(rest), end > 0 {
                try body(rest.prefix(end))
                rest = Data(rest.dropFirst(end))
            } else if rest.count > Self.lineLimit {
                throw Failure(
                    .data, "\(file.path) 有超过 \(Self.lineLimit >> 20) MB 的一行",
                    "\(file.path) has a line of more than \(Self.lineLimit >> 20) MB")
            }
        }
        if !rest.isEmpty { try body(rest) }
    }

    private static func lastLineEnd(_ data: Data) -> Int? {
        data.lastIndex(of: 0x0A).map { data.distance(from: data.startIndex, to: $0) + 1 }
    }

    /// The last place after a line end at which no white space stands, so that no word is cut.
    private static func lastParagraphStart(_ data: Data) -> Int? {
        var index = data.endIndex - 1
        while index > data.startIndex {
            let byte = data[index]
            if data[index - 1] == 0x0A && byte != 0x20 && !(0x09...0x0D).contains(byte) {
                return index - data.startIndex
            }
            index -= 1
        }
        return nil
    }
}
