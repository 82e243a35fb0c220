/// A conversation with an assistant.
public struct Conversation: Codable, Sendable, Equatable {
    /// A name chosen by the caller, unique in the home.
    public var id: String
    /// Name of the assistant.
    public var assistant: String
    /// The title that people see.
    public var title: String
    /// ISO 8601, UTC.
    public var createdAt: String
    /// When the last message came, ISO 8601, UTC.
    public var updatedAt: String

    /// Makes the value from its parts.
    public init(id: String, assistant: String, title: String = "", createdAt: String = "", updatedAt: String = "") {
        self.id = id
        self.assistant = assistant
        self.title = title
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}

/// One message of a conversation.
public struct ConversationMessage: Codable, Sendable, Equatable {
    /// Place in the conversation, from 0.
    public var ordinal: Int
    /// `user` or `assistant`.
    public var role: String
    /// The text itself.
    public var text: String
    /// Its sources.
    public var citations: [StoredCitation]
    /// ISO 8601, UTC.
    public var createdAt: String

    /// Makes the value from its parts.
    public init(
        ordinal: Int = 0, role: String, text: String, citations: [StoredCitation] = [], createdAt: String = ""
    ) {
        self.ordinal = ordinal
        self.role = role
        self.text = text
        self.citations = citations
        self.createdAt = createdAt
    }
}

/// A source as it was when the answer was given: it holds its own text, so that it survives later edits.
public struct StoredCitation: Codable, Sendable, Equatable {
    /// The document's path in the corpus.
    public var document: String
    /// The corpus record.
    public var record: String
    /// The title that people see.
    public var title: String
    /// The document's day, if known.
    public var date: String?
    /// Hash of the passage's text.
    public var passageHash: String
    /// Place in the record's clean text, in Unicode scalars.
    public var start: Int
    /// Its length in Unicode scalars.
    public var length: Int
    /// The text at that place.
    public var text: String

    /// Makes the value from its parts.
    public init(
        document: String, record: String, title: String, date: String? = nil, passageHash: String, start: Int,
        length: Int, text: String
    ) {
        self.document = document
        self.record = record
        self.title = title
        self.date = date
        self.passageHash = passageHash
        self.start = start
        self.length = length
        self.text = text
    }
}

/// The conversations of a home.
public protocol ConversationRepository: Sendable {
    /// Begins a conversation; one of that id that is there already is returned unchanged.
    func beginConversation(id: String, assistant: String, title: String) async throws -> Conversation
    /// Adds messages in one transaction (a question and its answer belong together) and returns them numbered.
    func appendMessages(_ messages: [ConversationMessage], to id: String) async throws -> [ConversationMessage]
    /// The conversation of an id.
    func conversation(id: String) async throws -> Conversation?
    /// Its messages in order.
    func messages(of id: String) async throws -> [ConversationMessage]
    /// The conversations that changed last, newest first.
    func recentConversations(limit: Int) async throws -> [Conversation]
    /// Deletes a conversation with its messages. False when there was none.
    func deleteConversation(id: String) async throws -> Bool
}
