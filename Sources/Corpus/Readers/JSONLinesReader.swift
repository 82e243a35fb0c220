internal import Foundation
internal import Text

/// JSON lines: each row is a record of its own. Rows are texts (`text`, `content` …), questions with answers (also
/// `instruction` and `output`), or chats (`messages`, `conversations`).
struct JSONLinesReader: DocumentReader {
    func read(_ bytes: [UInt8], name: String) throws(DocumentProblem) -> ReadDocument {
        let decoded = try TextDecoder.decode(bytes)
        var read = ReadDocument(encoding: decoded.encoding, warnings: decoded.warnings)
        var number = 0
        for line in decoded.text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false) {
            number += 1
            guard line.contains(where: { $0 > 0x20 }) else { continue }
            let head = String(decoding: line.prefix(2000), as: UTF8.self)
            do {
                let value = try JSONSerialization.jsonObject(with: Data(line), options: [.fragmentsAllowed])
                if let row = JSONRow(value) {
                    read.parts.append(
                        DocumentPart(
                            part: number, title: row.title ?? "\(name) \(number)", date: row.date, text: row.text))
                } else {
                    let detail = "line \(number) has no field text, content, question and answer, or messages"
                    read.droppedRows.append((number, .noText, detail, head))
                }
            } catch {
                read.droppedRows.append((number, .damagedRow, "line \(number) is no JSON", head))
            }
        }
        if !read.droppedRows.isEmpty {
            read.warnings.append("\(read.droppedRows.count) of its rows could not be used; see dropped.jsonl")
        }
        return read
    }
}

/// What a row of JSON says.
private struct JSONRow {
    var title: String?
    var date: DatedBy?
    var text = ""

    private static let textKeys = ["text", "content", "body", "article", "passage", "context", "正文", "内容", "文本"]
    private static let titleKeys = ["title", "headline", "subject", "标题", "题目", "name"]
    private static let dateKeys = [
        "date", "updated", "updated_at", "published", "publish_date", "published_at", "created_at", "time", "日期",
        "发布日期", "发布时间",
    ]
    private static let questionKeys = ["question", "instruction", "prompt", "query", "q", "问题", "提问", "问"]
    private static let answerKeys = ["answer", "output", "response", "completion", "a", "答案", "回答", "答"]

    /// nil when the row holds no text in a field that is known.
    init?(_ value: Any) {
        if let text = value as? String {
            self.text = text
            return
        }
        guard let object = value as? [String: Any] else { return nil }
        var fields: [String: Any] = [:]
        for (key, value) in object.sorted(by: { $0.key < $1.key }) { fields[key.lowercased()] = value }
        func first(_ keys: [String]) -> String? {
            keys.lazy.compactMap { fields[$0].flatMap(Self.string) }.first
        }
        title = first(Self.titleKeys)
        if let written = first(Self.dateKeys), let found = DateEvidence.first(in: String(written.prefix(60))) {
            date = DatedBy(date: found, source: .metadata)
        }
        if let turns = (fields["messages"] ?? fields["conversations"] ?? fields["conversation"]) as? [Any] {
            text = Self.chat(turns)
        } else if let question = first(Self.questionKeys), let answer = first(Self.answerKeys) {
            let input = first(["input"]).map { "\n" + $0 } ?? ""
            text = "问：\(question)\(input)\n答：\(answer)"
            if title == nil { title = String(question.prefix(100)) }
        } else if let body = first(Self.textKeys) {
            text = body
        }
        if text.isEmpty { return nil }
    }

    /// The text of a field: a string, a number, the texts of a list, the `text` of parts.
    private static func string(_ value: Any) -> String? {
        if let text = value as? String { return text.isEmpty ? nil : text }
        if let list = value as? [Any] {
            let texts = list.prefix(1000).compactMap { item -> String? in
                (item as? String) ?? (item as? [String: Any])?["text"] as? String
            }
            return texts.isEmpty ? nil : texts.joined(separator: "\n")
        }
        if let object = value as? [String: Any] { return object["text"] as? String }
        return (value as? NSNumber)?.stringValue
    }

    private static func chat(_ turns: [Any]) -> String {
        turns.compactMap { turn -> String? in
            guard let turn = turn as? [String: Any], let text = (turn["content"] ?? turn["value"]).flatMap(string)
            else {
                return nil
            }
            switch ((turn["role"] ?? turn["from"]) as? String)?.lowercased() {
            case "user", "human": return "问：" + text
            case "assistant", "gpt", "bot", "model": return "答：" + text
            case "system": return nil
            default: return text
            }
        }.joined(separator: "\n")
    }
}
