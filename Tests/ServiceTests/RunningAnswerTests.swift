import AsyncHTTPClient
import Foundation
import Inference
import NIOCore
import NIOHTTP1
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
