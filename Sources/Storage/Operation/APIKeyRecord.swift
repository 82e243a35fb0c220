import GRDB

/// An API key as it is kept: never the key itself, only its SHA-256.
public struct APIKeyRecord: Codable, Sendable, Equatable {
    /// Its number or name.
    public var id: Int64
    /// SHA-256 of the key, 64 hex digits.
    public var hash: String
    /// The first characters of the key, for people to tell keys apart.
    public var prefix: String
    /// What people call it.
    public var label: String
    /// ISO 8601, UTC.
    public var createdAt: String
    /// When it was revoked; nil while it is good.
    public var revokedAt: String?

    /// Makes the value from its parts.
    public init(
        id: Int64, hash: String, prefix: String, label: String, createdAt: String, revokedAt: String? = nil
    ) {
        self.id = id
        self.hash = hash
        self.prefix = prefix
        self.label = label
        self.createdAt = createdAt
        self.revokedAt = revokedAt
    }
}

/// The API keys of a home.
public protocol APIKeyRepository: Sendable {
    /// Stores a new key's hash. `prefix` is at most 12 characters, so that a key cannot be stored by mistake.
    func addKey(hash: String, prefix: String, label: String) async throws -> APIKeyRecord
    /// The key with this hash, if it is not revoked.
    func activeKey(hash: String) async throws -> APIKeyRecord?
    /// All keys, revoked ones too, oldest first.
    func allKeys() async throws -> [APIKeyRecord]
    /// Revokes a key. False when there is none of that number, or it was revoked before.
    func revokeKey(id: Int64) async throws -> Bool
}

struct SQLiteAPIKeys: APIKeyRepository {
    let writer: any DatabaseWriter

    func addKey(hash: String, prefix: String, label: String) async throws -> APIKeyRecord {
        guard hash.utf8.count == 64, hash.utf8.allSatisfy(\.isLowercaseHexDigit) else {
            throw StorageError.invalidValue(
                field: "hash", expected: "64 lower-case hex digits", actual: "\(hash.utf8.count) characters")
        }
        guard prefix.count <= 12 else {
            throw StorageError.invalidValue(
                field: "prefix", expected: "at most 12 characters", actual: "\(prefix.count) characters")
        }
        let now = Timestamp.now()
        return try await writer.write { db in
            try db.execute(
                sql: "INSERT INTO api_key (hash, prefix, label, created_at) VALUES (?, ?, ?, ?)",
                arguments: [hash, prefix, label, now])
            return APIKeyRecord(id: db.lastInsertedRowID, hash: hash, prefix: prefix, label: label, createdAt: now)
        }
    }

    func activeKey(hash: String) async throws -> APIKeyRecord? {
        try await writer.read {
            try Row.fetchOne(
                $0, sql: "SELECT * FROM api_key WHERE hash = ? AND revoked_at IS NULL", arguments: [hash]
            ).map(Self.key)
        }
    }

    func allKeys() async throws -> [APIKeyRecord] {
        try await writer.read { try Row.fetchAll($0, sql: "SELECT * FROM api_key ORDER BY id").map(Self.key) }
    }

    func revokeKey(id: Int64) async throws -> Bool {
        let now = Timestamp.now()
        return try await writer.write { db in
            try db.execute(
                sql: "UPDATE api_key SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", arguments: [now, id])
            return db.changesCount > 0
        }
    }

    private static func key(_ row: Row) -> APIKeyRecord {
        APIKeyRecord(
            id: row["id"], hash: row["hash"], prefix: row["prefix"], label: row["label"],
            createdAt: row["created_at"], revokedAt: row["revoked_at"])
    }
}

extension UInt8 {
    fileprivate var isLowercaseHexDigit: Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
    }
}
