/// A message or a part of one: header fields and body.
struct MailPart {
    /// Field bodies by lower-case name, folded lines joined; the first of each name.
    private(set) var headers: [String: String] = [:]
    /// The body as sent.
    private(set) var body: ArraySlice<UInt8> = []

    private static let mostHeaderBytes = 256 << 10

    init(_ bytes: ArraySlice<UInt8>) {
        var index = bytes.startIndex
        var field = ""
        let limit = min(bytes.endIndex, bytes.startIndex + Self.mostHeaderBytes)
        var isFirst = true
        while index < limit {
            let end = bytes[index..<bytes.endIndex].firstIndex(of: 0x0A) ?? bytes.endIndex
            var line = bytes[index..<end]
            if line.last == 0x0D { line = line.dropLast() }
            let next = min(end + 1, bytes.endIndex)
            if line.isEmpty {
                index = next
                break
            }
            if line.first == 0x20 || line.first == 0x09 {
                field += " " + Self.text(line.drop { $0 == 0x20 || $0 == 0x09 })
            } else if isFirst, line.starts(with: Array("From ".utf8)) {
                // The separator line of mailbox files.
            } else {
                add(field)
                field = Self.text(line)
                // A line that is no field ends the header of a broken message.
                if !field.contains(":") {
                    field = ""
                    break
                }
            }
            isFirst = false
            index = next
        }
        add(field)
        body = bytes[index..<bytes.endIndex]
    }

    private mutating func add(_ field: String) {
        guard let colon = field.firstIndex(of: ":") else { return }
        let name = field[..<colon].lowercased().filter { !$0.isWhitespace }
        guard !name.isEmpty, headers[name] == nil, headers.count < 500 else { return }
        headers[name] = String(field[field.index(after: colon)...].drop(while: \.isWhitespace))
    }

    /// A header line: ASCII, or 8-bit characters in whatever encoding the evidence shows.
    private static func text(_ line: ArraySlice<UInt8>) -> String {
        if let text = CharacterEncoding.utf8.decode(line) { return text }
        return CharacterEncoding.gb18030.decode(line) ?? String(decoding: line, as: UTF8.self)
    }

    // MARK: Type and parameters

    /// The media type in lower case; `text/plain` where none is given.
    var type: String {
        let value = headers["content-type"] ?? "text/plain"
        let type = value.prefix { $0 != ";" }.lowercased().filter { !$0.isWhitespace }
        return type.contains("/") ? type : "text/plain"
    }

    var isFlowed: Bool { parameter("format", of: "content-type")?.lowercased() == "flowed" }

    /// The name of an attachment, or nil for parts that belong to the text.
    var attachmentName: String? {
        let disposition = (headers["content-disposition"] ?? "").lowercased()
        let name = parameter("filename", of: "content-disposition") ?? parameter("name", of: "content-type")
        let isText = type.hasPrefix("text/") || type.hasPrefix("multipart/") || type == "message/rfc822"
        guard disposition.hasPrefix("attachment") || (!isText && name != nil) else { return nil }
        return name.map { MailWords.decoded($0) } ?? "unnamed"
    }

    /// A parameter of a header field, plain or in the form of RFC 2231 (`filename*=utf-8''%E6…`, `filename*0=`).
    func parameter(_ name: String, of header: String) -> String? {
        guard let value = headers[header] else { return nil }
        var pieces: [(order: Int, text: String, isEncoded: Bool)] = []
        for parameter in MailPart.split(value).dropFirst() {
            guard let sign = parameter.firstIndex(of: "=") else { continue }
            var key = parameter[..<sign].lowercased().filter { !$0.isWhitespace }
            var text = parameter[parameter.index(after: sign)...].drop(while: \.isWhitespace)
            while text.last?.isWhitespace ?? false { text.removeLast() }
            if text.count >= 2, text.first == "\"", text.last == "\"" { text = text.dropFirst().dropLast() }
            let isEncoded = key.hasSuffix("*")
            if isEncoded { key.removeLast() }
            if key == name { pieces.append((0, String(text), isEncoded)) }
            if key.hasPrefix(name + "*"), let order = Int(key.dropFirst(name.count + 1)) {
                pieces.append((order, String(text), isEncoded))
            }
        }
        guard !pieces.isEmpty else { return nil }
        pieces.sort { $0.order < $1.order }
        let joined = pieces.map(\.text).joined()
        return pieces[0].isEncoded ? MailWords.percentDecoded(joined) : joined
    }

    /// Splits at `;` outside quotes.
    private static func split(_ value: String) -> [Substring] {
        var isQuoted = false
        return value.split(maxSplits: 100, omittingEmptySubsequences: false) { character in
            if character == "\"" { isQuoted.toggle() }
            return character == ";" && !isQuoted
        }
    }

    // MARK: Body

    /// The body's bytes with the transfer encoding undone.
    func content() -> [UInt8] {
        switch (headers["content-transfer-encoding"] ?? "").lowercased().filter({ !$0.isWhitespace }) {
        case "base64": TransferEncoding.base64(body)
        case "quoted-printable": TransferEncoding.quotedPrintable(body)
        default: Array(body)
        }
    }

    /// The parts of a multipart body. Without the closing boundary (a truncated message) the last goes to the end.
    func parts(limit: Int) -> [MailPart] {
        guard let boundary = parameter("boundary", of: "content-type"), !boundary.isEmpty else { return [] }
        let mark = Array("--\(boundary)".utf8)
        var parts: [MailPart] = []
        var start: Int?
        var index = body.startIndex
        while index < body.endIndex {
            let end = body[index...].firstIndex(of: 0x0A) ?? body.endIndex
            if body[index..<end].starts(with: mark) {
                let rest = body[index..<end].dropFirst(mark.count)
                let isClosing = rest.starts(with: [0x2D, 0x2D])
                guard isClosing || rest.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) else {
                    index = min(end + 1, body.endIndex)
                    continue
                }
                if let start { parts.append(MailPart(body[start..<index])) }
                start = isClosing ? nil : min(end + 1, body.endIndex)
                if isClosing || parts.count >= limit { return parts }
            }
            index = min(end + 1, body.endIndex)
        }
        if let start { parts.append(MailPart(body[start...])) }
        return parts
    }
}
