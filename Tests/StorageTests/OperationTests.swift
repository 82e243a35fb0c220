import Storage
import Testing

/// Models, assistants, keys and conversations.
struct OperationTests {
    @Test func modelsAndAssistantsAreReplacedByName() async throws {
        let database = try PalletDatabase.inMemory()
        var model = ModelRecord(name: "qwen", path: "models/a.gguf", sha256: "00", bytes: 5, licence: "Apache-2.0")
        try await database.models.save(model)
        model.path = "models/b.gguf"
        try await database.models.save(model)
        #expect(try await database.models.allModels() == [model])
        #expect(try await database.models.removeModel(named: "qwen"))
        #expect(try await database.models.removeModel(named: "qwen") == false)

        let assistant = AssistantRecord(
            name: "helper", title: "客服", model: "qwen", knowledge: "company", systemText: "你是客服", style: "examples",
            settings: AssistantSettings(
                threshold: 0.4, passages: 3, quotesWhenUnsupported: false, hotline: "400",
                adapter: "adapters/tone"))
        try await database.assistants.save(assistant)
        try await database.assistants.save(assistant)
        #expect(try await database.assistants.allAssistants() == [assistant])
        await #expect(throws: StorageError.self) {
            try await database.assistants.save(AssistantRecord(name: "", model: "qwen"))
        }
    }

    @Test func onlyHashesOfKeysAreTaken() async throws {
        let database = try PalletDatabase.inMemory()
        let hash = String(repeating: "0a", count: 32)
        await #expect(throws: StorageError.self) {
            try await database.apiKeys.addKey(hash: "sk-secret", prefix: "sk-s", label: "")
        }
        await #expect(throws: StorageError.self) {
            try await database.apiKeys.addKey(hash: hash, prefix: "sk-the-whole-secret-key", label: "")
        }
        let key = try await database.apiKeys.addKey(hash: hash, prefix: "sk-abcd", label: "web")
        #expect(try await database.apiKeys.activeKey(hash: hash) == key)
        await #expect(throws: (any Error).self) {
            try await database.apiKeys.addKey(hash: hash, prefix: "sk-abcd", label: "again")
        }
        #expect(try await database.apiKeys.revokeKey(id: key.id))
        #expect(try await database.apiKeys.revokeKey(id: key.id) == false)
        #expect(try await database.apiKeys.activeKey(hash: hash) == nil)
        #expect(try await database.apiKeys.allKeys().map(\.label) == ["web"])
    }

    @Test func conversationsKeepTheirCitations() async throws {
        let database = try PalletDatabase.inMemory()
        let conversations = database.conversations
        let begun = try await conversations.beginConversation(id: "c1", assistant: "helper", title: "押金")
        #expect(try await conversations.beginConversation(id: "c1", assistant: "other", title: "") == begun)
        let citation = StoredCitation(
            document: "rules/deposit.md", record: "r", title: "押金", date: "2026-01-01", passageHash: "ab", start: 3,
            length: 2, text: "全免")
        _ = try await conversations.appendMessages(
            [
                ConversationMessage(role: "user", text: "押金多少？"),
                ConversationMessage(role: "assistant", text: "全免", citations: [citation]),
            ], to: "c1")
        _ = try await conversations.appendMessages([ConversationMessage(role: "user", text: "谢谢")], to: "c1")
        let messages = try await conversations.messages(of: "c1")
        #expect(messages.map(\.ordinal) == [0, 1, 2])
        #expect(messages[1].citations == [citation])
        await #expect(throws: StorageError.notFound(kind: "conversation", name: "c2")) {
            try await conversations.appendMessages([ConversationMessage(role: "user", text: "x")], to: "c2")
        }
        #expect(try await conversations.deleteConversation(id: "c1"))
        #expect(try await conversations.messages(of: "c1").isEmpty)
        #expect(try await conversations.recentConversations(limit: 5).isEmpty)
    }
}
