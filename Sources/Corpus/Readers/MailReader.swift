internal import Text

/// Messages (RFC 5322 with MIME): subject as title, the text without quoted replies and signature, attachments named.
struct MailReader: DocumentReader {
    func read(_ bytes: [UInt8], name: String) throws(DocumentProblem) -> ReadDocument {
        let message = MailPart(bytes[...])
        guard !message.headers.isEmpty else {
            throw DocumentProblem(reason: .malformed, detail: "no header lines such as 'Subject: …' at the beginning")
        }
        var walk = MailWalk()
        walk.take(message, depth: 0)
        var read = ReadDocument(encoding: walk.encodings.first ?? "us-ascii", warnings: walk.warnings)
        read.attachments = walk.attachments
        let subject = message.headers["subject"].map { Self.withoutPrefixes(MailWords.decoded($0)) }
        let date = message.headers["date"].flatMap { MailDate.day(of: $0) }.map { DatedBy(date: $0, source: .header) }
        let text = walk.texts.joined(separator: "\n\n")
        read.parts = [DocumentPart(title: subject, date: date ?? DateEvidence.inText(text), text: text)]
        return read
    }

    /// A subject without 回复：, Re: and the like.
    private static func withoutPrefixes(_ subject: String) -> String {
        var subject = Substring(subject)
        var isChanged = true
        while isChanged {
            isChanged = false
            subject = subject.drop(while: \.isWhitespace)
            for prefix in ["re:", "re：", "fw:", "fwd:", "fw：", "回复:", "回复：", "答复:", "答复：", "转发:", "转发："]
            where subject.lowercased().hasPrefix(prefix) {
                subject = subject.dropFirst(prefix.count)
                isChanged = true
            }
        }
        return String(subject)
    }
}

/// Collects the texts of a message's parts.
struct MailWalk {
    private(set) var texts: [String] = []
    private(set) var encodings: [String] = []
    private(set) var warnings: [String] = []
    private(set) var attachments: [(name: String, detail: String)] = []
    private var partsLeft = 200

    private static let deepest = 10

    mutating func take(_ part: MailPart, depth: Int) {
        guard depth <= Self.deepest, partsLeft > 0 else {
            warnings.append("parts nested deeper than \(Self.deepest) or more than 200: the rest was left out")
            return
        }
        partsLeft -= 1
        if let name = part.attachmentName {
            let detail = "\(part.type), \(part.body.count) bytes as sent: attachments are not read yet"
            attachments.append((name, detail))
        } else if part.type.hasPrefix("multipart/") {
            takeParts(of: part, depth: depth)
        } else if part.type == "message/rfc822" {
            let inner = MailPart(part.content()[...])
            if let subject = inner.headers["subject"] { texts.append("转发：" + MailWords.decoded(subject)) }
            take(inner, depth: depth + 1)
        } else if part.type == "text/html" {
            takePage(part)
        } else if part.type.hasPrefix("text/") {
            takeText(part)
        } else {
            attachments.append((part.type, "\(part.body.count) bytes as sent: attachments are not read yet"))
        }
    }

    private mutating func takeParts(of part: MailPart, depth: Int) {
        let parts = part.parts(limit: partsLeft)
        if parts.isEmpty { warnings.append("a multipart body without parts") }
        guard part.type == "multipart/alternative" else {
            for inner in parts { take(inner, depth: depth + 1) }
            return
        }
        // The same text in several forms: the plain one where it says something, else the richest that we read.
        for type in ["text/plain", "text/html", "multipart/"] {
            let count = texts.count
            for inner in parts where inner.type.hasPrefix(type) && texts.count == count {
                take(inner, depth: depth + 1)
            }
            if texts.count > count { return }
        }
    }

    private mutating func takeText(_ part: MailPart) {
        guard let text = decode(part) else { return }
        let trimmed = MailQuotes.trimmed(part.isFlowed ? MailQuotes.unflowed(text) : text)
        if trimmed.contains(where: { !$0.isWhitespace }) { texts.append(trimmed) }
    }

    private mutating func takePage(_ part: MailPart) {
        guard let page = decode(part), let content = try? HTMLReader.part(of: page) else { return }
        let trimmed = MailQuotes.trimmed(content.text)
        if trimmed.contains(where: { !$0.isWhitespace }) { texts.append(trimmed) }
    }

    private mutating func decode(_ part: MailPart) -> String? {
        do throws(DocumentProblem) {
            let decoded = try TextDecoder.decode(
                part.content(), declared: part.parameter("charset", of: "content-type"))
            encodings.append(decoded.encoding)
            warnings += decoded.warnings
            return decoded.text
        } catch {
            warnings.append("a \(part.type) part is left out: \(error.detail)")
            return nil
        }
    }
}
