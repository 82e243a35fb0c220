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
