import Foundation
import ModelHub
import Synchronization
import TestSupport
import Testing

@Suite(.serialized) struct HubPullTests {
    @Test func pullGivesTheFileItsRecordAndProgress() async throws {
        let made = try MadeModel()
        let fetcher = ModelFetcher(catalogue: try made.catalogue(), settings: try made.settings("ok"))
        let seen = Mutex<[PullProgress]>([])
        let model = try await fetcher.pull(made.name, into: made.folder) { progress in
            seen.withLock { $0.append(progress) }
        }
        #expect(try Data(contentsOf: model.url) == made.content)
        #expect(model.hashState == .verified && model.isInCatalogue)
        #expect((model.licence, model.origin, model.sha256) == ("Apache-2.0", "some/repo", made.sha256))
        let reports = seen.withLock { $0 }
        let last = try #require(reports.last)
        #expect(last.bytes == 300_000 && last.total == 300_000)
        let record = try JSONSerialization.jsonObject(
            with: Data(contentsOf: made.folder.appending(path: made.name + ".json")))
        let fields = try #require(record as? [String: Any])
        #expect(fields["licence"] as? String == "Apache-2.0")
        #expect((fields["source"] as? String)?.hasSuffix("some/repo/resolve/main/\(made.file)") == true)
        // A second pull asks nobody. (A busy machine may need more than one request for the first.)
        let asked = try HubServer.shared.get().ranges("ok", made.file).count
        let again = try await fetcher.pull(made.name, into: made.folder)
        #expect(again == model)
        #expect(asked > 0)
        #expect(try HubServer.shared.get().ranges("ok", made.file).count == asked)
        #expect(try LocalModels(folder: made.folder, catalogue: fetcher.catalogue).list() == [model])
    }

    @Test func everyBreakIsResumedWhereItStopped() async throws {
        let made = try MadeModel()
        let fetcher = ModelFetcher(catalogue: try made.catalogue(), settings: try made.settings("break"))
        let model = try await fetcher.pull(made.name, into: made.folder)
        #expect(try Data(contentsOf: model.url) == made.content)
        let ranges = try HubServer.shared.get().ranges("break", made.file)
        #expect(ranges.count > 2 && ranges.first == "-")
        // The client drops what it had buffered when a connection breaks, so the places are not the server's; but each
        // try begins where the last one ended.
        let places = ranges.dropFirst().compactMap { Int($0.dropFirst(6).dropLast()) }
        #expect(places.count == ranges.count - 1 && places == places.sorted() && Set(places).count == places.count)
        #expect((places.first ?? 0) > 0 && (places.last ?? 0) >= 200_000)
    }

    @Test func nextPullGoesOnWithWhatIsThere() async throws {
        let made = try MadeModel()
        var settings = try made.settings("break")
        settings.retries = 0
        let fetcher = ModelFetcher(catalogue: try made.catalogue(), settings: settings)
        guard case .noSource(_, let attempts) = await pullError(fetcher, made.name, into: made.folder) else {
            Issue.record("the break was not reported")
            return
        }
        #expect(attempts.count == 1)
        #expect(made.isNothingVisible)
        let kept = try Data(contentsOf: made.folder.appending(path: ".\(made.name).partial"))
        #expect(!kept.isEmpty && kept == made.content.prefix(kept.count))
        let second = ModelFetcher(catalogue: fetcher.catalogue, settings: try made.settings("ok"))
        _ = try await second.pull(made.name, into: made.folder)
        let ranges = try HubServer.shared.get().ranges("ok", made.file)
        #expect(ranges == ["bytes=\(kept.count)-"])
        #expect(try Data(contentsOf: made.target) == made.content)
    }

    @Test(arguments: ["norange", "norangebreak", "moved", "otherrange", "hop", "flaky"])
    func mannersThatStillGiveTheFile(manner: String) async throws {
        let made = try MadeModel()
        // What an earlier pull left: right bytes for some, and the server decides what it makes of them.
        if manner == "norange" {
            try FileManager.default.createDirectory(at: made.folder, withIntermediateDirectories: true)
            try made.content.prefix(5000).write(to: made.folder.appending(path: ".\(made.name).partial"))
        }
        var settings = try made.settings(manner, "ok")
        settings.retries = 3
        let fetcher = ModelFetcher(catalogue: try made.catalogue(), settings: settings)
        let model = try await fetcher.pull(made.name, into: made.folder)
        #expect(try Data(contentsOf: model.url) == made.content)
        // A file that is another one at each break is never joined from pieces: that hub comes to no end.
        let second = try HubServer.shared.get().ranges("ok", made.file)
        #expect(second.isEmpty == (manner != "moved"))
    }

