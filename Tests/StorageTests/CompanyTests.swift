import Foundation
import Storage
import Testing

/// Imports: whatever is repeated or breaks off, nothing is lost and nothing is there twice.
struct CompanyTests {
    private let stations = (0..<300).map {
        Station(
            city: "城\($0)", province: "省\($0 % 31)", initial: "A", pinyin: "cheng\($0)", pinyinInitials: "c",
            position: $0)
    }

    @Test func importingTwiceChangesNothing() async throws {
        let database = try PalletDatabase.inMemory()
        #expect(try await database.stations.importStations(stations) == ImportCounts(inserted: 300))
        let all = try await database.stations.allStations()
        #expect(try await database.stations.importStations(stations) == ImportCounts(unchanged: 300))
        #expect(try await database.stations.allStations() == all)
        #expect(all == stations)
    }

    @Test func anImportThatFailsAtItsEndLeavesNothing() async throws {
        let home = try HomeFolder()
        let database = try PalletDatabase.open(home: home.url)
        let broken = stations + [Station(city: "", province: "省", initial: "S")]
        await #expect(throws: StorageError.self) { try await database.stations.importStations(broken) }
        #expect(try await database.stations.stationCount() == 0)
        _ = try await database.stations.importStations(stations)
        #expect(try await PalletDatabase.open(home: home.url, access: .readOnly).stations.stationCount() == 300)
    }

    @Test func aStationOfTheSameCityIsBroughtUpToDate() async throws {
        let database = try PalletDatabase.inMemory()
        var station = Station(city: "泰州", province: "江苏", initial: "J", printedProvince: "山东", printedLetter: "S")
        _ = try await database.stations.importStations([station])
        station.phone = "0523"
        #expect(try await database.stations.importStations([station]) == ImportCounts(updated: 1))
        #expect(try await database.stations.allStations() == [station])
        #expect(try await database.stations.station(city: "泰州") == station)
        #expect(try await database.stations.station(city: "台州") == nil)
    }

    @Test func searchTakesNamesPinyinAndNoPatterns() async throws {
        let database = try PalletDatabase.inMemory()
        let cities = [("合肥", "hefei", "hf"), ("淮北", "huaibei", "hb"), ("安庆", "anqing", "aq")]
        _ = try await database.stations.importStations(
            cities.map { Station(city: $0.0, province: "安徽", initial: "A", pinyin: $0.1, pinyinInitials: $0.2) })
        func found(_ text: String) async throws -> [String] {
            try await database.stations.stations(matching: text, limit: 10).map(\.city)
        }
        #expect(try await found("HF") == ["合肥"])
        #expect(try await found("huai") == ["淮北"])
        #expect(try await found("安") == ["安庆"])
        #expect(try await found("%").isEmpty)
        #expect(try await found("_").isEmpty)
        #expect(try await found("'; DROP TABLE station; --").isEmpty)
        #expect(try await database.stations.stationCount() == 3)
    }

    @Test func articlesAreKnownByTitleAndDay() async throws {
        let database = try PalletDatabase.inMemory()
        var article = Article(title: "标题", published: "2023-08-07", category: "行业新闻", reads: 763, text: "正文")
        #expect(try await database.articles.importArticles([article]) == ImportCounts(inserted: 1))
        #expect(try await database.articles.importArticles([article]) == ImportCounts(unchanged: 1))
        article.reads = 764
        #expect(try await database.articles.importArticles([article]) == ImportCounts(updated: 1))
        var newer = article
        newer.published = "2024-01-01"
        newer.category = nil
        _ = try await database.articles.importArticles([newer])
        #expect(
            try await database.articles.articles(category: nil, limit: 9, offset: 0).map(\.published)
                == ["2024-01-01", "2023-08-07"])
        #expect(try await database.articles.articles(category: "行业新闻", limit: 9, offset: 0).map(\.reads) == [764])
        #expect(try await database.articles.article(title: "标题")?.published == "2024-01-01")
        #expect(try await database.articles.articleCategories().map(\.name) == ["行业新闻"])
    }

    @Test func factsAreSetAndKept() async throws {
        let database = try PalletDatabase.inMemory()
        try await database.companyFacts.setFacts(["name": "甲", "hotline": "1"])
        try await database.companyFacts.setFacts(["hotline": "2"])
        #expect(try await database.companyFacts.allFacts() == ["name": "甲", "hotline": "2"])
        #expect(try await database.companyFacts.fact("none") == nil)
    }

    @Test func aPageIsImportedAsAWholeOrNotAtAll() async throws {
        let database = try PalletDatabase.inMemory()
        let article = Article(title: "新闻", published: "2026-01-01", text: "正文。")
        await #expect(throws: StorageError.self) {
            try await database.importPage(
                stations: stations, facts: ["hotline": "400"], articles: [article, Article(title: "", text: "x")])
        }
        #expect(try await database.stations.stationCount() == 0)
        #expect(try await database.companyFacts.allFacts().isEmpty)
        #expect(try await database.articles.articleCount() == 0)
        let counts = try await database.importPage(
            stations: stations, facts: ["hotline": "400"], articles: [article])
        #expect(counts.stations == ImportCounts(inserted: 300) && counts.articles == ImportCounts(inserted: 1))
        #expect(try await database.companyFacts.fact("hotline") == "400")
    }

    @Test(arguments: ["", "../x", "a/b", ".hidden", "a b"])
    func namesOfIndexesAndAssistantsKeepTheRule(name: String) async throws {
        let database = try PalletDatabase.inMemory()
        await #expect(throws: StorageError.badName(kind: "index", name: name)) {
            try await database.passages.beginVersion(index: name, cutter: "c")
        }
        await #expect(throws: StorageError.badName(kind: "assistant", name: name)) {
            try await database.assistants.save(AssistantRecord(name: name, model: "m"))
        }
    }
}
