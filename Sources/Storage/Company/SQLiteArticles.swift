import GRDB

struct SQLiteArticles: ArticleRepository {
    let writer: any DatabaseWriter

    func importArticles(_ articles: [Article]) async throws -> ImportCounts {
        try await writer.write { try Self.importArticles(articles, $0) }
    }

    static func importArticles(_ articles: [Article], _ db: Database) throws -> ImportCounts {
        for article in articles where article.title.isEmpty {
            throw StorageError.invalidValue(field: "article.title", expected: "not empty", actual: "empty")
        }
        var counts = ImportCounts()
        for article in articles {
            let old = try Row.fetchOne(
                db, sql: "SELECT * FROM article WHERE title = ? AND published = ?",
                arguments: [article.title, article.published])
            if let old {
                var same = article
                same.id = old["id"]
                if Self.article(old) == same {
                    counts.unchanged += 1
                    continue
                }
            }
            try Self.upsert(article, db)
            if old == nil { counts.inserted += 1 } else { counts.updated += 1 }
        }
        return counts
    }

    func article(id: Int64) async throws -> Article? {
        try await writer.read { db in
            try Row.fetchOne(db, sql: "SELECT * FROM article WHERE id = ?", arguments: [id]).map(Self.article)
        }
    }

    func article(title: String) async throws -> Article? {
        try await writer.read { db in
            try Row.fetchOne(
                db, sql: "SELECT * FROM article WHERE title = ? ORDER BY published DESC LIMIT 1", arguments: [title]
            ).map(Self.article)
        }
    }

    func articles(category: String?, limit: Int, offset: Int) async throws -> [Article] {
        try await writer.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT * FROM article WHERE :category IS NULL OR category = :category
                    ORDER BY published DESC, id DESC LIMIT :limit OFFSET :offset
                    """, arguments: ["category": category, "limit": max(0, limit), "offset": max(0, offset)]
            ).map(Self.article)
        }
    }

    func articleCategories() async throws -> [(name: String, count: Int)] {
        try await writer.read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT category, count(*) AS n FROM article WHERE category IS NOT NULL
                    GROUP BY category ORDER BY category
                    """
            ).map { (name: $0["category"], count: $0["n"]) }
        }
    }

    func articleCount() async throws -> Int {
        try await writer.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM article") ?? 0 }
    }

    private static func upsert(_ article: Article, _ db: Database) throws {
        try db.execute(
            sql: """
                INSERT INTO article
                    (title, author, published, category, reads, text, previous_title, next_title, source)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (title, published) DO UPDATE SET author = excluded.author,
                    category = excluded.category, reads = excluded.reads, text = excluded.text,
                    previous_title = excluded.previous_title, next_title = excluded.next_title,
                    source = excluded.source
                """,
            arguments: [
                article.title, article.author, article.published, article.category, article.reads, article.text,
                article.previousTitle, article.nextTitle, article.source,
            ])
    }

    private static func article(_ row: Row) -> Article {
        Article(
            id: row["id"], title: row["title"], author: row["author"], published: row["published"],
            category: row["category"], reads: row["reads"], text: row["text"], previousTitle: row["previous_title"],
            nextTitle: row["next_title"], source: row["source"])
    }
}
