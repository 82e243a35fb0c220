import FoundationEssentials
import GRDB

extension SQLitePassageStore {
    func index(named name: String) async throws -> IndexSummary? {
        try await writer.read { try Self.summary(name, $0) }
    }

    func allIndexes() async throws -> [IndexSummary] {
        try await writer.read { db in
            try String.fetchAll(db, sql: "SELECT name FROM knowledge_index ORDER BY name")
                .compactMap { try Self.summary($0, db) }
        }
    }

    func candidates(index name: String, terms: [String], prefixes: [String], limit: Int) async throws
        -> PassageCandidates
    {
        try await writer.read { db in
            let (index, version) = try Self.active(name, db)
            guard limit > 0, let expression = TermQuery.anyOf(terms, prefixes: prefixes) else {
                return PassageCandidates(version: version, passages: [], frequencies: [:])
            }
            let table = FullTextTable(index: index)
            var passages: [(passage: StoredPassage, score: Double)] = []
            for hit in try table.search(expression, limit: limit, db) {
                let row = try Row.fetchOne(
                    db, sql: Self.passageSelect + " WHERE p.id = ?", arguments: [hit.id])
                if let row { passages.append((Self.passage(row, terms: true), hit.score)) }
            }
            return PassageCandidates(
                version: version, passages: passages, frequencies: try table.frequencies(terms, db))
        }
    }

    func frequencies(index name: String, terms: [String]) async throws -> [String: Int] {
        try await writer.read { db in
            try FullTextTable(index: Self.active(name, db).index).frequencies(terms, db)
        }
    }

    func documents(index name: String) async throws -> [StoredDocument] {
        try await writer.read { db in
            let (_, version) = try Self.active(name, db)
            return try Row.fetchAll(
                db,
                sql: """
                    SELECT d.record, d.path, d.part, d.title, d.date, d.date_source, d.kind FROM document d
                    JOIN version_document v ON v.document_id = d.id WHERE v.version_id = ?
                    ORDER BY d.path, d.part, d.record
                    """, arguments: [version.id]
            ).map(Self.document)
        }
    }

    func documentText(index name: String, record: String) async throws -> String? {
        try await writer.read { db in
            let (_, version) = try Self.active(name, db)
            return try String.fetchOne(
                db,
                sql: """
                    SELECT d.text FROM document d JOIN version_document v ON v.document_id = d.id
                    WHERE v.version_id = ? AND d.record = ?
                    """, arguments: [version.id, record])
        }
    }

    func passages(index name: String, record: String) async throws -> [StoredPassage] {
        try await writer.read { db in
            let (_, version) = try Self.active(name, db)
            return try Row.fetchAll(
                db,
                sql: Self.passageSelect + """
                     JOIN version_document v ON v.document_id = d.id
                    WHERE v.version_id = ? AND d.record = ? ORDER BY p.ordinal
                    """, arguments: [version.id, record]
            ).map { Self.passage($0, terms: true) }
        }
    }

    func passages(index name: String, ids: [Int64]) async throws -> [StoredPassage] {
        guard !ids.isEmpty else { return [] }
        return try await writer.read { db in
            let (_, version) = try Self.active(name, db)
            return try Self.inParts(ids) { part in
                try Row.fetchAll(
                    db,
                    sql: Self.passageSelect + """
                         JOIN version_document v ON v.document_id = d.id
                        WHERE v.version_id = ? AND p.id IN (\(Self.places(part)))
                        """, arguments: [version.id] + StatementArguments(part)
                ).map { Self.passage($0, terms: true) }
            }
        }
    }

    func passageVectors(index name: String) async throws -> (version: IndexVersion, vectors: [(Int64, [UInt8])]) {
        try await writer.read { db in
            let (_, version) = try Self.active(name, db)
            let rows = try Row.fetchCursor(
                db,
                sql: """
                    SELECT v.passage_id, v.vector FROM passage_vector v JOIN passage p ON p.id = v.passage_id
                    JOIN version_document d ON d.document_id = p.document_id WHERE d.version_id = ?
                    ORDER BY v.passage_id
                    """, arguments: [version.id])
            var vectors: [(Int64, [UInt8])] = []
            while let row = try rows.next() {
                let bytes: Data = row[1]
                vectors.append((row[0], [UInt8](bytes)))
            }
            return (version, vectors)
        }
    }

