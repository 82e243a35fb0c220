public import ChatTemplates

/// What a row says before it becomes tokens.
public enum DatasetExample: Sendable {
    /// A row of given ids.
    case row(TrainingRow)
    /// A pair of given ids.
    case pair(PreferencePair)
    /// A judged completion of given ids.
    case judgedIDs(JudgedCompletion)
    /// A conversation whose answers are trained.
    case conversation(Conversation)
    /// A text behind a text.
    case completion(prompt: String, completion: String)
    /// A text.
    case text(String)
    /// Two answers to one prompt.
    case preference(chosen: Answered, rejected: Answered)
    /// A judged answer.
    case judged(Answered, isWanted: Bool)

    /// A prompt with an answer.
    public enum Answered: Sendable {
        /// A conversation; its last message is the answer.
        case conversation(Conversation)
        /// Plain text without a chat template.
        case completion(prompt: String, completion: String)
    }
}

/// A conversation in OpenAI's form.
public struct Conversation: Sendable {
    /// Messages as dictionaries with `role`, `content`, perhaps `tool_calls`.
    public var messages: [TemplateValue]
    /// Definitions of tools, nil where there are none.
    public var tools: TemplateValue?
    /// For each message whether it is an answer that is trained.
    public var isTrained: [Bool]

    /// A conversation; every answer is trained unless said otherwise.
    public init(messages: [TemplateValue], tools: TemplateValue? = nil, isTrained: [Bool]? = nil) {
        self.messages = messages
        self.tools = tools
        self.isTrained = isTrained ?? messages.map { Self.role(of: $0) == "assistant" }
    }

    /// The role of a message, empty where it has none.
    static func role(of message: TemplateValue) -> String {
        guard case .string(let role)? = message["role"] else { return "" }
        return role
    }

    /// Checks that the roles make a conversation: perhaps a system text, then questions and answers in turn, results
    /// of tools between two answers, an answer at the end.
    func checkRoles() throws(RowProblem) {
        guard !messages.isEmpty else { throw .empty(key: "messages") }
        var last = ""
        for (index, message) in messages.enumerated() {
            let role = Self.role(of: message)
            let allowed: Set<String> =
                switch role {
                case "system", "developer": [""]
                case "user": ["", "system", "assistant"]
                case "assistant": ["user", "tool"]
                case "tool": ["assistant", "tool"]
                default:
                    throw .roles(
                        "message \(index + 1) has the role \"\(role)\", known are system, user, assistant, tool")
                }
            guard allowed.contains(last) else {
                throw .roles(
                    last.isEmpty
                        ? "the conversation begins with \(role)"
                        : "message \(index + 1), \(role), follows \(last): user and assistant must alternate")
            }
            last = role == "developer" ? "system" : role
        }
        guard last == "assistant" else { throw .roles("the last message is of the role \(last): nothing answers it") }
    }
}
