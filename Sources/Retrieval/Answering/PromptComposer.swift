import Corpus
import Foundation
import Storage
import Text

/// Makes the turns that a model sees from the question, the passages and what was said before.
public struct PromptComposer: Sendable {
    /// How passages and question are put to the model.
    public var style: PromptStyle
    /// The company's own system text; may be empty.
    public var systemText: String
    /// How many characters all passages together may have.
    public var passageCharacters: Int

    /// Makes the value from its parts.
    public init(style: PromptStyle = .standard, systemText: String = "", passageCharacters: Int = 1400) {
        self.style = style
        self.systemText = systemText
        self.passageCharacters = passageCharacters
    }

    /// The passages that fit, best first; the first one always, shortened if it must be.
    public func fitting(_ hits: [PassageHit]) -> [PassageHit] {
        var left = passageCharacters
        var result: [PassageHit] = []
        for hit in hits where !Self.bearsControlText(hit) {
            let size = Self.text(of: hit).unicodeScalars.count
            guard size <= left || result.isEmpty else { continue }
            result.append(hit)
            left -= size
        }
        return result
    }

    /// Whether a passage holds texts that chat models use as control tokens. They could do nothing here, since contents
    /// are encoded as plain characters; but nobody writes them into a company's documents for its readers. Such a
    /// passage is somebody's attempt to speak to the model, and is left out.
    static func bearsControlText(_ hit: PassageHit) -> Bool {
        let text = hit.passage.text
        if text.contains("[INST]") || text.contains("<<SYS>>") || text.contains("<start_of_turn>") { return true }
        guard let start = text.range(of: "<|") else { return false }
        return text[start.upperBound...].prefix(40).contains("|>")
    }

    /// The dialogue: system text, examples, passages, question.
    public func turns(question: String, passages: [PassageHit], language: AnswerLanguage) -> [ChatTurn] {
        let wording = style.wording(language)
        let shown = Self.text(of: passages)
        var turns: [ChatTurn] = []
        let system = [systemText, wording.system].filter { !$0.isEmpty }.joined(separator: "\n")
        if !system.isEmpty { turns.append(ChatTurn(.system, system)) }
        if !wording.passages.isEmpty {
            turns.append(ChatTurn(.user, Self.fill(wording.passages, passages: shown, question: question)))
            turns.append(ChatTurn(.assistant, wording.acknowledgement))
        }
        for example in wording.examples {
            turns.append(ChatTurn(.user, example.question))
            turns.append(ChatTurn(.assistant, example.answer))
        }
        turns.append(ChatTurn(.user, Self.fill(wording.question, passages: shown, question: question)))
        return turns
    }

    /// Passages as a model reads them: where each is from, its day, what has to be read before it, its text.
    static func text(of hits: [PassageHit]) -> String {
        hits.map(text).joined(separator: "\n")
    }

    static func text(of hit: PassageHit) -> String {
        let passage = hit.passage
        let place = passage.heading.isEmpty ? passage.document.path : passage.heading
        // The day of a file says nothing about its content; it would only be repeated.
        let isWritten = passage.document.dateSource != DateSource.fileTime.rawValue
        let day = isWritten ? passage.document.date.map { "（\($0)）" } ?? "" : ""
        let lead = passage.lead.isEmpty ? "" : passage.lead + "\n"
        return "【\(place)\(day)】\n\(lead)\(passage.text)"
    }

    /// Replaces the two marks in one pass, so that a mark inside a passage or question stays what it is: text.
    static func fill(_ template: String, passages: String, question: String) -> String {
        var result = ""
        var rest = Substring(template)
        while let brace = rest.firstIndex(of: "{") {
            result += rest[..<brace]
            rest = rest[brace...]
            if rest.hasPrefix("{passages}") {
                result += passages
                rest = rest.dropFirst("{passages}".count)
            } else if rest.hasPrefix("{question}") {
                result += question
                rest = rest.dropFirst("{question}".count)
            } else {
                result.append("{")
                rest = rest.dropFirst()
            }
        }
        return result + rest
    }
}
