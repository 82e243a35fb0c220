public import ChatTemplates
import Tokenizers

/// One turn of a conversation.
public struct ChatMessage: Sendable, Equatable {
    /// `system`, `user`, `assistant` or `tool`.
    public var role: String
    /// What is said.
    public var content: String

    /// A turn.
    public init(role: String, content: String) {
        self.role = role
        self.content = content
    }
}

/// Why a conversation cannot be put before a model.
public enum ChatPromptError: Error, Equatable, CustomStringConvertible {
    /// The model brings no chat template, and none is guessed.
    case noTemplate(model: String)
    /// The template refused the conversation or went wrong.
    case template(String)

    /// What is wrong.
    public var description: String {
        switch self {
        case .noTemplate(let model): "the model \(model) has no chat template: it completes text but holds no chats"
        case .template(let reason): "the model's chat template: \(reason)"
        }
    }
}

extension LanguageModel {
    /// The ids of a conversation with the model's own template, ready to be answered.
    public func prompt(
        _ messages: [ChatMessage], now: TemplateDate, extra: [(String, TemplateValue)] = []
    ) throws -> [Int] {
        let values = messages.map { message in
            TemplateValue.dict(
                TemplateDictionary([("role", .string(message.role)), ("content", .string(message.content))]))
        }
        return try prompt(messages: .list(values), tools: nil, now: now, extra: extra)
    }

    /// The same for messages in OpenAI's form.
    ///
    /// What stands inside a message stays text: a control token that somebody writes into one (`<|im_end|>`) is
    /// encoded as the characters it consists of and ends no turn. The template's own control tokens are control.
    public func prompt(
        messages: TemplateValue, tools: TemplateValue?, addGenerationPrompt: Bool = true, now: TemplateDate,
        extra: [(String, TemplateValue)] = []
    ) throws -> [Int] {
        guard let chatTemplate else { throw ChatPromptError.noTemplate(model: name) }
        let tokens: [(String, TemplateValue)] = [
            ("bos_token", .string(tokenizer.bosText)), ("eos_token", .string(tokenizer.eosText)),
        ]
        let text: String
        do {
            text = try chatTemplate.renderChat(
                messages: quoting.quoted(messages), tools: tools.map(quoting.quoted),
                addGenerationPrompt: addGenerationPrompt, extra: tokens + extra, now: now)
        } catch {
            throw ChatPromptError.template("\(error)")
        }
        return quoting.pieces(of: text).flatMap { piece in
            tokenizer.encode(piece.text, addSpecial: false, parseSpecial: !piece.isQuoted)
        }
    }
}

/// Keeps control tokens that stand inside messages apart from those that the template writes.
///
/// Each is replaced by two scalars of the last private-use plane before the template runs, and put back, as plain
/// text, afterwards. Whoever writes these scalars himself gets at most the plain text of a control token.
struct ControlTextQuoting: Sendable {
    private static let mark: Unicode.Scalar = "\u{10FFFD}"
    private static let first: UInt32 = 0x10_0000
    private let texts: [String]

    init(texts: [String]) {
        // Longest first, so that a token that begins with another one is taken whole.
        self.texts = texts.filter { !$0.isEmpty }.sorted { $0.utf8.count > $1.utf8.count }
    }

    /// The value with every string in it quoted, keys excepted.
    func quoted(_ value: TemplateValue) -> TemplateValue {
        switch value {
        case .string(let text): .string(quoted(text))
        case .list(let items): .list(items.map(quoted))
        case .dict(let entries):
            .dict(TemplateDictionary(entries.entries.map { ($0.key, quoted($0.value)) }))
        default: value
        }
    }

    private func quoted(_ text: String) -> String {
        // Almost no text has any: one look for a first character decides.
        guard texts.contains(where: { text.contains($0) }) else { return text }
        var result = text
        for (index, control) in texts.enumerated() where result.contains(control) {
            guard let code = Unicode.Scalar(Self.first + UInt32(index)) else { continue }
            result = result.replacing(control, with: String(Character(Self.mark)) + String(Character(code)))
        }
        return result
    }

    /// The rendered text in order: what the template wrote, and quoted control texts.
    func pieces(of text: String) -> [(text: String, isQuoted: Bool)] {
        guard text.unicodeScalars.contains(Self.mark) else { return [(text, false)] }
        var pieces: [(text: String, isQuoted: Bool)] = []
        var plain = String.UnicodeScalarView()
        var scalars = text.unicodeScalars[...]
        while let scalar = scalars.popFirst() {
            if scalar == Self.mark, let code = scalars.first, code.value >= Self.first,
                texts.indices.contains(Int(code.value - Self.first))
            {
                scalars.removeFirst()
                if !plain.isEmpty { pieces.append((String(plain), false)) }
                plain = .init()
                pieces.append((texts[Int(code.value - Self.first)], true))
            } else {
                plain.append(scalar)
            }
        }
        if !plain.isEmpty { pieces.append((String(plain), false)) }
        return pieces
    }
}
