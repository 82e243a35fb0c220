import GRDB

/// Single facts of the company as key and value: `name`, `hotline`, `address`, `site`, `categories` (one per line).
public protocol CompanyFactRepository: Sendable {
    /// Sets the given facts in one transaction and leaves the others.
    func setFacts(_ facts: [String: String]) async throws
    /// All facts.
    func allFacts() async throws -> [String: String]
    /// One fact, or nil.
    func fact(_ key: String) async throws -> String?
}

struct SQLiteCompanyFacts: CompanyFactRepository {
    let writer: any DatabaseWriter

    func setFacts(_ facts: [String: String]) async throws {
        try await writer.write { try Self.setFacts(facts, $0) }
    }

    static func setFacts(_ facts: [String: String], _ db: Database) throws {
        for (key, value) in facts.sorted(by: { $0.key < $1.key }) {
            try db.execute(
                sql: """
                    INSERT INTO company_fact (key, value) VALUES (?, ?)
                    ON CONFLICT (key) DO UPDATE SET value = excluded.value
                    """, arguments: [key, value])
        }
    }

    func allFacts() async throws -> [String: String] {
        try await writer.read { db in
            var facts: [String: String] = [:]
            for row in try Row.fetchAll(db, sql: "SELECT key, value FROM company_fact") {
                facts[row["key"]] = row["value"]
            }
            return facts
        }
    }

    func fact(_ key: String) async throws -> String? {
        try await writer.read {
            try String.fetchOne($0, sql: "SELECT value FROM company_fact WHERE key = ?", arguments: [key])
        }
    }
}
