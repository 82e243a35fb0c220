internal import Text

/// Pages: the main content as text, title and date from the markup.
struct HTMLReader: DocumentReader {
    func read(_ bytes: [UInt8], name: String) throws(DocumentProblem) -> ReadDocument {
        let decoded = try TextDecoder.decode(bytes, declared: Self.declaredEncoding(bytes))
        let part = try Self.part(of: decoded.text)
        return ReadDocument(parts: [part], encoding: decoded.encoding, warnings: decoded.warnings)
    }

    /// Title, date and content of a page that is text already (also the HTML part of a message).
    static func part(of page: String) throws(DocumentProblem) -> DocumentPart {
        let tree = try HTMLTree(page)
        let content = MainContent(of: tree)
        let text = HTMLText.render(tree, content: content)
        let meta = PageFacts(of: tree, content: content)
        return DocumentPart(title: meta.title, date: meta.date ?? DateEvidence.inText(text), text: text)
    }

    /// The charset that a `<meta>` or XML declaration near the beginning names.
    static func declaredEncoding(_ bytes: [UInt8]) -> String? {
        let head = String(decoding: bytes.prefix(4096).map { $0 < 0x80 ? $0 : 0x3F }, as: UTF8.self).lowercased()
        for key in ["charset=", "encoding="] {
            guard let place = head.firstRange(of: key) else { continue }
            let value = head[place.upperBound...].drop { $0 == "\"" || $0 == "'" || $0 == " " }
            let name = value.prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" || $0 == "." }
            if !name.isEmpty { return String(name) }
        }
        return nil
    }
}

/// What a page says of itself in its markup.
struct PageFacts {
    private(set) var title: String?
    private(set) var date: DatedBy?

    private static let dateKeys: Set<String> = [
        "article:modified_time", "article:published_time", "og:updated_time", "pubdate", "publishdate", "publish_date",
        "publish-date",
        "date", "dc.date", "dcterms.date", "dc.date.issued", "datepublished", "datemodified", "last-modified",
        "lastmod",
        "weibo: article:create_at", "release_date",
    ]

    init(of tree: HTMLTree, content: MainContent) {
        var meta: [String: String] = [:]
        var pageTitle = ""
        var heading = ""
        var timed: String?
        var isOut = content.isRemoved
        for (index, node) in tree.nodes.enumerated() {
            if node.parent >= 0, isOut[node.parent] { isOut[index] = true }
            switch node.name {
            case "meta":
                let key = node.attributes["property"] ?? node.attributes["name"] ?? node.attributes["itemprop"]
                if let key = key?.lowercased(), let value = node.attributes["content"], meta[key] == nil {
                    meta[key] = value
                }
            case "title" where pageTitle.isEmpty:
                pageTitle = Self.text(of: index, in: tree)
            case "h1" where heading.isEmpty && !isOut[index]:
                heading = Self.text(of: index, in: tree)
            case "time" where timed == nil && !isOut[index]:
                timed = node.attributes["datetime"]
            default:
                break
            }
        }
        let open = meta["og:title"].map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") } ?? ""
        title = [heading, open, Self.withoutSite(pageTitle)].first { !$0.isEmpty }
        let values = meta.filter { Self.dateKeys.contains($0.key) }.sorted { $0.key < $1.key }.map(\.value)
        for value in values + [timed ?? ""] where date == nil {
            if let found = DateEvidence.first(in: String(value.prefix(40))) {
                date = DatedBy(date: found, source: .markup)
            }
        }
    }

    private static func text(of index: Int, in tree: HTMLTree) -> String {
        let words = tree.nodes[index..<tree.nodes[index].end].filter(\.isText).map(\.text).joined()
        return String(words.split(whereSeparator: \.isWhitespace).joined(separator: " ").prefix(300))
    }

    /// A page title without the site's name behind the last separator: 押金规则 - 某某公司 → 押金规则.
    private static func withoutSite(_ title: String) -> String {
        for separator in [" - ", " – ", " — ", " | ", "_", "|", "－", "-"] {
            guard let place = title.firstRange(of: separator) else { continue }
            let head = title[..<place.lowerBound].drop(while: \.isWhitespace)
            if head.count >= 3 { return String(head) }
        }
        return title
    }
}