    @Test func wrongBytesGetNoName() async throws {
        let made = try MadeModel()
        let fetcher = ModelFetcher(catalogue: try made.catalogue(), settings: try made.settings("wrong"))
        guard
            case .wrongHash(let file, let expected, let actual)? = await pullError(
                fetcher, made.name, into: made.folder)
        else {
            Issue.record("wrong bytes were not noticed")
            return
        }
        #expect(file == made.file && expected == made.sha256 && actual != expected && actual.count == 64)
        let left = try FileManager.default.contentsOfDirectory(atPath: made.folder.path)
        #expect(left == [".\(made.name).lock"])
        // The next source has the right file.
        let both = ModelFetcher(catalogue: fetcher.catalogue, settings: try made.settings("wrong", "ok"))
        #expect(try await both.pull(made.name, into: made.folder).hashState == .verified)
    }

    @Test func wrongLeftoversAreTakenAnew() async throws {
        let made = try MadeModel()
        try FileManager.default.createDirectory(at: made.folder, withIntermediateDirectories: true)
        try Data(repeating: 7, count: 70_000).write(to: made.folder.appending(path: ".\(made.name).partial"))
        let fetcher = ModelFetcher(catalogue: try made.catalogue(), settings: try made.settings("ok"))
        _ = try await fetcher.pull(made.name, into: made.folder)
        #expect(try Data(contentsOf: made.target) == made.content)
        #expect(try HubServer.shared.get().ranges("ok", made.file) == ["bytes=70000-", "-"])
    }

    @Test func fileChangedUnderItsNameIsPulledAgain() async throws {
        let made = try MadeModel()
        let fetcher = ModelFetcher(catalogue: try made.catalogue(), settings: try made.settings("ok"))
        _ = try await fetcher.pull(made.name, into: made.folder)
        var damaged = made.content
        damaged[100] ^= 1
        try damaged.write(to: made.target)
        let local = LocalModels(folder: made.folder, catalogue: fetcher.catalogue)
        #expect(try local.list().map(\.hashState) == [.changed])
        _ = try await fetcher.pull(made.name, into: made.folder)
        #expect(try Data(contentsOf: made.target) == made.content)
        // Without a record, the right file is hashed and kept.
        try FileManager.default.removeItem(at: made.folder.appending(path: made.name + ".json"))
        #expect(try await fetcher.pull(made.name, into: made.folder).hashState == .verified)
        #expect(try HubServer.shared.get().ranges("ok", made.file).count == 2)
    }

    @Test(arguments: [
        ("short", "expected 300000"), ("loop", "more than 5"), ("offsite", "file:"), ("missing", "404"),
    ])
    func mannersThatFailAtOnce(manner: String, words: String) async throws {
        let made = try MadeModel()
        let fetcher = ModelFetcher(catalogue: try made.catalogue(), settings: try made.settings(manner))
        guard case .noSource(let name, let attempts)? = await pullError(fetcher, made.name, into: made.folder) else {
            Issue.record("\(manner) was accepted")
            return
        }
        #expect(name == made.name)
        #expect(attempts.count == 1 && attempts[0].contains(words), "\(attempts)")
        #expect(made.isNothingVisible)
        let asked = try HubServer.shared.get().ranges(manner, made.file).count
        #expect(manner == "loop" ? asked == 6 : asked == 1)
    }

    @Test func slowAndSilentServersAreGivenUp() async throws {
        let made = try MadeModel()
        var settings = try made.settings("drip")
        settings.stallWindow = 0.3
        settings.minimumBytesPerSecond = 100_000
        settings.retries = 0
        let start = ContinuousClock.now
        let drip = await pullError(
            ModelFetcher(catalogue: try made.catalogue(), settings: settings), made.name, into: made.folder)
        #expect(drip?.description.contains("bytes per second") == true, "\(drip?.description ?? "")")
        settings = try made.settings("hang")
        settings.idleTimeout = 0.3
        settings.retries = 0
        let hang = await pullError(
            ModelFetcher(catalogue: try made.catalogue(), settings: settings), made.name, into: made.folder)
        #expect(hang?.description.contains("readTimeout") == true || hang != nil)
        #expect(ContinuousClock.now - start < .seconds(8))
    }

    @Test func noNetworkSaysWhatToDo() async throws {
        let made = try MadeModel()
        var settings = try made.settings("ok")
        settings.hubs = ["http://127.0.0.1:1", "ftp://x", "nonsense"]
        let error = await pullError(
            ModelFetcher(catalogue: try made.catalogue(), settings: settings), made.name, into: made.folder)
        let text = try #require(error?.description)
        #expect(text.contains("pallet model add") && text.contains("PALLET_HUB") && text.contains("127.0.0.1:1"))
        #expect(text.contains("\"ftp://x\" is no address"))
    }

