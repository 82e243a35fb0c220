import GRDB

/// The full-text table of one index: an FTS5 table over the columns of `passage`, holding the active version's rows.
///
/// Tokenizer `ascii` with all ASCII punctuation but the double quote as token characters: our terms are separated by
/// blanks and by nothing else, so `0.35` and `pt-1210` are one term each and Han bigrams stay as they are.
struct FullTextTable {
    let name: String
    private let vocabulary: String

    init(index: Int64) {
        name = "passage_fts_\(index)"
        vocabulary = "passage_terms_\(index)"
    }

    func create(_ db: Database) throws {
        let tokenizer = "ascii tokenchars ''!#$%&()*+,-./:;<=>?@[\\]^_`{|}~''"
        try db.execute(
            sql: """
                CREATE VIRTUAL TABLE \(name) USING fts5(
                    heading_terms, body_terms, content='passage', content_rowid='id', tokenize='\(tokenizer)');
                CREATE VIRTUAL TABLE \(vocabulary) USING fts5vocab(\(name), row);
                """)
    }

    func drop(_ db: Database) throws {
        try db.execute(sql: "DROP TABLE IF EXISTS \(vocabulary); DROP TABLE IF EXISTS \(name);")
    }

    /// Takes out the passages of documents that `old` has and `new` has not.
    func remove(inVersion old: Int64, butNotIn new: Int64, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO \(name) (\(name), rowid, heading_terms, body_terms)
                SELECT 'delete', p.id, p.heading_terms, p.body_terms FROM passage p
                WHERE p.document_id IN (
                    SELECT document_id FROM version_document WHERE version_id = ?
                    EXCEPT SELECT document_id FROM version_document WHERE version_id = ?)
                """, arguments: [old, new])
    }

    /// Puts in the passages of documents that `new` has and `old` has not (all of them without `old`).
    func add(inVersion new: Int64, butNotIn old: Int64?, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO \(name) (rowid, heading_terms, body_terms)
                SELECT p.id, p.heading_terms, p.body_terms FROM passage p
                WHERE p.document_id IN (
                    SELECT document_id FROM version_document WHERE version_id = ?
                    EXCEPT SELECT document_id FROM version_document WHERE version_id = ?)
                ORDER BY p.id
                """, arguments: [new, old ?? -1])
    }

    func rebuild(version: Int64, _ db: Database) throws {
        try db.execute(sql: "INSERT INTO \(name) (\(name)) VALUES ('delete-all')")
        try add(inVersion: version, butNotIn: nil, db)
        try db.execute(sql: "INSERT INTO \(name) (\(name)) VALUES ('optimize')")
    }

    /// Row numbers with their BM25 score, greater is better.
    func search(_ expression: String, limit: Int, _ db: Database) throws -> [(id: Int64, score: Double)] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT rowid, rank FROM \(name)
                WHERE \(name) MATCH ? AND rank MATCH 'bm25(5.0, 1.0)' ORDER BY rank LIMIT ?
                """, arguments: [expression, limit]
        ).map { (id: $0["rowid"], score: -($0["rank"] as Double)) }
    }

    /// In how many passages each term stands.
    func frequencies(_ terms: [String], _ db: Database) throws -> [String: Int] {
        let statement = try db.cachedStatement(sql: "SELECT doc FROM \(vocabulary) WHERE term = ?")
        var result: [String: Int] = [:]
        for term in terms where result[term] == nil {
            result[term] = try Int.fetchOne(statement, arguments: [TermQuery.indexable(term)]) ?? 0
        }
        return result
    }
}
