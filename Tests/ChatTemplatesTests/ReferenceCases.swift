import ChatTemplates
import Foundation
import TestSupport

/// The reference values of `reference/chat_templates`, read through the parser under test, since the order of keys
/// counts.
enum ReferenceCases {
    static let now = TemplateDate("2025-07-26 14:05:09") ?? TemplateDate(secondsSince1970: 0)

    static func json(_ path: String) throws -> TemplateValue {
        try TemplateValue(json: try Shared.data("reference/chat_templates/\(path)"))
    }

    static func lines(_ path: String) throws -> [TemplateValue] {
        try Shared.data("reference/chat_templates/\(path)").split(separator: UInt8(ascii: "\n")).map {
            try TemplateValue(json: $0)
        }
    }

    static func source(_ file: String) throws -> String {
        String(decoding: try Shared.data("reference/chat_templates/templates/\(file)"), as: UTF8.self)
    }

    static func templates() throws -> [String] {
        let folder = Shared.folder.appendingPathComponent("reference/chat_templates/templates")
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".jinja") }
            .sorted()
    }

    /// Variables of each conversation by name, with the base variables below them.
    static func conversations() throws -> [(name: String, variables: TemplateDictionary)] {
        let file = try json("conversations.json")
        guard case .list(let list)? = file["conversations"] else { throw Missing("conversations") }
        return try list.map { entry in
            guard case .string(let name)? = entry["name"], let own = entry["variables"]?.entries,
                var variables = file["base_variables"]?.entries
            else { throw Missing("name or variables") }
            for (key, value) in own.entries { variables[key] = value }
            return (name, variables)
        }
    }

    struct Missing: Error {
        let what: String
        init(_ what: String) { self.what = what }
    }

    /// What a rendering gave: its text, or nil and the error.
    struct Outcome {
        let text: String?
        let error: String

        init(_ render: () throws -> String) {
            do {
                text = try render()
                error = ""
            } catch {
                text = nil
                self.error = "\(error)"
            }
        }

        /// Empty where it is what the reference has; otherwise what is wrong.
        func difference(from expected: TemplateValue) -> String {
            guard case .string(let wanted)? = expected["text"] else {
                guard let text else { return "" }
                return
                    "gave \(text.debugDescription.prefix(300)), expected the error \(expected["message"]?.text ?? expected["error"]?.text ?? "")"
            }
            guard let text else { return "failed: \(error), expected \(wanted.debugDescription.prefix(300))" }
            if text.utf8.elementsEqual(wanted.utf8) { return "" }
            let same = zip(text.unicodeScalars, wanted.unicodeScalars).prefix { $0 == $1 }.count
            func tail(_ text: String) -> String {
                String(String.UnicodeScalarView(text.unicodeScalars.dropFirst(max(0, same - 20)).prefix(100)))
                    .debugDescription
            }
            return "differs at \(same): gave …\(tail(text)), expected …\(tail(wanted))"
        }
    }
}

extension TemplateValue {
    var entries: TemplateDictionary? {
        if case .dict(let entries) = self { entries } else { nil }
    }

    var text: String? {
        if case .string(let text) = self { text } else { nil }
    }
}

extension TemplateDictionary {
    var variables: [(String, TemplateValue)] { entries.map { ($0.key, $0.value) } }
}
