/// A dialogue to tune a model on: system text, passages with a question, the answer. In the form in which OpenAI's
/// tuning takes dialogues, with fields of its own that trainers do not need.
public struct TuningRow: Codable, Sendable, Equatable {
    /// One turn.
    public struct Message: Codable, Sendable, Equatable {
        /// `system`, `user` or `assistant`.
        public var role: String
        /// What is said.
        public var content: String

        /// Makes the value from its parts.
        public init(role: String, content: String) {
            self.role = role
            self.content = content
        }
    }

    /// The turns; the last one is the answer.
    public var messages: [Message]
    /// What kind of question it is; nil for a row from elsewhere.
    public var kind: TuningRowKind?
    /// Rows of one number show the same passages in the same order and stand beside each other, so that a trainer can
    /// compute their common beginning once.
    public var group: Int?

    /// Makes the value from its parts.
    public init(messages: [Message], kind: TuningRowKind? = nil, group: Int? = nil) {
        self.messages = messages
        self.kind = kind
        self.group = group
    }
}

/// What kind of question a tuning row asks, and where the question comes from.
public enum TuningRowKind: String, Codable, Sendable, CaseIterable {
    /// From the list of known questions.
    case known
    /// A question that stands in a document with its answer.
    case asked
    /// A field of a table or record.
    case field
    /// Two rows of a table beside each other.
    case comparison
    /// An amount, number or duration of a sentence.
    case number
    /// A day or time of a sentence.
    case time
    /// Who does something.
    case person
    /// Whether something may, must or can be.
    case yesNo
    case definition
    case reason
    /// What belongs to a list.
    case list
    /// What a section or paragraph says.
    case topic
    /// Refused: a known question without an answer, or whose answer was not found.
    case knownRefused
    /// Refused: answered by other passages than those shown.
    case elsewhere
    /// Refused: a thing of the passages, asked for what no passage says of it.
    case otherAttribute
    /// Refused: a code, city or year that the passages do not name.
    case otherThing

    /// Whether the answer is the refusal.
    public var isRefusal: Bool {
        switch self {
        case .knownRefused, .elsewhere, .otherAttribute, .otherThing: true
        default: false
        }
    }
}

/// Rows with what was counted on the way.
public struct TuningRows: Sendable {
    /// In order; rows of one group stand beside each other.
    public var rows: [TuningRow]
    /// Rows of each kind.
    public var counts: [TuningRowKind: Int]
    /// How many groups of the same passages there are.
    public var groups: Int
    /// Questions that were left out because a held-out question says the same.
    public var droppedHeldOut: Int
    /// Answers that the assistant's own check would not have let pass.
    public var droppedUnsupported: Int
    /// Questions whose own passage was not found for them.
    public var notFound: Int
    /// Of held-out questions, those whose answer stands in the passages that the model would be shown.
    public var coverage: PassageCoverage?
}
