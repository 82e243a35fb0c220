internal import Text

/// Plain text: decoded, mojibake repaired, the first short line taken for the title.
struct PlainTextReader: DocumentReader {
    func read(_ bytes: [UInt8], name: String) throws(DocumentProblem) -> ReadDocument {
        let decoded = try TextDecoder.decode(bytes)
        let part = DocumentPart(
            title: Self.title(of: decoded.text), date: DateEvidence.inText(decoded.text), text: decoded.text)
        return ReadDocument(parts: [part], encoding: decoded.encoding, warnings: decoded.warnings)
    }

    /// The first line when it looks like a heading: short, no sentence, and not all there is.
    static func title(of text: String) -> String? {
        let lines = text.prefix(4000).split(whereSeparator: \.isNewline).lazy
            .map { $0.drop(while: \.isWhitespace) }.filter { !$0.isEmpty }
        guard let first = lines.first, lines.dropFirst().first != nil else { return nil }
        var line = first
        while let last = line.last, last.isWhitespace { line.removeLast() }
        guard line.count <= 40, let last = line.last, !"。！？；：，,.;:!?".contains(last), !line.contains("：") else {
            return nil
        }
        return String(line)
    }
}