    func sentenceVectors(ids: [Int64]) async throws -> [Int64: [UInt8]] {
        try await writer.read { db in
            var result: [Int64: [UInt8]] = [:]
            let rows = try Self.inParts(ids) { part in
                try Row.fetchAll(
                    db,
                    sql: "SELECT passage_id, sentences FROM passage_vector WHERE passage_id IN (\(Self.places(part)))",
                    arguments: StatementArguments(part))
            }
            for row in rows {
                let bytes: Data = row[1]
                result[row[0]] = [UInt8](bytes)
            }
            return result
        }
    }

    // MARK: Reading rows

    /// SQLite takes a bounded number of arguments; 500 ids are asked for at once.
    private static func inParts<Value>(_ ids: [Int64], _ read: ([Int64]) throws -> [Value]) rethrows -> [Value] {
        try stride(from: 0, to: ids.count, by: 500).flatMap { try read(Array(ids[$0..<min($0 + 500, ids.count)])) }
    }

    private static func places(_ ids: [Int64]) -> String { ids.map { _ in "?" }.joined(separator: ",") }

    static func indexID(_ name: String, _ db: Database) throws -> Int64? {
        try Int64.fetchOne(db, sql: "SELECT id FROM knowledge_index WHERE name = ?", arguments: [name])
    }

    static func active(_ name: String, _ db: Database) throws -> (index: Int64, version: IndexVersion) {
        guard let index = try indexID(name, db), let version = try summary(name, db)?.active else {
            throw StorageError.notFound(kind: "index in use", name: name)
        }
        return (index, version)
    }

    static func summary(_ name: String, _ db: Database) throws -> IndexSummary? {
        let row = try Row.fetchOne(
            db,
            sql: """
                SELECT k.calibration, v.id, v.cutter, v.vector_space, v.documents, v.passages, v.terms,
                    EXISTS (SELECT 1 FROM index_version b WHERE b.index_id = k.id AND b.state = 'building')
                        AS building
                FROM knowledge_index k LEFT JOIN index_version v ON v.id = k.active_version WHERE k.name = ?
                """, arguments: [name])
        guard let row else { return nil }
        let version: Int64? = row["id"]
        return IndexSummary(
            name: name,
            active: version.map {
                IndexVersion(
                    id: $0, index: name, cutter: row["cutter"], vectorSpace: row["vector_space"],
                    documents: row["documents"], passages: row["passages"], terms: row["terms"])
            }, isBuilding: row["building"], calibration: row["calibration"])
    }

    private static let passageSelect = """
        SELECT p.id, p.ordinal, p.start, p.length, p.heading, p.lead, p.text, p.hash, p.heading_terms,
            p.body_terms, d.record, d.path, d.part, d.title, d.date, d.date_source, d.kind
        FROM passage p JOIN document d ON d.id = p.document_id
        """

    private static func document(_ row: Row) -> StoredDocument {
        StoredDocument(
            record: row["record"], path: row["path"], part: row["part"], title: row["title"], date: row["date"],
            dateSource: row["date_source"], kind: row["kind"])
    }

    private static func passage(_ row: Row, terms: Bool) -> StoredPassage {
        let heading: String = row["heading_terms"]
        let body: String = row["body_terms"]
        return StoredPassage(
            id: row["id"], document: document(row), ordinal: row["ordinal"], start: row["start"],
            length: row["length"], heading: row["heading"], lead: row["lead"], text: row["text"],
            hash: row["hash"], headingTerms: terms ? heading.split(separator: " ").map(String.init) : [],
            bodyTerms: terms ? body.split(separator: " ").map(String.init) : [])
    }
}
