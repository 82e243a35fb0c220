import Foundation
import GRDB

struct SQLiteConversations: ConversationRepository {
    let writer: any DatabaseWriter

    func beginConversation(id: String, assistant: String, title: String) async throws -> Conversation {
        guard !id.isEmpty, id.utf8.count <= 200 else {
            throw StorageError.invalidValue(
                field: "conversation.id", expected: "1 to 200 bytes", actual: "\(id.utf8.count) bytes")
        }
        let now = Timestamp.now()
        return try await writer.write { db in
            try db.execute(
                sql: """
                    INSERT INTO conversation (id, assistant, title, created_at, updated_at) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (id) DO NOTHING
                    """, arguments: [id, assistant, title, now, now])
            guard let stored = try Self.conversation(id, db) else {
                throw StorageError.notFound(kind: "conversation", name: id)
            }
            return stored
        }
    }

    func appendMessages(_ messages: [ConversationMessage], to id: String) async throws -> [ConversationMessage] {
        let now = Timestamp.now()
        let citations = try messages.map {
            String(decoding: try JSONEncoder.stable.encode($0.citations), as: UTF8.self)
        }
        return try await writer.write { db in
            guard try Self.conversation(id, db) != nil else {
                throw StorageError.notFound(kind: "conversation", name: id)
            }
            var next =
                try Int.fetchOne(
                    db, sql: "SELECT max(ordinal) + 1 FROM message WHERE conversation_id = ?", arguments: [id]) ?? 0
            var stored: [ConversationMessage] = []
            for (message, citations) in zip(messages, citations) {
                var numbered = message
                numbered.ordinal = next
                numbered.createdAt = now
                try db.execute(
                    sql: """
                        INSERT INTO message (conversation_id, ordinal, role, text, citations, created_at)
                        VALUES (?, ?, ?, ?, ?, ?)
                        """, arguments: [id, next, message.role, message.text, citations, now])
                stored.append(numbered)
                next += 1
            }
            try db.execute(sql: "UPDATE conversation SET updated_at = ? WHERE id = ?", arguments: [now, id])
            return stored
        }
    }

    func conversation(id: String) async throws -> Conversation? {
        try await writer.read { try Self.conversation(id, $0) }
    }

    func messages(of id: String) async throws -> [ConversationMessage] {
        try await writer.read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM message WHERE conversation_id = ? ORDER BY ordinal", arguments: [id]
            ).map { row in
                let citations: String = row["citations"]
                return ConversationMessage(
                    ordinal: row["ordinal"], role: row["role"], text: row["text"],
                    citations: try JSONDecoder().decode([StoredCitation].self, from: Data(citations.utf8)),
                    createdAt: row["created_at"])
            }
        }
    }

    func recentConversations(limit: Int) async throws -> [Conversation] {
        try await writer.read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM conversation ORDER BY updated_at DESC, id LIMIT ?",
                arguments: [max(0, limit)]
            ).map(Self.conversation)
        }
    }

    func deleteConversation(id: String) async throws -> Bool {
        try await writer.write { db in
            try db.execute(sql: "DELETE FROM conversation WHERE id = ?", arguments: [id])
            return db.changesCount > 0
        }
    }

    private static func conversation(_ id: String, _ db: Database) throws -> Conversation? {
        try Row.fetchOne(db, sql: "SELECT * FROM conversation WHERE id = ?", arguments: [id]).map(conversation)
    }

    private static func conversation(_ row: Row) -> Conversation {
        Conversation(
            id: row["id"], assistant: row["assistant"], title: row["title"], createdAt: row["created_at"],
            updatedAt: row["updated_at"])
    }
}
