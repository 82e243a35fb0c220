import Foundation
import Storage
import Testing

/// Versions of an index: nobody sees a half-built one, nothing is lost or double.
struct PassageStoreTests {
    static func draft(_ record: String, state: String = "1", terms: [String]) -> DocumentDraft {
        DocumentDraft(
            document: StoredDocument(record: record, path: record + ".md", title: record), fingerprint: state,
            text: terms.joined(separator: " "),
            passages: [
                PassageDraft(
                    start: 0, length: 1, heading: record, lead: "", text: terms.joined(separator: " "), hash: "h",
                    headingTerms: [], bodyTerms: terms)
            ])
    }

    private func found(_ store: any PassageStore, _ terms: [String]) async throws -> [String] {
        try await store.candidates(index: "i", terms: terms, prefixes: [], limit: 10).passages
            .map(\.passage.document.record).sorted()
    }

    @Test func aVersionIsSeenOnlyWhenItIsActivated() async throws {
        let store = try PalletDatabase.inMemory().passages
        let version = try await store.beginVersion(index: "i", cutter: "c")
        try await store.addDocuments([Self.draft("a", terms: ["托盘", "0.35"])], to: version)
        await #expect(throws: StorageError.notFound(kind: "index in use", name: "i")) {
            try await store.candidates(index: "i", terms: ["托盘"], prefixes: [], limit: 1)
        }
        #expect(try await store.activate(version).active?.passages == 1)
        #expect(try await found(store, ["托盘"]) == ["a"])
        #expect(try await found(store, ["0.35"]) == ["a"])
        #expect(try await found(store, ["0"]).isEmpty)
    }

    @Test func theNextVersionTakesWhatStayedAndForgetsWhatWent() async throws {
        let store = try PalletDatabase.inMemory().passages
        let first = try await store.beginVersion(index: "i", cutter: "c")
        try await store.addDocuments(
            [Self.draft("a", terms: ["aa", "xx"]), Self.draft("b", terms: ["bb", "xx"])], to: first)
        _ = try await store.activate(first)
        let second = try await store.beginVersion(index: "i", cutter: "c")
        let keys = [("a", "1"), ("b", "2"), ("c", "1")].map { DocumentKey(record: $0.0, fingerprint: $0.1) }
        #expect(try await store.claimDocuments(keys, for: second) == [true, false, false])
        try await store.addDocuments(
            [Self.draft("b", state: "2", terms: ["b2", "xx"]), Self.draft("c", terms: ["cc", "xx"])], to: second)
        #expect(try await found(store, ["xx"]) == ["a", "b"])
        #expect(try await found(store, ["bb"]) == ["b"])
        let summary = try await store.activate(second)
        #expect(summary.active?.documents == 3)
        #expect(try await found(store, ["xx"]) == ["a", "b", "c"])
        #expect(try await found(store, ["bb"]).isEmpty)
        #expect(try await store.frequencies(index: "i", terms: ["xx", "bb", "b2"]) == ["xx": 3, "bb": 0, "b2": 1])
        #expect(try await store.documents(index: "i").map(\.record) == ["a", "b", "c"])
        try await store.rebuildTerms(index: "i")
        #expect(try await found(store, ["xx"]) == ["a", "b", "c"])
        await #expect(throws: StorageError.self) { try await store.activate(second) }
    }

    @Test func aKilledBuildIsTakenUpAndNothingIsDouble() async throws {
        let home = try HomeFolder()
        do {
            let store = try PalletDatabase.open(home: home.url).passages
            let version = try await store.beginVersion(index: "i", cutter: "c")
            try await store.addDocuments([Self.draft("a", terms: ["aa"])], to: version)
            _ = try await store.activate(version)
            let killed = try await store.beginVersion(index: "i", cutter: "c")
            try await store.addDocuments([Self.draft("b", terms: ["bb"]), Self.draft("z", terms: ["zz"])], to: killed)
        }
        let store = try PalletDatabase.open(home: home.url).passages
        #expect(try await store.index(named: "i")?.isBuilding == true)
        #expect(try await found(store, ["aa", "bb"]) == ["a"])
        let version = try await store.beginVersion(index: "i", cutter: "c")
        let keys = ["a", "b"].map { DocumentKey(record: $0, fingerprint: "1") }
        #expect(try await store.claimDocuments(keys, for: version) == [true, true])
        try await store.addDocuments([Self.draft("b", terms: ["bb"])], to: version)
        let summary = try await store.activate(version)
        #expect(summary.active?.documents == 2)
        #expect(summary.active?.passages == 2)
        #expect(summary.isBuilding == false)
        #expect(try await found(store, ["aa", "bb", "zz"]) == ["a", "b"])
    }

    @Test(arguments: [
        "a\"b", "\"", "AND", "OR NOT", "NEAR(aa bb)", "aa*", "body_terms:aa", "-aa", "^aa", "(", ")", "{aa}", "'",
        "\u{0}",
        "", " ", "aa\u{0}bb", "NEAR", "+aa", "aa OR bb",
    ])
    func noTermMeansAnything(term: String) async throws {
        let store = try PalletDatabase.inMemory().passages
        let version = try await store.beginVersion(index: "i", cutter: "c")
        try await store.addDocuments(
            [Self.draft("a", terms: ["aa"]), Self.draft("t", terms: ["AND", "a\"b", "aa*"])], to: version)
        _ = try await store.activate(version)
        let hits = try await store.candidates(index: "i", terms: [term], prefixes: [term], limit: 10).passages
        // Whatever is in a term, a passage without it is never found.
        #expect(!hits.contains { $0.passage.document.record == "a" })
    }

    @Test func prefixesAndManyTermsAreTaken() async throws {
        let store = try PalletDatabase.inMemory().passages
        let version = try await store.beginVersion(index: "i", cutter: "c")
        try await store.addDocuments([Self.draft("a", terms: ["盘租"])], to: version)
        _ = try await store.activate(version)
        #expect(try await store.candidates(index: "i", terms: [], prefixes: ["盘"], limit: 5).passages.count == 1)
        let many = (0..<5000).map { "t\($0)" }
        #expect(try await store.candidates(index: "i", terms: many, prefixes: ["盘"], limit: 5).passages.count == 1)
    }

    @Test func readersSeeOneStateWhileAVersionIsSwitched() async throws {
        let home = try HomeFolder()
        let database = try PalletDatabase.open(home: home.url)
        let store = database.passages
        func build(_ state: Int) async throws {
            let version = try await store.beginVersion(index: "i", cutter: "c")
            let drafts = (0..<20).map { Self.draft("d\($0)", state: "\(state)", terms: ["xx", "s\(state)"]) }
            try await store.addDocuments(drafts, to: version)
            _ = try await store.activate(version)
        }
        try await build(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for state in 1...15 { try await build(state) } }
            for _ in 0..<3 {
                group.addTask {
                    let reader = try PalletDatabase.open(home: home.url, access: .readOnly).passages
                    for _ in 0..<40 {
                        let found = try await reader.candidates(index: "i", terms: ["xx"], prefixes: [], limit: 100)
                        let states = Set(found.passages.map { $0.passage.bodyTerms.last })
                        #expect(found.passages.count == 20)
                        #expect(states.count == 1)
                        #expect(found.frequencies == ["xx": 20])
                        #expect(found.version.passages == 20)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func indexesAreApart() async throws {
        let store = try PalletDatabase.inMemory().passages
        for name in ["i", "j"] {
            let version = try await store.beginVersion(index: name, cutter: "c")
            try await store.addDocuments([Self.draft(name, terms: ["xx"])], to: version)
            _ = try await store.activate(version)
        }
        #expect(try await found(store, ["xx"]) == ["i"])
        try await store.saveCalibration("{}", index: "j")
        #expect(try await store.allIndexes().map(\.calibration) == [nil, "{}"])
        #expect(try await store.removeIndex(named: "i"))
        #expect(try await store.removeIndex(named: "i") == false)
        #expect(try await store.allIndexes().map(\.name) == ["j"])
        #expect(try await store.candidates(index: "j", terms: ["xx"], prefixes: [], limit: 5).passages.count == 1)
        await #expect(throws: StorageError.self) { try await store.saveCalibration("{}", index: "i") }
    }
}
