import Foundation
import ModelHub
import Testing

/// An add that is killed leaves no model; the next one removes what it left and brings the whole file.
///
/// The victim is this test program itself, started again with only `victim` to run; it kills itself while it hashes.
@Suite(.serialized) struct KilledAddTests {
    private static let order = "PALLET_TEST_ADD"

    @Test(.enabled(if: ProcessInfo.processInfo.environment[order] != nil))
    func victim() throws {
        let paths = try #require(ProcessInfo.processInfo.environment[Self.order]).split(separator: "|").map(String.init)
        _ = try LocalModels(folder: URL(filePath: paths[1])).add(URL(filePath: paths[0])) { _ in
            _ = kill(getpid(), SIGKILL)
        }
    }

    private func runVictim(_ source: URL, _ folder: URL) throws {
        let process = Process()
        process.executableURL = URL(filePath: CommandLine.arguments[0])
        process.arguments = ["--testing-library", "swift-testing", "--filter", "KilledAddTests/victim"]
        var environment = ProcessInfo.processInfo.environment
        environment[Self.order] = source.path + "|" + folder.path
        process.environment = environment
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationReason == .uncaughtSignal)
    }

    /// Adds after two kills.
    private func addAfterKills(_ source: URL) throws -> LocalModel {
        let folder = try HubServer.folder("models")
        let local = LocalModels(folder: folder)
        for _ in 0..<2 {
            try runVictim(source, folder)
            #expect(try local.list().isEmpty)
        }
        let model = try local.add(source)
        #expect(try local.list() == [model])
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(!names.contains { $0.hasSuffix(".partial") }, "\(names)")
        return model
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment[order] == nil))
    func file() throws {
        let source = try HubServer.folder("disk").appending(path: "brought.gguf")
        let content = Data("GGUF".utf8) + Data(repeating: 3, count: 300_000)
        try content.write(to: source)
        #expect(try Data(contentsOf: addAfterKills(source).url) == content)
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment[order] == nil))
    func folder() throws {
        let source = try HubServer.folder("disk").appending(path: "brought")
        try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
        try Data(#"{"model_type":"llama"}"#.utf8).write(to: source.appending(path: "config.json"))
        try Data(repeating: 7, count: 1000).write(to: source.appending(path: "model.safetensors"))
        let model = try addAfterKills(source)
        let names = try FileManager.default.contentsOfDirectory(atPath: model.url.path).sorted()
        #expect(names == ["config.json", "model.safetensors"])
    }
}