    /// The hub's name is known to nobody: only the proxy can give the file.
    @Test func proxyOfTheEnvironment() async throws {
        let made = try MadeModel()
        let server = try HubServer.shared.get()
        var settings = try made.settings()
        settings.proxyEnvironment = ["HTTP_PROXY": "http://127.0.0.1:\(server.port)"]
        settings.hubs = ["http://hub.invalid/ok"]
        let fetcher = ModelFetcher(catalogue: try made.catalogue(), settings: settings)
        _ = try await fetcher.pull(made.name, into: made.folder)
        #expect(try Data(contentsOf: made.target) == made.content)
        // A hub outside that points into the company's network is not followed; one inside may.
        settings.hubs = ["http://hub.invalid/inside"]
        let other = ModelFetcher(catalogue: try made.catalogue(), settings: settings)
        let error = await pullError(other, made.name, into: made.folder.appending(path: "other"))
        #expect(error?.description.contains("to the internal address 10.0.0.1") == true, "\(error?.description ?? "")")
        settings.hubs = ["http://hub/inside"]
        let inside = ModelFetcher(catalogue: other.catalogue, settings: settings)
        #expect(await pullError(inside, made.name, into: made.folder.appending(path: "inside")) == nil)
        settings.proxyEnvironment["no_proxy"] = "a.example, .invalid"
        settings.hubs = ["http://hub.invalid/ok"]
        let direct = ModelFetcher(catalogue: try made.catalogue(), settings: settings)
        #expect(await pullError(direct, made.name, into: made.folder.appending(path: "third")) != nil)
    }

    /// A disk that fills up while bytes come; `PALLET_TEST_SMALL_DISK` names a file system of less than 2 MB.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["PALLET_TEST_SMALL_DISK"] != nil))
    func diskFillsUpWhileBytesCome() async throws {
        let disk = try #require(ProcessInfo.processInfo.environment["PALLET_TEST_SMALL_DISK"])
        let made = try MadeModel(size: 4_000_000)
        var settings = try made.settings("ok")
        settings.reserve = -1 << 40
        let fetcher = ModelFetcher(catalogue: try made.catalogue(), settings: settings)
        guard case .diskFull(_, let needed, _)? = await pullError(fetcher, made.name, into: URL(filePath: disk)) else {
            Issue.record("the full disk was not told")
            return
        }
        #expect(needed == 4_000_000)
    }

    @Test func fullDiskIsToldBeforeAnythingIsTaken() async throws {
        let made = try MadeModel()
        var settings = try made.settings("ok")
        settings.reserve = 1 << 60
        let error = await pullError(
            ModelFetcher(catalogue: try made.catalogue(), settings: settings), made.name, into: made.folder)
        guard case .diskFull(let path, let needed, let free)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(path == made.folder.path && needed == 300_000 && free != nil)
        #expect(try HubServer.shared.get().ranges("ok", made.file).isEmpty && made.isNothingVisible)
    }

    @Test func twoPullsOfOneModelDoNotMix() async throws {
        let made = try MadeModel(size: 2_000_000)
        let fetcher = ModelFetcher(catalogue: try made.catalogue(), settings: try made.settings("slow"))
        async let first = fetcher.pull(made.name, into: made.folder)
        try await Task.sleep(for: .milliseconds(300))
        #expect(await pullError(fetcher, made.name, into: made.folder) == .inUse(name: made.name))
        #expect(try await first.hashState == .verified)
        #expect(await pullError(fetcher, made.name, into: made.folder) == nil)
    }

    @Test func cancelledPullKeepsWhatCame() async throws {
        let made = try MadeModel(size: 2_000_000)
        let fetcher = ModelFetcher(catalogue: try made.catalogue(), settings: try made.settings("slow"))
        let task = Task { await pullError(fetcher, made.name, into: made.folder) }
        try await Task.sleep(for: .milliseconds(400))
        task.cancel()
        #expect(await task.value == .cancelled(name: made.name))
        #expect(made.isNothingVisible)
        let partial = made.folder.appending(path: ".\(made.name).partial")
        let kept = try Data(contentsOf: partial)
        #expect(kept.count > 0 && kept == made.content.prefix(kept.count))
        _ = try await fetcher.pull(made.name, into: made.folder)
        #expect(try HubServer.shared.get().ranges("slow", made.file) == ["-", "bytes=\(kept.count)-"])
    }

    @Test func sharedCacheComesFirst() async throws {
        let made = try MadeModel()
        let cache = try HubServer.folder("cache")
        try made.content.write(to: cache.appending(path: made.file))
        var settings = try made.settings("ok")
        settings.cache = cache
        let fetcher = ModelFetcher(catalogue: try made.catalogue(), settings: settings)
        let local = LocalModels(folder: made.folder, cache: cache, catalogue: fetcher.catalogue)
        #expect(try local.resolve(made.name).path == cache.appending(path: made.file).path)
        let model = try await fetcher.pull(made.name, into: made.folder)
        #expect(model.url.path == made.target.path)
        #expect(try HubServer.shared.get().ranges("ok", made.file).isEmpty)
        #expect(try local.resolve(made.name).path == made.target.path)
        // A cached file with other bytes is not used.
        var other = made.content
        other[7] ^= 1
        let second = made.folder.appending(path: "second")
        try other.write(to: cache.appending(path: made.file))
        _ = try await fetcher.pull(made.name, into: second)
        #expect(try Data(contentsOf: second.appending(path: made.file)) == made.content)
        #expect(try HubServer.shared.get().ranges("ok", made.file).count == 1)
    }
}
