extension ChatTemplate {
    /// Renders a conversation as transformers' `apply_chat_template` does before it tokenizes.
    ///
    /// - Keys of a message whose value is null are dropped.
    /// - `tools` and `documents` are none, not undefined, when they are not given.
    /// - A message's `reasoning_content`, `thinking` or `reasoning` reaches the template under the first two names.
    ///
    /// - Parameters:
    ///   - messages: a list of dictionaries, as in an OpenAI request.
    ///   - tools: a list of tool definitions, or nil.
    ///   - addGenerationPrompt: whether the text ends with what makes the model answer.
    ///   - extra: further variables, such as `bos_token` and `enable_thinking`; they win over the three above.
    ///   - now: what `strftime_now` reads.
    ///   - limits: what the rendering may cost.
    /// - Throws: ``TemplateError``, also where the template refuses the conversation by `raise_exception`.
    public func renderChat(
        messages: TemplateValue, tools: TemplateValue? = nil, addGenerationPrompt: Bool,
        extra: [(String, TemplateValue)] = [], now: TemplateDate, limits: TemplateLimits = .default
    ) throws(TemplateError) -> String {
        var variables: [(String, TemplateValue)] = [
            ("messages", Self.normalized(messages)),
            ("tools", tools ?? .none),
            ("documents", .none),
            ("add_generation_prompt", .bool(addGenerationPrompt)),
        ]
        variables.append(contentsOf: extra)
        return try render(variables, now: now, limits: limits)
    }

    private static func normalized(_ messages: TemplateValue) -> TemplateValue {
        guard case .list(let list) = messages else { return messages }
        return .list(
            list.map { message in
                guard case .dict(let entries) = message else { return message }
                let kept = TemplateDictionary(
                    entries.entries.lazy.filter { !$0.value.isNone }.map { ($0.key, $0.value) })
                let reasoning = kept["reasoning_content"] ?? kept["thinking"] ?? kept["reasoning"]
                guard let reasoning else { return .dict(kept) }
                // What the message does not have itself comes first, which a template that loops over keys can see.
                var named = TemplateDictionary()
                for name in ["reasoning_content", "thinking"] where kept[name] == nil { named[name] = reasoning }
                for entry in kept.entries { named[entry.key] = entry.value }
                return .dict(named)
            })
    }
}
