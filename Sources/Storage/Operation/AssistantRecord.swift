import Foundation
import GRDB
import Text

/// What a company configures as one assistant. It appears as a model name to API clients.
public struct AssistantRecord: Codable, Sendable, Equatable {
    /// The model name that clients use.
    public var name: String
    /// What people see.
    public var title: String
    /// The model that writes: a name in the model repository.
    public var model: String
    /// The index that it answers from, or nil for a plain chat.
    public var knowledge: String?
    /// The company's own system text.
    public var systemText: String
    /// Name of the prompt style; empty takes the default.
    public var style: String
    /// Limits and thresholds.
    public var settings: AssistantSettings

    /// Makes the value from its parts.
    public init(
        name: String, title: String = "", model: String, knowledge: String? = nil, systemText: String = "",
        style: String = "", settings: AssistantSettings = AssistantSettings()
    ) {
        self.name = name
        self.title = title
        self.model = model
        self.knowledge = knowledge
        self.systemText = systemText
        self.style = style
        self.settings = settings
    }
}

/// Limits, thresholds and the adapter of an assistant; nil takes the default, or what the index was calibrated to.
public struct AssistantSettings: Codable, Sendable, Equatable {
    /// Evidence below which nothing counts as found, 0…1.
    public var threshold: Double?
    /// Passages that are given to the model.
    public var passages: Int?
    /// Characters of passages that are given to the model.
    public var passageCharacters: Int?
    /// Tokens that an answer may have.
    public var answerTokens: Int?
    /// Whether the best sentence of the best passage may be quoted when the model's answer does not hold.
    public var quotesWhenUnsupported: Bool?
    /// What people are told to call when nothing was found.
    public var hotline: String?
    /// Whether the model was tuned to refuse, so that its own refusal counts.
    public var trustsRefusals: Bool?
    /// What is laid beside the model that writes: a folder, or a name below `adapters/` of the home; nil for none.
    public var adapter: String?

    /// Makes the value from its parts.
    public init(
        threshold: Double? = nil, passages: Int? = nil, passageCharacters: Int? = nil, answerTokens: Int? = nil,
        quotesWhenUnsupported: Bool? = nil, hotline: String? = nil, adapter: String? = nil,
        trustsRefusals: Bool? = nil
    ) {
        self.trustsRefusals = trustsRefusals
        self.adapter = adapter
        self.threshold = threshold
        self.passages = passages
        self.passageCharacters = passageCharacters
        self.answerTokens = answerTokens
        self.quotesWhenUnsupported = quotesWhenUnsupported
        self.hotline = hotline
    }
}

/// The assistants of a home.
public protocol AssistantRepository: Sendable {
    /// Stores an assistant under its name, in place of an older one of that name.
    func save(_ assistant: AssistantRecord) async throws
    /// The assistant of a name.
    func assistant(named name: String) async throws -> AssistantRecord?
    /// All assistants by name.
    func allAssistants() async throws -> [AssistantRecord]
    /// Removes it. False when there was none.
    func removeAssistant(named name: String) async throws -> Bool
}

struct SQLiteAssistants: AssistantRepository {
    let writer: any DatabaseWriter

    func save(_ assistant: AssistantRecord) async throws {
        guard ObjectName.isValid(assistant.name) else {
            throw StorageError.badName(kind: "assistant", name: assistant.name)
        }
        guard !assistant.model.isEmpty else {
            throw StorageError.invalidValue(field: "assistant.model", expected: "a model's name", actual: "empty")
        }
        let settings = String(decoding: try JSONEncoder.stable.encode(assistant.settings), as: UTF8.self)
        let now = Timestamp.now()
        try await writer.write { db in
            try db.execute(
                sql: """
                    INSERT INTO assistant (name, title, model, knowledge, system_text, style, settings, created_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (name) DO UPDATE SET title = excluded.title, model = excluded.model,
                        knowledge = excluded.knowledge, system_text = excluded.system_text,
                        style = excluded.style, settings = excluded.settings
                    """,
                arguments: [
                    assistant.name, assistant.title, assistant.model, assistant.knowledge, assistant.systemText,
                    assistant.style, settings, now,
                ])
        }
    }

    func assistant(named name: String) async throws -> AssistantRecord? {
        try await writer.read {
            try Row.fetchOne($0, sql: "SELECT * FROM assistant WHERE name = ?", arguments: [name])
                .map(Self.assistant)
        }
    }

    func allAssistants() async throws -> [AssistantRecord] {
        try await writer.read {
            try Row.fetchAll($0, sql: "SELECT * FROM assistant ORDER BY name").map(Self.assistant)
        }
    }

    func removeAssistant(named name: String) async throws -> Bool {
        try await writer.write { db in
            try db.execute(sql: "DELETE FROM assistant WHERE name = ?", arguments: [name])
            return db.changesCount > 0
        }
    }

    private static func assistant(_ row: Row) throws -> AssistantRecord {
        let settings: String = row["settings"]
        return AssistantRecord(
            name: row["name"], title: row["title"], model: row["model"], knowledge: row["knowledge"],
            systemText: row["system_text"], style: row["style"],
            settings: try JSONDecoder().decode(AssistantSettings.self, from: Data(settings.utf8)))
    }
}

extension JSONEncoder {
    /// Keys in a fixed order, so that the same value is the same text.
    static var stable: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}
