import AsyncHTTPClient
import Foundation
import Inference
import Logging
import NIOCore
import NIOHTTP1
import Service
import Storage
import Synchronization
import TestSupport
import Testing

/// Answers that are under way while something happens: the client leaves, the queue is full.
@Suite(.enabled(if: Shared.available, Shared.hint), .serialized)
struct RunningAnswerTests {
    /// As long an answer as the tiny model's context allows.
    private static let long =
        #"{"model":"tiny","prompt":"a","max_tokens":240,"ignore_eos":true,"temperature":0,"stream":true}"#

    @Test func aClientThatLeavesEndsItsAnswer() async throws {
        try await TestServer.run { server in
            // Several, so that they take long enough to be left in the middle.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let response = try await server.open(.POST, "/v1/completions", body: Self.long)
                        for try await _ in response.body { break }
                    }
                }
                try await group.waitForAll()
            }
            var running = 1
            for _ in 0..<200 where running > 0 {
                try await Task.sleep(for: .milliseconds(10))
                let statistics = await server.engine.statistics
                running = statistics.running + statistics.waiting
            }
            #expect(running == 0)
            #expect(await server.engine.statistics.completionTokens < 8 * 240)
        }
    }

    @Test func aClientThatLeavesEndsItsWholeAnswerToo() async throws {
        let log = ErrorLog()
        var settings = TestServer.Settings()
        settings.logger = log.logger
        try await TestServer.run(settings) { server in
            let bodies = [
                ("/v1/completions", Self.long.replacing(#","stream":true"#, with: "")),
                (
                    "/v1/chat/completions",
                    #"{"model":"tiny","messages":[{"role":"user","content":"a"}],"max_tokens":240,"ignore_eos":true}"#
                ),
            ]
            let tasks = (0..<8).map { number in
                let (path, body) = bodies[number % 2]
                return Task { _ = try await server.open(.POST, path, body: body) }
            }
            var started = 0
            for _ in 0..<400 where started < 8 {
                try await Task.sleep(for: .milliseconds(1))
                started = await server.engine.statistics.requests
            }
            for task in tasks { task.cancel() }
            for task in tasks { _ = await task.result }
            var running = 1
            for _ in 0..<400 where running > 0 {
                try await Task.sleep(for: .milliseconds(10))
                let statistics = await server.engine.statistics
                running = statistics.running + statistics.waiting
            }
            #expect(running == 0)
            #expect(await server.engine.statistics.requests == 8)
            #expect(await server.engine.statistics.completionTokens < 8 * 200)
            // The connection of one who stays is kept for its next request.
            for _ in 0..<2 {
                #expect(try await server.post("/v1/completions", #"{"model":"tiny","prompt":"a"}"#).status == 200)
            }
            #expect(log.lines.isEmpty, "\(log.lines)")
        }
    }

    @Test func aClientThatLeavesIsNoErrorInTheLog() async throws {
        let log = ErrorLog()
        var settings = TestServer.Settings()
        settings.logger = log.logger
        try await TestServer.run(settings) { server in
            for _ in 0..<3 {
                let response = try await server.open(.POST, "/v1/completions", body: Self.long)
                for try await _ in response.body { break }
            }
            for _ in 0..<200 where await server.engine.statistics.running > 0 {
                try await Task.sleep(for: .milliseconds(10))
            }
            // What is logged when the stopping server cuts connections is not looked at.
            #expect(log.lines.isEmpty, "\(log.lines)")
        }
    }

    @Test func aFullQueueIsToldToTheNext() async throws {
        var settings = TestServer.Settings()
        settings.limits = .init(running: 1, waiting: 1)
        try await TestServer.run(settings) { server in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<12 {
                    group.addTask { try await server.send(.POST, "/v1/completions", body: Self.long).status }
                }
                return try await group.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(statuses[200, default: 0] >= 2)
            #expect(statuses[429, default: 0] >= 1)
            #expect(statuses.values.reduce(0, +) == statuses[200, default: 0] + statuses[429, default: 0])
        }
    }

    @Test func stoppingFinishesWholeAnswersToo() async throws {
        try await TestServer.run { server in
            let body = Self.long.replacing(#","stream":true"#, with: "")
            async let reply = server.send(.POST, "/v1/completions", body: body)
            while await server.engine.statistics.requests == 0 { try await Task.sleep(for: .milliseconds(1)) }
            await server.stop()
            #expect(try await reply.status == 200)
            #expect(await server.engine.statistics.completionTokens == 240)
        }
    }

    @Test func stoppingFinishesRunningAnswers() async throws {
        try await TestServer.run { server in
            let response = try await server.open(.POST, "/v1/completions", body: Self.long)
            var text = ""
            for try await chunk in response.body {
                if text.isEmpty { await server.stop() }
                text += String(buffer: chunk)
            }
            #expect(text.hasSuffix("data: [DONE]\n\n"))
            #expect(text.contains(#""finish_reason":"length""#))
            #expect(await server.engine.statistics.completionTokens == 240)
            // Nobody is let in any more.
            await #expect(throws: (any Error).self) {
                _ = try await server.open(.GET, "/healthz", seconds: 1)
            }
        }
    }
}

/// Where the service cannot listen it says so before or instead of starting.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct ListeningTests {
    private func run(_ host: String, _ port: Int) async throws {
        let application = PalletApplication(
            configuration: .init(host: host, port: port),
            served: ServedModels(engines: [:], assistants: [:], startedAt: 1),
            database: try PalletDatabase.inMemory(), logger: TestServer.silent)
        try await application.run { _ in Issue.record("it listens") }
    }

    @Test func aWrongHostOrPortHasItsOwnError() async throws {
        await #expect(throws: ListenError.unknownHost("256.1.1.1")) { try await run("256.1.1.1", 0) }
        // An address for documentation, which no machine has.
        await #expect(throws: ListenError.notThisMachine(host: "192.0.2.1")) { try await run("192.0.2.1", 0) }
        try await TestServer.run { server in
            let port = try #require(server.base.split(separator: ":").last.flatMap { Int($0) })
            await #expect(throws: ListenError.portInUse(host: "127.0.0.1", port: port)) {
                try await run("127.0.0.1", port)
            }
        }
    }
}

/// A log of which only warnings and errors are kept.
final class ErrorLog: Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }

    var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(log: self) }
        logger.logLevel = .debug
        return logger
    }

    private struct Handler: LogHandler {
        let log: ErrorLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.debug

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            guard event.level >= .warning else { return }
            log.kept.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
        }
    }
}
