public import ChatTemplates

/// The forms in which rows come, known by their keys.
public enum DatasetForm: String, Sendable, CaseIterable {
    /// `input_ids`, `labels`, perhaps `position_ids`.
    case ids
    /// `messages` as in an OpenAI request, perhaps `tools`.
    case messages
    /// `conversations` of `from` and `value`, perhaps `system` and `tools`.
    case sharegpt
    /// `instruction`, `output`, perhaps `input`, `system`, `history`.
    case alpaca
    /// `query` (or `question`, `prompt`) and `response` (or `answer`), perhaps `system` and `history`.
    case queryResponse = "query-response"
    /// `prompt` and `completion`: strings, or lists of messages.
    case promptCompletion = "prompt-completion"
    /// `text`.
    case text
    /// `prompt_ids`, `chosen_ids`, `rejected_ids`.
    case preferenceIDs = "preference-ids"
    /// `chosen` and `rejected` behind a prompt in any of the forms above.
    case preference
    /// `prompt_ids`, `completion_ids`, `label`.
    case judgedIDs = "judged-ids"
    /// A prompt and an answer in any of the forms above with a boolean `label` or `kto_tag`.
    case judged

    /// What a row becomes.
    public enum Kind: String, Sendable {
        /// Rows of tokens and labels.
        case rows
        /// Preference pairs.
        case pairs
        /// Judged completions.
        case judged = "judged completions"
    }

    /// What rows of this form become.
    public var kind: Kind {
        switch self {
        case .ids, .messages, .sharegpt, .alpaca, .queryResponse, .promptCompletion, .text: .rows
        case .preferenceIDs, .preference: .pairs
        case .judgedIDs, .judged: .judged
        }
    }

    /// The form of a row, or nil where no form has its keys.
    public init?(keysOf row: TemplateDictionary) {
        func has(_ keys: String...) -> Bool { keys.allSatisfy { row[$0].map { !$0.isNone } ?? false } }
        let judged = ["label", "kto_tag"].contains { row[$0].flatMap(Self.truth) != nil }
        if has("input_ids") {
            self = .ids
        } else if has("prompt_ids", "chosen_ids") || has("prompt_ids", "rejected_ids") {
            self = .preferenceIDs
        } else if has("prompt_ids", "completion_ids") {
            self = .judgedIDs
        } else if has("chosen", "rejected") || has("messages", "rejected_response") {
            self = .preference
        } else if let form = Self.supervised(has: { has($0) }, row) {
            self = judged && form != .text ? .judged : form
        } else {
            return nil
        }
    }

    /// The form of a row without chosen and rejected answers.
    static func supervised(_ row: TemplateDictionary) -> DatasetForm? {
        supervised(has: { key in row[key].map { !$0.isNone } ?? false }, row)
    }

    private static func supervised(has: (String) -> Bool, _ row: TemplateDictionary) -> DatasetForm? {
        if has("messages") { return .messages }
        if has("conversations") || has("conversation") { return .sharegpt }
        if has("instruction"), row["output"] != nil || row["response"] != nil { return .alpaca }
        if has("prompt"), row["completion"] != nil { return .promptCompletion }
        if has("query") || has("question") || has("prompt"), row["response"] != nil || row["answer"] != nil {
            return .queryResponse
        }
        return row["text"] != nil ? .text : nil
    }

    /// A judgement: true or false, or these words in a table.
    static func truth(_ value: TemplateValue) -> Bool? {
        switch value {
        case .bool(let truth): truth
        case .string("true"), .string("True"), .string("TRUE"): true
        case .string("false"), .string("False"), .string("FALSE"): false
        default: nil
        }
    }
}
