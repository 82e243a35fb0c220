import GRDB

/// The schema's history. **Append only**: a migration that was released is never changed, a new one is added below.
enum Migrations {
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("2026-11 company") { try $0.execute(sql: company) }
        migrator.registerMigration("2026-11 knowledge") { try $0.execute(sql: knowledge) }
        migrator.registerMigration("2026-11 operation") { try $0.execute(sql: operation) }
        migrator.registerMigration("2026-11 vectors") { try $0.execute(sql: vectors) }
        return migrator
    }

    private static let company = """
        CREATE TABLE station (
            id INTEGER PRIMARY KEY,
            city TEXT NOT NULL,
            full_name TEXT NOT NULL DEFAULT '',
            province TEXT NOT NULL,
            province_code TEXT NOT NULL DEFAULT '',
            city_code TEXT NOT NULL DEFAULT '',
            initial TEXT NOT NULL,
            pinyin TEXT NOT NULL DEFAULT '',
            pinyin_initials TEXT NOT NULL DEFAULT '',
            phone TEXT, address TEXT, hours TEXT,
            printed_province TEXT, printed_letter TEXT, note TEXT,
            position INTEGER NOT NULL DEFAULT 0,
            source TEXT NOT NULL DEFAULT '',
            UNIQUE (province, city));
        CREATE INDEX station_by_letter ON station (initial, position);
        CREATE TABLE article (
            id INTEGER PRIMARY KEY,
            title TEXT NOT NULL,
            author TEXT,
            published TEXT NOT NULL DEFAULT '',
            category TEXT,
            reads INTEGER NOT NULL DEFAULT 0,
            text TEXT NOT NULL,
            previous_title TEXT, next_title TEXT,
            source TEXT NOT NULL DEFAULT '',
            UNIQUE (title, published));
        CREATE INDEX article_by_category ON article (category, published, id);
        CREATE TABLE company_fact (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        """

    /// A document row is one state of one corpus record; versions name the states that belong to them. The full-text
    /// table of an index (`passage_fts_ID`, made with the index) always holds exactly the active version's passages.
    private static let knowledge = """
        CREATE TABLE knowledge_index (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            active_version INTEGER,
            calibration TEXT);
        CREATE TABLE index_version (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            index_id INTEGER NOT NULL REFERENCES knowledge_index (id) ON DELETE CASCADE,
            state TEXT NOT NULL CHECK (state IN ('building', 'active', 'previous')),
            cutter TEXT NOT NULL,
            documents INTEGER NOT NULL DEFAULT 0,
            passages INTEGER NOT NULL DEFAULT 0,
            terms INTEGER NOT NULL DEFAULT 0,
            started_at TEXT NOT NULL,
            activated_at TEXT);
        CREATE INDEX version_by_index ON index_version (index_id, state);
        CREATE TABLE document (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            index_id INTEGER NOT NULL REFERENCES knowledge_index (id) ON DELETE CASCADE,
            record TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            path TEXT NOT NULL,
            part INTEGER NOT NULL DEFAULT 0,
            title TEXT NOT NULL DEFAULT '',
            date TEXT, date_source TEXT,
            kind TEXT NOT NULL DEFAULT '',
            text TEXT NOT NULL,
            UNIQUE (index_id, record, fingerprint));
        CREATE TABLE version_document (
            version_id INTEGER NOT NULL REFERENCES index_version (id) ON DELETE CASCADE,
            document_id INTEGER NOT NULL REFERENCES document (id) ON DELETE CASCADE,
            PRIMARY KEY (version_id, document_id)) WITHOUT ROWID;
        CREATE INDEX version_by_document ON version_document (document_id);
        CREATE TABLE passage (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            document_id INTEGER NOT NULL REFERENCES document (id) ON DELETE CASCADE,
            ordinal INTEGER NOT NULL,
            start INTEGER NOT NULL,
            length INTEGER NOT NULL,
            heading TEXT NOT NULL,
            lead TEXT NOT NULL,
            text TEXT NOT NULL,
            hash TEXT NOT NULL,
            heading_terms TEXT NOT NULL,
            body_terms TEXT NOT NULL,
            term_count INTEGER NOT NULL,
            UNIQUE (document_id, ordinal));
        """

    private static let vectors = """
        ALTER TABLE index_version ADD COLUMN vector_space TEXT;
        CREATE TABLE passage_vector (
            passage_id INTEGER PRIMARY KEY REFERENCES passage (id) ON DELETE CASCADE,
            vector BLOB NOT NULL,
            sentences BLOB NOT NULL);
        """

    private static let operation = """
        CREATE TABLE model (
            name TEXT PRIMARY KEY,
            path TEXT NOT NULL,
            sha256 TEXT NOT NULL DEFAULT '',
            bytes INTEGER NOT NULL DEFAULT 0,
            licence TEXT NOT NULL DEFAULT '',
            origin TEXT NOT NULL DEFAULT '',
            added_at TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE assistant (
            name TEXT PRIMARY KEY,
            title TEXT NOT NULL DEFAULT '',
            model TEXT NOT NULL,
            knowledge TEXT,
            system_text TEXT NOT NULL DEFAULT '',
            style TEXT NOT NULL DEFAULT '',
            settings TEXT NOT NULL DEFAULT '{}',
            created_at TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE api_key (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            hash TEXT NOT NULL UNIQUE,
            prefix TEXT NOT NULL,
            label TEXT NOT NULL DEFAULT '',
            created_at TEXT NOT NULL,
            revoked_at TEXT);
        CREATE TABLE conversation (
            id TEXT PRIMARY KEY,
            assistant TEXT NOT NULL,
            title TEXT NOT NULL DEFAULT '',
            created_at TEXT NOT NULL,
            updated_at TEXT NOT NULL) WITHOUT ROWID;
        CREATE INDEX conversation_by_time ON conversation (updated_at);
        CREATE TABLE message (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            conversation_id TEXT NOT NULL REFERENCES conversation (id) ON DELETE CASCADE,
            ordinal INTEGER NOT NULL,
            role TEXT NOT NULL,
            text TEXT NOT NULL,
            citations TEXT NOT NULL DEFAULT '[]',
            created_at TEXT NOT NULL,
            UNIQUE (conversation_id, ordinal));
        """
}
