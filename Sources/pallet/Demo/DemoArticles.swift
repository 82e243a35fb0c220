import Foundation
import Storage

/// The company's news for its page: Markdown documents whose head names a category.
struct DemoArticles {
    let folder: URL

    /// In order of path, so that the same folder gives the same articles.
    func read() throws -> [Article] {
        let paths = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        return try paths.filter { $0.hasSuffix(".md") }.sorted().compactMap { path in
            try article(path)
        }
    }

    private func article(_ path: String) throws -> Article? {
        let text = String(decoding: try InputFile.data(folder.appendingPathComponent(path).path), as: UTF8.self)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard lines.popFirst() == "---", let end = lines.firstIndex(of: "---") else { return nil }
        var head: [String: String] = [:]
        for line in lines[..<end] {
            let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            if parts.count == 2 { head[parts[0]] = parts[1] }
        }
        guard let title = head["title"], let category = head["category"] else { return nil }
        let body = lines[(end + 1)...].filter { !$0.isEmpty && $0 != "# \(title)" }.joined(separator: "\n")
        return Article(
            id: 0, title: title, author: head["author"], published: head["date"] ?? "", category: category, reads: 0,
            text: body, previousTitle: nil, nextTitle: nil, source: path)
    }
}
