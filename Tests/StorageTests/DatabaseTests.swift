import Foundation
import Storage
import Testing

/// Opening a home: creation, the server's lock, reading only, files that are no database.
struct DatabaseTests {
    @Test func openingCreatesTheFileAndKeepsWhatWasWritten() async throws {
        let home = try HomeFolder()
        try await PalletDatabase.open(home: home.url.appendingPathComponent("new/home")).companyFacts
            .setFacts(["name": "甲"])
        let again = try PalletDatabase.open(home: home.url.appendingPathComponent("new/home"))
        #expect(try await again.companyFacts.fact("name") == "甲")
    }

    @Test func aSecondServerIsRefusedAndCommandsAreNot() async throws {
        let home = try HomeFolder()
        var first: PalletDatabase? = try PalletDatabase.open(home: home.url, access: .server)
        #expect {
            try PalletDatabase.open(home: home.url, access: .server)
        } throws: { error in
            guard case .homeInUse(let path, let holder) = error as? StorageError else { return false }
            return path == home.url.path && holder.contains("\(ProcessInfo.processInfo.processIdentifier)")
        }
        let command = try PalletDatabase.open(home: home.url)
        try await command.companyFacts.setFacts(["hotline": "400"])
        let reader = try PalletDatabase.open(home: home.url, access: .readOnly)
        #expect(try await reader.companyFacts.fact("hotline") == "400")
        #expect(try await first?.companyFacts.fact("hotline") == "400")
        first = nil
        _ = try PalletDatabase.open(home: home.url, access: .server)
    }

    @Test func readingOnlyNeverCreatesOrChanges() async throws {
        let home = try HomeFolder()
        #expect(throws: StorageError.noDatabase(path: home.url.appendingPathComponent("pallet.sqlite").path)) {
            try PalletDatabase.open(home: home.url, access: .readOnly)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: home.url.path).isEmpty)
        _ = try PalletDatabase.open(home: home.url)
        let reader = try PalletDatabase.open(home: home.url, access: .readOnly)
        await #expect(throws: (any Error).self) { try await reader.companyFacts.setFacts(["a": "b"]) }
    }

    @Test(arguments: ["", "SQLite format 3\u{0}", "no database at all, only text that is long enough to look at"])
    func aFileThatIsNoDatabaseIsAnErrorOrEmpty(content: String) throws {
        let home = try HomeFolder()
        let file = home.url.appendingPathComponent("pallet.sqlite")
        try Data(content.utf8).write(to: file)
        if content.isEmpty {
            _ = try PalletDatabase.open(home: home.url)  // An empty file is an empty database to SQLite.
        } else {
            #expect(throws: StorageError.self) { try PalletDatabase.open(home: home.url) }
            #expect(try Data(contentsOf: file) == Data(content.utf8))
        }
    }

    @Test func readersOfAHomeWhoseCreationWasKilledAreToldSo() throws {
        let home = try HomeFolder()
        let file = home.url.appendingPathComponent("pallet.sqlite")
        try Data().write(to: file)
        #expect(throws: StorageError.unfinished(path: file.path)) {
            try PalletDatabase.open(home: home.url, access: .readOnly)
        }
        // The remedy that the error names.
        _ = try PalletDatabase.open(home: home.url)
        _ = try PalletDatabase.open(home: home.url, access: .readOnly)
    }

    @Test func aHomeThatIsAFileIsAnError() throws {
        let home = try HomeFolder()
        let file = home.url.appendingPathComponent("home")
        try Data("x".utf8).write(to: file)
        #expect(throws: StorageError.self) { try PalletDatabase.open(home: file) }
    }
}
