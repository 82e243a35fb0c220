import ChatTemplates

/// Rows that are conversations, from each form into OpenAI's.
extension RowFields {
    /// The conversation of a row of this form.
    func conversation(_ form: DatasetForm) throws(RowProblem) -> Conversation {
        switch form {
        case .messages: try openAI()
        case .sharegpt: try sharegpt()
        case .alpaca: try turns(question: try alpacaQuestion(), answer: try required("output", "response"))
        default:
            try turns(
                question: try required("query", "question", "prompt"), answer: try required("response", "answer"))
        }
    }

    /// What the prompt of a preference is: a conversation without its last answer.
    func promptMessages() throws(RowProblem) -> [TemplateValue] {
        if value("messages") != nil { return try messageList("messages").map(\.message) }
        if value("conversations") != nil || value("conversation") != nil { return try sharegptMessages() }
        if value("instruction") != nil { return try history() + [Self.message("user", try alpacaQuestion())] }
        if case .list? = value("prompt") { return try messageList("prompt").map(\.message) }
        return try history() + [Self.message("user", try required("prompt", "query", "question"))]
    }

    /// The messages that a value is: one message, several, or the text of an answer.
    func answerMessages(_ key: String) throws(RowProblem) -> [TemplateValue] {
        switch value(key) {
        case .string("")?: throw .missing(key: key)
        case .string(let text)?: return [Self.message("assistant", text)]
        case .dict(let entries)?:
            return [
                entries["from"] == nil ? try Self.openAI(.dict(entries)).message : try Self.sharegpt(.dict(entries))
            ]
        case .list(let items)?:
            var messages: [TemplateValue] = []
            for item in items {
                messages.append(item["from"] == nil ? try Self.openAI(item).message : try Self.sharegpt(item))
            }
            return messages
        default: throw .missing(key: key)
        }
    }

    private func alpacaQuestion() throws(RowProblem) -> String {
        let instruction = try required("instruction")
        guard let input = try text("input"), !input.isEmpty else { return instruction }
        return instruction + "\n" + input
    }

    private func turns(question: String, answer: String) throws(RowProblem) -> Conversation {
        Conversation(
            messages: try history() + [Self.message("user", question), Self.message("assistant", answer)],
            tools: try tools())
    }

    /// The system text and earlier turns: `history` as [[question, answer], …] or as messages.
    private func history() throws(RowProblem) -> [TemplateValue] {
        var messages: [TemplateValue] = []
        if let system = try text("system"), !system.isEmpty { messages.append(Self.message("system", system)) }
        for turn in try list("history") ?? [] {
            if case .list(let pair) = turn, pair.count == 2, case .string(let question) = pair[0],
                case .string(let answer) = pair[1]
            {
                messages += [Self.message("user", question), Self.message("assistant", answer)]
            } else if case .dict = turn {
                messages.append(try Self.openAI(turn).message)
            } else {
                throw .wrongType(key: "history", expected: "a list of [question, answer]")
            }
        }
        return messages
    }

    static func message(_ role: String, _ content: String) -> TemplateValue {
        .dict([("role", .string(role)), ("content", .string(content))])
    }
}

/// OpenAI's form.
extension RowFields {
    private func openAI() throws(RowProblem) -> Conversation {
        let messages = try messageList("messages")
        var system: [TemplateValue] = []
        if let text = try text("system"), !text.isEmpty { system = [Self.message("system", text)] }
        return Conversation(
            messages: system + messages.map(\.message), tools: try tools(),
            isTrained: system.map { _ in false } + messages.map(\.isTrained))
    }

    private func messageList(_ key: String) throws(RowProblem) -> [(message: TemplateValue, isTrained: Bool)] {
        guard let items = try list(key), !items.isEmpty else { throw .missing(key: key) }
        var messages: [(message: TemplateValue, isTrained: Bool)] = []
        for item in items { messages.append(try Self.openAI(item)) }
        return messages
    }

