public import ChatTemplates

extension DatasetExample {
    /// What a row of this form says.
    ///
    /// - Parameter vocabulary: how many ids there are; nil where any id is taken.
    public init(_ row: TemplateDictionary, form: DatasetForm, vocabulary: Int?) throws(RowProblem) {
        let fields = RowFields(entries: row)
        switch form {
        case .ids: self = .row(try fields.idRow(vocabulary: vocabulary))
        case .preferenceIDs: self = .pair(try fields.idPair(vocabulary: vocabulary))
        case .judgedIDs: self = .judgedIDs(try fields.idJudgement(vocabulary: vocabulary))
        case .text: self = .text(try fields.required("text"))
        case .messages, .sharegpt, .alpaca, .queryResponse:
            self = .conversation(try Self.checked(try fields.conversation(form)))
        case .promptCompletion:
            switch try Self.answered(fields, answer: "completion") {
            case .conversation(let conversation): self = .conversation(conversation)
            case .completion(let prompt, let completion): self = .completion(prompt: prompt, completion: completion)
            }
        case .preference:
            let rejected = fields.value("rejected") == nil ? "rejected_response" : "rejected"
            self = .preference(
                chosen: try Self.answered(fields, answer: "chosen"),
                rejected: try Self.answered(fields, answer: rejected))
        case .judged: self = .judged(try Self.judged(row, fields), isWanted: try fields.judgement())
        }
    }

    private static func checked(_ conversation: Conversation) throws(RowProblem) -> Conversation {
        try conversation.checkRoles()
        return conversation
    }

    private static func judged(_ row: TemplateDictionary, _ fields: RowFields) throws(RowProblem) -> Answered {
        guard let form = DatasetForm.supervised(row), form != .text else { throw .missing(key: "completion") }
        if form == .promptCompletion { return try answered(fields, answer: "completion") }
        return .conversation(lastTrained(try checked(try fields.conversation(form))))
    }

    /// The prompt of a row with the answer under a key. Strings under `prompt` alone are plain text, everything else
    /// is a conversation. Of a conversation only what the answer brings is trained.
    private static func answered(_ fields: RowFields, answer key: String) throws(RowProblem) -> Answered {
        let isPlain =
            fields.value("messages") == nil && fields.value("conversations") == nil
            && fields.value("conversation") == nil && fields.value("instruction") == nil
            && fields.value("query") == nil && fields.value("question") == nil && fields.value("system") == nil
        if isPlain, case .string(let prompt)? = fields.value("prompt"), case .string(let answer)? = fields.value(key) {
            guard !prompt.isEmpty else { throw .missing(key: "prompt") }
            guard !answer.isEmpty else { throw .missing(key: key) }
            return .completion(prompt: prompt, completion: answer)
        }
        // OpenAI's messages with a rejected response hold the chosen one as their last message.
        if fields.value("rejected_response") != nil, key == "chosen" {
            return .conversation(lastTrained(try checked(try fields.conversation(.messages))))
        }
        var prompt: [TemplateValue] = []
        let answer = try fields.answerMessages(key)
        let isWhole = answer.first.map { ["user", "system"].contains(Conversation.role(of: $0)) } ?? false
        if !isWhole {
            prompt = try fields.promptMessages()
            if key == "rejected_response" { prompt = prompt.dropLast() }
        }
        let trained = isWhole ? answer.count - 1 : prompt.count
        let messages = prompt + answer
        let conversation = Conversation(
            messages: messages, tools: try fields.tools(),
            isTrained: messages.indices.map { $0 >= trained && Conversation.role(of: messages[$0]) == "assistant" })
        return .conversation(try checked(conversation))
    }

    private static func lastTrained(_ conversation: Conversation) -> Conversation {
        var conversation = conversation
        let last = conversation.messages.indices.last
        conversation.isTrained = conversation.messages.indices.map { $0 == last }
        return conversation
    }
}
