import ChatTemplates
import Inference

/// The messages of a chat request, checked, with contents made of parts joined to texts.
struct Conversation {
    /// A list of dictionaries for the chat template.
    let messages: TemplateValue
    /// Role and text of each message.
    let turns: [ChatMessage]

    private static let roles: Set<String> = ["system", "developer", "user", "assistant", "tool"]

    init(_ fields: RequestFields) throws(OpenAIError) {
        guard case .list(let list)? = fields.value("messages"), !list.isEmpty else {
            throw .invalid("messages", "messages must be a list of at least one message.")
        }
        guard list.count <= 4096 else { throw .invalid("messages", "\(list.count) messages, at most 4096.") }
        var values: [TemplateValue] = []
        var turns: [ChatMessage] = []
        for (index, message) in list.enumerated() {
            let place = "messages[\(index)]"
            guard case .dict(let entries) = message else { throw .invalid(place, "\(place) must be an object.") }
            guard case .string(let role)? = entries["role"], Self.roles.contains(role) else {
                throw .invalid(
                    place + ".role", "\(place).role must be one of system, developer, user, assistant, tool.")
            }
            let text = try Self.text(entries["content"], place: place + ".content", optional: role == "assistant")
            // Templates know `system`; `developer` is OpenAI's newer name for the same.
            let known = role == "developer" ? "system" : role
            var copy = entries
            copy["role"] = .string(known)
            copy["content"] = .string(text)
            values.append(.dict(copy))
            turns.append(ChatMessage(role: known, content: text))
        }
        messages = .list(values)
        self.turns = turns
    }

    /// A string, or a list of text parts.
    private static func text(
        _ content: TemplateValue?, place: String, optional: Bool
    ) throws(OpenAIError) -> String {
        switch content {
        case .string(let text)?: return text
        case .list(let parts)?:
            var texts: [String] = []
            for (index, part) in parts.enumerated() {
                guard case .string("text")? = part["type"], case .string(let text)? = part["text"] else {
                    throw .invalid("\(place)[\(index)]", "\(place)[\(index)]: only parts of type text are read.")
                }
                texts.append(text)
            }
            return texts.joined(separator: "\n")
        case nil where optional: return ""
        case .some(let value) where value.isNone && optional: return ""
        default: throw .invalid(place, "\(place) must be a string or a list of text parts.")
        }
    }
}