    /// A message without what only training knows: `loss` (true, false) or `weight` (0, 1).
    private static func openAI(_ item: TemplateValue) throws(RowProblem) -> (message: TemplateValue, isTrained: Bool) {
        guard case .dict(var entries) = item else { throw .wrongType(key: "messages", expected: "a list of objects") }
        guard case .string(let role)? = entries["role"] else { throw .missing(key: "role") }
        var isTrained = role == "assistant"
        for key in ["loss", "weight"] {
            switch entries[key] {
            case nil, .some(.none): break
            case .bool(let truth)?: isTrained = isTrained && truth
            case .int(0)?, .float(0)?: isTrained = false
            case .int(1)?, .float(1)?: break
            default: throw .wrongType(key: key, expected: "true, false, 0 or 1")
            }
            entries[key] = nil
        }
        if let content = entries["content"] { entries["content"] = try plain(content) }
        if case .list(let calls)? = entries["tool_calls"] {
            entries["tool_calls"] = calls.isEmpty ? nil : .list(calls.map(withParsedArguments))
        }
        let hasCalls = entries["tool_calls"].map { !$0.isNone } ?? false
        let hasContent = entries["content"].map { !$0.isNone } ?? false
        guard hasContent || hasCalls else { throw .missing(key: "content") }
        return (.dict(entries), isTrained)
    }

    /// Content in parts becomes its text; parts that are no text cannot be trained on here.
    private static func plain(_ content: TemplateValue) throws(RowProblem) -> TemplateValue {
        guard case .list(let parts) = content else { return content }
        var text = ""
        for part in parts {
            guard case .string(let words)? = part["text"] else {
                throw .wrongType(key: "content", expected: "text (a part is an image or something else)")
            }
            text += words
        }
        return .string(text)
    }

    /// OpenAI writes the arguments of a call as JSON text; templates are made for the object.
    private static func withParsedArguments(_ call: TemplateValue) -> TemplateValue {
        guard case .dict(var entries) = call else { return call }
        let key = "function"
        if case .dict(var function)? = entries[key], case .string(let text)? = function["arguments"],
            let arguments = try? TemplateValue(json: text.utf8), case .dict = arguments
        {
            function["arguments"] = arguments
            entries[key] = .dict(function)
        }
        return .dict(entries)
    }
}

/// ShareGPT's form.
extension RowFields {
    private static let roles: [String: String] = [
        "human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant", "chatgpt": "assistant",
        "bing": "assistant", "bard": "assistant", "model": "assistant", "system": "system", "tool": "tool",
        "observation": "tool", "function_call": "function_call",
    ]

    private func sharegpt() throws(RowProblem) -> Conversation {
        Conversation(messages: try sharegptMessages(), tools: try tools())
    }

    private func sharegptMessages() throws(RowProblem) -> [TemplateValue] {
        let key = value("conversations") == nil ? "conversation" : "conversations"
        guard let items = try list(key), !items.isEmpty else {
            throw .missing(key: "conversations")
        }
        var messages: [TemplateValue] = []
        if let system = try text("system"), !system.isEmpty { messages.append(Self.message("system", system)) }
        for item in items { messages.append(try Self.sharegpt(item)) }
        return messages
    }

    private static func sharegpt(_ item: TemplateValue) throws(RowProblem) -> TemplateValue {
        // Some files of this form have OpenAI's keys inside.
        if item["role"] != nil { return try openAI(item).message }
        guard case .string(let from)? = item["from"] else { throw .missing(key: "from") }
        guard case .string(let value)? = item["value"] else { throw .missing(key: "value") }
        guard let role = roles[from.lowercased()] else { throw .roles("\"\(from)\" is no known speaker") }
        guard role == "function_call" else { return message(role, value) }
        let calls: [TemplateValue]
        switch try? TemplateValue(json: value.utf8) {
        case .list(let several)?: calls = several
        case .dict(let one)?: calls = [.dict(one)]
        default: throw .wrongType(key: "function_call", expected: "JSON with name and arguments")
        }
        return .dict([
            ("role", "assistant"), ("content", ""),
            ("tool_calls", .list(calls.map { .dict([("type", "function"), ("function", $0)]) })),
        ])
    }
}
