/// Cuts off what a message repeats of older ones, and the signature.
enum MailQuotes {
    /// `text` up to the quoted reply and the signature, without lines that begin with `>`. When nothing would be left
    /// (a message that only forwards), the quoted text is kept without its marks.
    static func trimmed(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var kept: [Substring] = []
        for (index, line) in lines.enumerated() {
            if endsMessage(line, next: index + 1 < lines.count ? lines[index + 1] : "") { break }
            if !line.hasPrefix(">") { kept.append(line) }
        }
        if kept.contains(where: { $0.contains { $0.isLetter || $0.isNumber } }) { return kept.joined(separator: "\n") }
        return lines.map { $0.drop { $0 == ">" || $0 == " " } }.joined(separator: "\n")
    }

    /// Text of `format=flowed`: a line that ends in a blank goes on in the next.
    static func unflowed(_ text: String) -> String {
        var output = ""
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            output += line
            let isSoft = line.hasSuffix(" ") && line != "-- " && !line.hasPrefix(">")
            if index + 1 < lines.count, !isSoft { output += "\n" }
        }
        return output
    }

    private static func holds(_ words: [String], _ line: String) -> Bool {
        let bytes = Array(line.utf8)
        return words.contains { bytes.holds($0) }
    }

    private static func endsMessage(_ line: Substring, next: Substring) -> Bool {
        if line == "-- " || line == "--" { return true }
        var plain = line.drop(while: \.isWhitespace)
        while plain.last?.isWhitespace ?? false { plain.removeLast() }
        guard !plain.isEmpty, plain.count <= 300 else { return false }
        let folded = plain.lowercased()
        let marks = ["原始邮件", "original message", "转发邮件", "forwarded message", "邮件原件", "回复的原邮件"]
        if plain.hasPrefix("--") || plain.hasPrefix("__") || plain.hasPrefix("=="), holds(marks, folded) {
            return true
        }
        if plain.count >= 20, plain.allSatisfy({ $0 == "_" }) { return true }
        if folded.hasPrefix("on "), folded.hasSuffix("wrote:") { return true }
        if plain.hasSuffix("写道：") || plain.hasSuffix("写道:") { return true }
        let isFrom = folded.hasPrefix("发件人:") || folded.hasPrefix("发件人：") || folded.hasPrefix("from:")
        let after = next.drop(while: \.isWhitespace).lowercased()
        if isFrom, ["发送时间", "日期", "收件人", "sent:", "date:", "to:", "时间"].contains(where: { after.hasPrefix($0) }) {
            return true
        }
        return folded.hasPrefix("sent from my ") || plain.hasPrefix("发自我的") || plain.hasPrefix("来自我的")
    }
}
