import Foundation
import Inference
import ModelFormats
import Synchronization
import TestSupport
import Testing

/// Prefixes that come back from the disk: no bit of an answer changes, and what is not right is not used.
@Suite(.enabled(if: Shared.available, Shared.hint))
final class SavedPrefixTests: Sendable {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pallet-prefix-\(UUID())")

    deinit { try? FileManager.default.removeItem(at: folder) }

    private static let model: LanguageModel? = {
        let url = Shared.folder.appendingPathComponent("reference/models/qwen2/model.gguf")
        return try? LanguageModel(name: "qwen2", file: try ModelFile.open(url))
    }()

    /// What was told.
    private final class Log: Sendable {
        let events = Mutex<[SavedPrefixes.Event]>([])
        var refused: Int { events.withLock { $0.count { if case .refused = $0 { true } else { false } } } }
    }

    private func engine(
        _ keeps: SavedPrefixes.Choice? = .everyPrompt, identity: String = "model A", limit: Int = 1 << 30,
        log: Log = Log()
    ) throws -> Engine {
        var settings = Engine.Settings(threads: 2, contextLength: 256)
        settings.savedPrefixes = try keeps.map { keeps in
            try SavedPrefixes(folder: folder, identity: identity, byteLimit: limit, keeps: keeps) { event in
                log.events.withLock { $0.append(event) }
            }
        }
        return try Engine(model: try #require(Self.model), settings: settings)
    }

    private var files: [URL] {
        ((try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? [])
            .filter { $0.pathExtension == "prefix" }.sorted { $0.path < $1.path }
    }

    private func prompt(_ count: Int, seed: Int = 1) -> [Int] { (0..<count).map { ($0 * 31 + seed * 7) % 200 } }

    private func request(_ prompt: [Int]) -> GenerationRequest {
        GenerationRequest(prompt: prompt, maxTokens: 8, ignoreEndOfTurn: true, topLogProbabilities: 5)
    }

    /// An engine that starts, answers once and ends.
    private func run(_ engine: Engine, _ prompt: [Int]) async throws -> (GenerationResult, Engine.Statistics) {
        let result = try await engine.complete(request(prompt))
        await engine.drain()
        return (result, await engine.statistics)
    }

    private func same(_ left: GenerationResult, _ right: GenerationResult) -> Bool {
        left.tokens == right.tokens
            && left.logProbabilities.map { $0.top.map(\.logProbability.bitPattern) }
                == right.logProbabilities.map { $0.top.map(\.logProbability.bitPattern) }
    }

    @Test func aPromptComesBackAndChangesNoBit() async throws {
        let plain = try await run(try engine(nil), prompt(150)).0
        let first = try await run(try engine(), prompt(150))
        #expect(first.1.restoredTokens == 0 && files.count == 1 && same(first.0, plain))
        // What people asked is nobody else's.
        for (url, wanted) in [(folder, 0o700), (try #require(files.first), 0o600)] {
            let mode = try FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? Int
            #expect(mode == wanted, "\(url.lastPathComponent)")
        }
        let again = try await run(try engine(), prompt(150))
        #expect(again.1.restoredTokens == 149 && again.0.usage.cachedTokens == 149 && same(again.0, plain))
        // Another question behind the same beginning.
        let other = Array(prompt(150).prefix(100)) + prompt(30, seed: 4)
        let shared = try await run(try engine(), other)
        #expect(shared.1.restoredTokens == 100)
        #expect(same(shared.0, try await run(try engine(nil), other).0))
        // A shorter one, and one that shares too little to be worth it.
        #expect(try await run(try engine(), prompt(60)).1.restoredTokens == 59)
        #expect(try await run(try engine(), Array(prompt(20)) + prompt(40, seed: 9)).1.restoredTokens == 0)
    }

    @Test func anotherModelFindsNothing() async throws {
        _ = try await run(try engine(), prompt(100))
        let name = try #require(files.first)
        let other = try await run(try engine(identity: "model B"), prompt(100))
        #expect(other.1.restoredTokens == 0 && files.count == 2)
        // Not even under the other's name.
        let foreign = try #require(files.first { $0 != name })
        try FileManager.default.removeItem(at: foreign)
        try FileManager.default.copyItem(at: name, to: foreign)
        let log = Log()
        let fooled = try await run(try engine(identity: "model B", log: log), prompt(100))
        #expect(fooled.1.restoredTokens == 0 && log.refused == 1)
    }

    /// Cut and flipped files: computed anew, told, replaced; the answer is right every time.
    @Test func damageIsFoundToldAndMended() async throws {
        let plain = try await run(try engine(), prompt(40)).0
        let url = try #require(files.first)
        let bytes = [UInt8](try Data(contentsOf: url))
        var damaged = [0, 7, 8, 55, 56, 100, bytes.count / 2, bytes.count - 1].map { Array(bytes.prefix($0)) }
        damaged.append(bytes + [0])
        let header = 56 + "model A".utf8.count + 40 * 4 + 8
        let places = Array(stride(from: 0, to: header, by: 5)) + [header, header + 1, bytes.count / 2, bytes.count - 1]
        for place in places {
            var changed = bytes
            changed[place] ^= 0x10
            damaged.append(changed)
        }
        for (index, content) in damaged.enumerated() {
            try Data(content).write(to: url)
            let log = Log()
            let result = try await run(try engine(log: log), prompt(40))
            #expect(result.1.restoredTokens == 0 && log.refused == 1, "case \(index)")
            #expect(same(result.0, plain))
            #expect([UInt8](try Data(contentsOf: url)) == bytes, "case \(index)")
        }
    }

    @Test func aServiceSavesWhatIsAskedTwiceOnly() async throws {
        let service = try engine(.repeatedBeginnings)
        let system = prompt(90)
        // A conversation that goes on is nobody else's beginning.
        let first = try await service.complete(request(system + prompt(20, seed: 3)))
        _ = try await service.complete(request(system + prompt(20, seed: 3) + first.tokens + [5, 6]))
        // Somebody else with the same system text; then a third one, for whom it is there already.
        _ = try await service.complete(request(system + prompt(20, seed: 5)))
        _ = try await service.complete(request(system + prompt(20, seed: 6)))
        await service.drain()
        #expect(files.count == 1)
        let later = try engine(.repeatedBeginnings)
        let answer = try await run(later, system + prompt(25, seed: 8))
        #expect(answer.1.restoredTokens == 90)
        #expect(same(answer.0, try await run(try engine(nil), system + prompt(25, seed: 8)).0))
    }

    private func age(_ url: URL, seconds: Double) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: seconds)], ofItemAtPath: url.path)
    }

    @Test func whatWasUsedLongestAgoGoes() async throws {
        _ = try await run(try engine(), prompt(50))
        let size = try #require(files.first?.resourceValues(forKeys: [.fileSizeKey]).fileSize)
        let old = try #require(files.first)
        try age(old, seconds: 1)
        let limit = size * 5 / 2
        _ = try await run(try engine(limit: limit), prompt(50, seed: 2))
        // It is used once more, so that the other one is older.
        _ = try await run(try engine(limit: limit), prompt(50))
        let other = try #require(files.first { $0 != old })
        try age(other, seconds: 2)
        _ = try await run(try engine(limit: limit), prompt(50, seed: 3))
        #expect(files.count == 2 && files.contains(old) && !files.contains(other))
        // What is larger than the limit is not written at all.
        _ = try await run(try engine(limit: size / 2), prompt(50, seed: 4))
        #expect(files.count == 2)
    }
}
