import FoundationEssentials
import GRDB
import Text

/// Documents and passages in SQLite. Building is here, searching in `SQLitePassageStore+Search.swift`.
struct SQLitePassageStore: PassageStore {
    let writer: any DatabaseWriter

    func beginVersion(index name: String, cutter: String, vectorSpace: String?) async throws -> IndexVersion {
        guard ObjectName.isValid(name) else { throw StorageError.badName(kind: "index", name: name) }
        let now = Timestamp.now()
        return try await writer.write { db in
            let index = try Self.indexID(name, db) ?? Self.createIndex(name, db)
            // What a killed build left is not wanted as a version; its documents are, and are claimed again.
            try db.execute(
                sql: "DELETE FROM index_version WHERE index_id = ? AND state = 'building'", arguments: [index])
            try db.execute(
                sql: """
                    INSERT INTO index_version (index_id, state, cutter, vector_space, started_at)
                    VALUES (?, 'building', ?, ?, ?)
                    """, arguments: [index, cutter, vectorSpace, now])
            return IndexVersion(id: db.lastInsertedRowID, index: name, cutter: cutter, vectorSpace: vectorSpace)
        }
    }

    func claimDocuments(_ keys: [DocumentKey], for version: IndexVersion) async throws -> [Bool] {
        try await writer.write { db in
            let index = try Self.buildingIndex(of: version, db)
            var found: [Bool] = []
            for key in keys {
                let id = try Int64.fetchOne(
                    db, sql: "SELECT id FROM document WHERE index_id = ? AND record = ? AND fingerprint = ?",
                    arguments: [index, key.record, key.fingerprint])
                found.append(id != nil)
                if let id { try Self.join(document: id, version: version.id, db) }
            }
            return found
        }
    }

    func addDocuments(_ documents: [DocumentDraft], to version: IndexVersion) async throws {
        try await writer.write { db in
            let index = try Self.buildingIndex(of: version, db)
            for draft in documents {
                // Added twice (a repeated batch) is the same as added once.
                let old = try Int64.fetchOne(
                    db, sql: "SELECT id FROM document WHERE index_id = ? AND record = ? AND fingerprint = ?",
                    arguments: [index, draft.document.record, draft.fingerprint])
                let id = try old ?? Self.insert(draft, index: index, db)
                try Self.join(document: id, version: version.id, db)
            }
        }
    }

    func activate(_ version: IndexVersion) async throws -> IndexSummary {
        let now = Timestamp.now()
        return try await writer.write { db in
            let index = try Self.buildingIndex(of: version, db)
            let old = try Int64.fetchOne(
                db, sql: "SELECT active_version FROM knowledge_index WHERE id = ?", arguments: [index])
            let table = FullTextTable(index: index)
            if let old { try table.remove(inVersion: old, butNotIn: version.id, db) }
            try table.add(inVersion: version.id, butNotIn: old, db)
            try db.execute(
                sql: """
                    DELETE FROM index_version WHERE index_id = :index AND state = 'previous';
                    UPDATE index_version SET state = 'previous' WHERE index_id = :index AND state = 'active';
                    """, arguments: ["index": index])
            try db.execute(
                sql: """
                    UPDATE index_version SET state = 'active', activated_at = :now,
                        documents = (SELECT count(*) FROM version_document WHERE version_id = :version),
                        passages = (SELECT count(*) FROM passage p JOIN version_document v
                            ON v.document_id = p.document_id WHERE v.version_id = :version),
                        terms = (SELECT coalesce(sum(term_count), 0) FROM passage p JOIN version_document v
                            ON v.document_id = p.document_id WHERE v.version_id = :version)
                    WHERE id = :version
                    """, arguments: ["now": now, "version": version.id])
            try db.execute(
                sql: "UPDATE knowledge_index SET active_version = ? WHERE id = ?", arguments: [version.id, index])
            try db.execute(
                sql: """
                    DELETE FROM document WHERE index_id = ?
                    AND NOT EXISTS (SELECT 1 FROM version_document v WHERE v.document_id = document.id)
                    """, arguments: [index])
            guard let summary = try Self.summary(version.index, db) else {
                throw StorageError.notFound(kind: "index", name: version.index)
            }
            return summary
        }
    }

    func removeIndex(named name: String) async throws -> Bool {
        try await writer.write { db in
            guard let index = try Self.indexID(name, db) else { return false }
            try FullTextTable(index: index).drop(db)
            try db.execute(sql: "DELETE FROM knowledge_index WHERE id = ?", arguments: [index])
            return true
        }
    }

    func saveCalibration(_ json: String?, index name: String) async throws {
        try await writer.write { db in
            try db.execute(
                sql: "UPDATE knowledge_index SET calibration = ? WHERE name = ?", arguments: [json, name])
            if db.changesCount == 0 { throw StorageError.notFound(kind: "index", name: name) }
        }
    }

    func rebuildTerms(index name: String) async throws {
        try await writer.write { db in
            let (index, version) = try Self.active(name, db)
            try FullTextTable(index: index).rebuild(version: version.id, db)
        }
    }

    // MARK: Parts of transactions

    private static func createIndex(_ name: String, _ db: Database) throws -> Int64 {
        try db.execute(sql: "INSERT INTO knowledge_index (name) VALUES (?)", arguments: [name])
        let index = db.lastInsertedRowID
        try FullTextTable(index: index).create(db)
        return index
    }

    /// The index of a version that is still being built; another build may have taken its place meanwhile.
    private static func buildingIndex(of version: IndexVersion, _ db: Database) throws -> Int64 {
        let index = try Int64.fetchOne(
            db, sql: "SELECT index_id FROM index_version WHERE id = ? AND state = 'building'",
            arguments: [version.id])
        guard let index else {
            throw StorageError.notFound(kind: "unfinished index version", name: "\(version.index) \(version.id)")
        }
        return index
    }

    private static func join(document: Int64, version: Int64, _ db: Database) throws {
        try db.execute(
            sql: "INSERT OR IGNORE INTO version_document (version_id, document_id) VALUES (?, ?)",
            arguments: [version, document])
    }

    private static func insert(_ draft: DocumentDraft, index: Int64, _ db: Database) throws -> Int64 {
        let document = draft.document
        try db.execute(
            sql: """
                INSERT INTO document
                    (index_id, record, fingerprint, path, part, title, date, date_source, kind, text)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                index, document.record, draft.fingerprint, document.path, document.part, document.title,
                document.date, document.dateSource, document.kind, draft.text,
            ])
        let id = db.lastInsertedRowID
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO passage (document_id, ordinal, start, length, heading, lead, text, hash,
                    heading_terms, body_terms, term_count)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """)
        for (ordinal, passage) in draft.passages.enumerated() {
            try statement.execute(arguments: [
                id, ordinal, passage.start, passage.length, passage.heading, passage.lead, passage.text,
                passage.hash, TermQuery.column(passage.headingTerms), TermQuery.column(passage.bodyTerms),
                passage.headingTerms.count + passage.bodyTerms.count,
            ])
            guard let vectors = passage.vectors else { continue }
            try db.execute(
                sql: "INSERT INTO passage_vector (passage_id, vector, sentences) VALUES (?, ?, ?)",
                arguments: [db.lastInsertedRowID, Data(vectors.passage), Data(vectors.sentences)])
        }
        return id
    }
}
