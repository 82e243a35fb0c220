internal import Text

/// Markdown: kept as it is (headings, lists and tables are structure for the passage cutter), without front matter
/// and comments.
struct MarkdownReader: DocumentReader {
    func read(_ bytes: [UInt8], name: String) throws(DocumentProblem) -> ReadDocument {
        let decoded = try TextDecoder.decode(bytes)
        let matter = FrontMatter(of: decoded.text)
        let body = Self.withoutComments(matter.body)
        var date: DatedBy?
        for key in ["date", "updated", "lastmod", "published", "publishdate", "日期", "发布日期", "更新日期"] {
            if date == nil, let value = matter.fields[key], let found = DateEvidence.first(in: value) {
                date = DatedBy(date: found, source: .metadata)
            }
        }
        let title = matter.fields["title"] ?? matter.fields["标题"] ?? Self.firstHeading(of: body)
        let part = DocumentPart(title: title, date: date ?? DateEvidence.inText(body), text: body)
        return ReadDocument(parts: [part], encoding: decoded.encoding, warnings: decoded.warnings)
    }

    /// The text of the first heading of the first level that occurs, `#` or underlined.
    static func firstHeading(of text: String) -> String? {
        var previous: Substring = ""
        var isInCode = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).prefix(400) {
            // A heading is short; a line of megabytes is not read to its end.
            let trimmed = line.prefix(600).drop(while: \.isWhitespace)
            if trimmed.hasPrefix("```") || trimmed.hasPrefix("~~~") { isInCode.toggle() }
            if isInCode { continue }
            if trimmed.hasPrefix("#") {
                let heading = plain(trimmed.drop { $0 == "#" })
                if !heading.isEmpty { return heading }
            }
            if trimmed.count >= 3, trimmed.allSatisfy({ $0 == "=" || $0.isWhitespace }), !previous.isEmpty {
                return plain(previous)
            }
            previous = trimmed
        }
        return nil
    }

    /// A heading's text without marks of emphasis, closing `#` and anchors.
    private static func plain(_ heading: Substring) -> String {
        var text = String(heading.filter { $0 != "*" && $0 != "`" })
        if let anchor = text.firstRange(of: "{#") { text = String(text[..<anchor.lowerBound]) }
        while let last = text.last, last.isWhitespace || last == "#" { text.removeLast() }
        return String(text.drop(while: \.isWhitespace))
    }

    /// `text` without `<!-- … -->`; a comment that does not end is text.
    static func withoutComments(_ text: String) -> String {
        let bytes = Array(text.utf8)
        guard var start = bytes.place(of: "<!--") else { return text }
        var kept: [UInt8] = []
        var next = 0
        while let end = bytes.place(of: "-->", from: start + 4) {
            kept += bytes[next..<start]
            next = end + 3
            guard let following = bytes.place(of: "<!--", from: next) else { break }
            start = following
        }
        return String(decoding: kept + bytes[next...], as: UTF8.self)
    }
}

/// The `key: value` lines between `---` at the beginning of a Markdown file.
struct FrontMatter {
    /// Keys in lower case.
    private(set) var fields: [String: String] = [:]
    let body: String

    /// Longer front matter is none.
    private static let mostLines = 200

    init(of text: String) {
        let lines = text.split(separator: "\n", maxSplits: Self.mostLines + 1, omittingEmptySubsequences: false)
        let fence = lines.first.map(Self.trimmed) ?? ""
        guard fence == "---" || fence == "+++",
            let end = lines.dropFirst().prefix(Self.mostLines).firstIndex(where: { Self.trimmed($0) == fence })
        else {
            body = text
            return
        }
        let separator: Character = fence == "---" ? ":" : "="
        for line in lines[1..<end] where !(line.first?.isWhitespace ?? true) {
            guard let sign = line.firstIndex(where: { $0 == separator || $0 == "：" }) else { continue }
            var value = Self.trimmed(line[line.index(after: sign)...])
            if value.count >= 2, let first = value.first, first == value.last, first == "\"" || first == "'" {
                value = String(value.dropFirst().dropLast())
            }
            let key = Self.trimmed(line[..<sign]).lowercased()
            if !value.isEmpty { fields[key] = value }
        }
        body = lines[(end + 1)...].joined(separator: "\n")
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop(while: \.isWhitespace)
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
