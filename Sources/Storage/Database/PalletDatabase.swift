public import Foundation
import GRDB

/// One home's database: the file `pallet.sqlite` and the repositories on it.
///
/// One SQLite file per home in WAL mode: one writer at a time, readers never wait for it. Everything is reached
/// through the repository protocols, so that another database can stand behind them later.
public final class PalletDatabase: Sendable {
    /// How a home is opened.
    public enum Access: Sendable, Equatable {
        /// The server: takes the home's lock, so that no second server can run on it.
        case server
        /// A command that writes. It may run beside a server; SQLite lets one write at a time.
        case command
        /// A command that only reads. Creates and changes nothing; only a write that was cut off is undone first.
        case readOnly
    }

    /// The file, or nil for a database in memory.
    public let file: URL?
    let writer: any DatabaseWriter
    private let lock: FileLock?

    private init(file: URL?, writer: any DatabaseWriter, lock: FileLock?) {
        self.file = file
        self.writer = writer
        self.lock = lock
    }

    /// Opens (and, unless read only, creates and migrates) the database of a home folder.
    /// - Throws: `StorageError` with what to do about it.
    public static func open(home: URL, access: Access = .command) throws(StorageError) -> PalletDatabase {
        let file = home.appendingPathComponent("pallet.sqlite")
        if access == .readOnly {
            guard FileManager.default.fileExists(atPath: file.path) else { throw .noDatabase(path: file.path) }
        } else {
            do {
                try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
            } catch {
                throw .cannotOpen(path: home.path, reason: error.localizedDescription)
            }
        }
        let lock = access == .server ? try FileLock(home.appendingPathComponent("pallet.lock")) : nil
        do {
            return try opened(file, readOnly: access == .readOnly, lock: lock)
        } catch let error as StorageError {
            throw error
        } catch let error as DatabaseError where access == .readOnly && leftUnfinished(error) {
            return try recovered(file)
        } catch {
            throw .cannotOpen(path: file.path, reason: "\(error)")
        }
    }

    private static func opened(_ file: URL, readOnly: Bool, lock: FileLock?) throws -> PalletDatabase {
        let pool = try DatabasePool(path: file.path, configuration: configuration(readOnly: readOnly))
        let database = PalletDatabase(file: file, writer: pool, lock: lock)
        try database.migrate(readOnly: readOnly)
        return database
    }

    /// Whether a reader may have met what a killed writer left: a journal that has to be played back first.
    private static func leftUnfinished(_ error: DatabaseError) -> Bool {
        [.SQLITE_READONLY, .SQLITE_CANTOPEN].contains(error.resultCode)
    }

    /// Lets SQLite undo the write that was cut off, which a connection for reading cannot, and opens for reading.
    private static func recovered(_ file: URL) throws(StorageError) -> PalletDatabase {
        do {
            let queue = try DatabaseQueue(path: file.path, configuration: configuration(readOnly: false))
            _ = try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_master") }
            try queue.close()
            return try opened(file, readOnly: true, lock: nil)
        } catch let error as StorageError {
            throw error
        } catch {
            throw .needsRecovery(path: file.path, reason: "\(error)")
        }
    }

    /// A database that lives only in memory: tests, and commands that keep nothing.
    public static func inMemory() throws(StorageError) -> PalletDatabase {
        do {
            let database = PalletDatabase(
                file: nil, writer: try DatabaseQueue(configuration: configuration(readOnly: false)), lock: nil)
            try database.migrate(readOnly: false)
            return database
        } catch let error as StorageError {
            throw error
        } catch {
            throw .database("\(error)")
        }
    }

    private static func configuration(readOnly: Bool) -> Configuration {
        var configuration = Configuration()
        configuration.readonly = readOnly
        // Another process may hold the write lock while it switches an index; waiting is right, failing is not.
        configuration.busyMode = .timeout(30)
        configuration.maximumReaderCount = 4
        configuration.label = "pallet"
        if !readOnly {
            // FULL: a commit survives a power cut as well as a kill. Imports are one transaction, so it costs little.
            configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        }
        return configuration
    }

    private func migrate(readOnly: Bool) throws {
        let migrator = Migrations.migrator
        let path = file?.path ?? "in memory"
        let (newer, complete, begun) = try writer.read {
            (
                try migrator.hasBeenSuperseded($0), try migrator.hasCompletedMigrations($0),
                try !migrator.appliedIdentifiers($0).isEmpty
            )
        }
        if newer { throw StorageError.newerSchema(path: path) }
        if complete { return }
        if readOnly { throw begun ? StorageError.olderSchema(path: path) : .unfinished(path: path) }
        try migrator.migrate(writer)
    }

    /// Stations, facts and articles of a company's page in one transaction: all of them or none.
    /// - Throws: `StorageError.invalidValue`, or what the database reports; nothing has changed then.
    @discardableResult
    public func importPage(
        stations: [Station], facts: [String: String], articles: [Article]
    ) async throws -> (stations: ImportCounts, articles: ImportCounts) {
        try await writer.write { db in
            let stationCounts = try SQLiteStations.importStations(stations, db)
            try SQLiteCompanyFacts.setFacts(facts, db)
            return (stationCounts, try SQLiteArticles.importArticles(articles, db))
        }
    }

    /// The company's city stations.
    public var stations: any StationRepository { SQLiteStations(writer: writer) }
    /// The company's news and knowledge articles.
    public var articles: any ArticleRepository { SQLiteArticles(writer: writer) }
    /// Single facts of the company: name, hotline, categories.
    public var companyFacts: any CompanyFactRepository { SQLiteCompanyFacts(writer: writer) }
    /// The models that were fetched or added.
    public var models: any ModelRepository { SQLiteModels(writer: writer) }
    /// The assistants, each of which is a model name to API clients.
    public var assistants: any AssistantRepository { SQLiteAssistants(writer: writer) }
    /// The API keys, as hashes.
    public var apiKeys: any APIKeyRepository { SQLiteAPIKeys(writer: writer) }
    /// Conversations with their messages and citations.
    public var conversations: any ConversationRepository { SQLiteConversations(writer: writer) }
    /// Documents and passages with the full-text index.
    public var passages: any PassageStore { SQLitePassageStore(writer: writer) }
}
