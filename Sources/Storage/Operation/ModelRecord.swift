import Foundation
import GRDB

/// A model file or folder that this home can serve, with where it comes from.
public struct ModelRecord: Codable, Sendable, Equatable {
    /// The name by which commands and API clients ask for it.
    public var name: String
    /// Path of the file or folder; relative paths are below the home.
    public var path: String
    /// SHA-256 of the file in hex; empty for a folder.
    public var sha256: String
    /// Size of the file.
    public var bytes: Int64
    /// The licence under which it was published.
    public var licence: String
    /// Address, wheel or disk that it was taken from.
    public var origin: String

    /// Makes the value from its parts.
    public init(
        name: String, path: String, sha256: String = "", bytes: Int64 = 0, licence: String = "", origin: String = ""
    ) {
        self.name = name
        self.path = path
        self.sha256 = sha256
        self.bytes = bytes
        self.licence = licence
        self.origin = origin
    }
}

/// The models of a home.
public protocol ModelRepository: Sendable {
    /// Stores a model under its name, in place of an older one of that name.
    func save(_ model: ModelRecord) async throws
    /// The model of a name.
    func model(named name: String) async throws -> ModelRecord?
    /// All models by name.
    func allModels() async throws -> [ModelRecord]
    /// Forgets the record (not the file). False when there was none.
    func removeModel(named name: String) async throws -> Bool
}

struct SQLiteModels: ModelRepository {
    let writer: any DatabaseWriter

    func save(_ model: ModelRecord) async throws {
        guard !model.name.isEmpty else {
            throw StorageError.invalidValue(field: "model.name", expected: "not empty", actual: "empty")
        }
        let now = Timestamp.now()
        try await writer.write { db in
            try db.execute(
                sql: """
                    INSERT INTO model (name, path, sha256, bytes, licence, origin, added_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT (name) DO UPDATE SET path = excluded.path, sha256 = excluded.sha256,
                        bytes = excluded.bytes, licence = excluded.licence, origin = excluded.origin
                    """,
                arguments: [
                    model.name, model.path, model.sha256, model.bytes, model.licence, model.origin, now,
                ])
        }
    }

    func model(named name: String) async throws -> ModelRecord? {
        try await writer.read {
            try Row.fetchOne($0, sql: "SELECT * FROM model WHERE name = ?", arguments: [name]).map(Self.model)
        }
    }

    func allModels() async throws -> [ModelRecord] {
        try await writer.read { try Row.fetchAll($0, sql: "SELECT * FROM model ORDER BY name").map(Self.model) }
    }

    func removeModel(named name: String) async throws -> Bool {
        try await writer.write { db in
            try db.execute(sql: "DELETE FROM model WHERE name = ?", arguments: [name])
            return db.changesCount > 0
        }
    }

    private static func model(_ row: Row) -> ModelRecord {
        ModelRecord(
            name: row["name"], path: row["path"], sha256: row["sha256"], bytes: row["bytes"],
            licence: row["licence"], origin: row["origin"])
    }
}

/// Points in time as they are stored: ISO 8601 in UTC, so that text order is time order.
enum Timestamp {
    static func now() -> String {
        Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}
