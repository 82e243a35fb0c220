/// Why one row of a data file cannot be trained on.
public enum RowProblem: Error, Equatable, Sendable {
    /// The line is no JSON, or no UTF-8.
    case notJSON(String)
    /// A JSON value other than an object.
    case notAnObject
    /// More bytes than a row may have.
    case tooLarge(limit: Int)
    /// A row of a table with more or fewer cells than its header, or with a quote that does not end.
    case badTableRow(String)
    /// None of the forms that are known has these keys.
    case unknownForm(keys: [String])
    /// A key that this form needs is not there, or empty.
    case missing(key: String)
    /// A value of another type.
    case wrongType(key: String, expected: String)
    /// `labels` or `position_ids` have another length than `input_ids`.
    case unequalLengths(key: String, expected: Int, actual: Int)
    /// A token id outside the vocabulary.
    case idOutsideVocabulary(key: String, id: Int, count: Int)
    /// Positions that neither count up nor restart at 0.
    case badPosition(index: Int, expected: Int, actual: Int)
    /// Roles in an order that is no conversation.
    case roles(String)
    /// The model has no chat template.
    case noChatTemplate
    /// The template refuses the conversation.
    case template(String)
    /// The answer cannot be found in what the template writes, or is changed by it.
    case answerNotRendered(message: Int, reason: String)
    /// After an answer the template writes no token that ends the model's turn.
    case noStopToken(message: Int)
    /// The token that ends an answer would not be trained: the model would never stop.
    case stopTokenMasked(message: Int)
    /// The vocabulary names no token that ends a text.
    case noEndOfText
    /// Nothing in the row is trained.
    case nothingSupervised
    /// More tokens than the context has.
    case tooLong(tokens: Int, context: Int)
    /// The two answers of a pair follow different prompts once they are rendered.
    case promptsDiffer
    /// A pair whose answers are the same: nothing is to be learned from it.
    case answersEqual
    /// A prompt, an answer or a text without any token.
    case empty(key: String)
}

extension RowProblem: CustomStringConvertible {
    /// What is wrong, and what to do.
    public var description: String {
        switch self {
        case .notJSON(let reason): "not JSON: \(reason)"
        case .notAnObject: "a JSON value that is no object; expected {…}"
        case .tooLarge(let limit): "longer than \(limit) bytes: split it"
        case .badTableRow(let reason): "table row: \(reason)"
        case .unknownForm(let keys):
            "no known form has the keys \(keys.joined(separator: ", ")); known are messages, conversations, instruction + "
                + "output, query + response, prompt + completion, text, prompt + chosen + rejected, input_ids + labels"
        case .missing(let key): "\"\(key)\" is missing or empty"
        case .wrongType(let key, let expected): "\"\(key)\" is not \(expected)"
        case .unequalLengths(let key, let expected, let actual):
            "\"\(key)\" has \(actual) values, \"input_ids\" has \(expected)"
        case .idOutsideVocabulary(let key, let id, let count):
            "\"\(key)\" has the id \(id), the vocabulary has 0 to \(count - 1): the row was made for another model"
        case .badPosition(let index, let expected, let actual):
            "\"position_ids\" has \(actual) at place \(index), expected \(expected) or a restart at 0"
        case .roles(let reason): "roles: \(reason)"
        case .noChatTemplate:
            "the model has no chat template: use the forms text or prompt + completion, or a model with one"
        case .template(let reason): "the chat template refuses it: \(reason)"
        case .answerNotRendered(let message, let reason):
            "message \(message + 1), an answer, is not found in the rendered conversation: \(reason)"
        case .noStopToken(let message):
            "after message \(message + 1) the chat template writes no token that ends the turn: the model would not stop"
        case .stopTokenMasked(let message):
            "the stop token after message \(message + 1) is not trained: the model would not stop"
        case .noEndOfText: "the vocabulary names no end-of-text token: the model would not stop"
        case .nothingSupervised: "nothing in the row is trained"
        case .tooLong(let tokens, let context):
            "\(tokens) tokens, the context has \(context): make it shorter, or cut it (--cut, --split)"
        case .promptsDiffer: "the template renders the prompt differently for the chosen and the rejected answer"
        case .answersEqual: "the chosen and the rejected answer are the same"
        case .empty(let key): "\"\(key)\" has no tokens"
        }
    }
}
