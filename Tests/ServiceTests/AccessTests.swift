import Foundation
import NIOHTTP1
import Service
import Storage
import TestSupport
import Testing

/// Who may come in: keys, names of the host, pages of others.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct AccessTests {
    private static let key = "sk-test-0123456789"

    private static func server(
        host: String = "127.0.0.1", requiresKey: Bool = true,
        _ body: @escaping @Sendable (TestServer) async throws -> Void
    ) async throws {
        var settings = TestServer.Settings()
        settings.requiresKey = requiresKey
        settings.host = host
        settings.prepare = { database in
            _ = try await database.apiKeys.addKey(
                hash: AccessPolicy.hash(key), prefix: "sk-test", label: "test")
        }
        try await TestServer.run(settings, body)
    }

    @Test(arguments: ["127.0.0.1", "0.0.0.0"])
    func keysAreWantedByOptionAndOffLoopback(host: String) async throws {
        try await Self.server(host: host, requiresKey: host == "127.0.0.1") { server in
            let without = try await server.send(.GET, "/v1/models")
            #expect(without.status == 401)
            #expect(without.error["code"] as? String == "missing_api_key")
            #expect(without.headers.first(name: "WWW-Authenticate") == "Bearer")
            for wrong in ["Bearer sk-wrong", "Bearer ", "Basic \(Self.key)", "Bearer \(Self.key)x", Self.key] {
                let reply = try await server.send(.GET, "/v1/models", headers: ["Authorization": wrong])
                #expect(reply.status == 401, "\(wrong)")
                #expect(reply.error["type"] as? String == "authentication_error", "\(wrong)")
            }
            let good = ["Authorization": "Bearer \(Self.key)"]
            #expect(try await server.send(.GET, "/v1/models", headers: good).status == 200)
            // What says nothing of the company's needs none.
            #expect(try await server.send(.GET, "/healthz").status == 200)
            let id = try #require(try await server.database.apiKeys.allKeys().first?.id)
            #expect(try await server.database.apiKeys.revokeKey(id: id))
            #expect(try await server.send(.GET, "/v1/models", headers: good).status == 401)
        }
    }

    @Test func onLoopbackAnyKeyOrNoneIsGood() async throws {
        try await Self.server(requiresKey: false) { server in
            for headers in [[:], ["Authorization": "Bearer whatever"]] {
                let reply = try await server.send(.GET, "/v1/models", headers: headers)
                #expect(reply.status == 200)
            }
        }
    }

    @Test func namesThatAreNotThisMachineAreRefused() async throws {
        try await Self.server(requiresKey: false) { server in
            for host in ["evil.example", "evil.example:80", "127.0.0.1.evil.example", ""] {
                let reply = try await server.send(.GET, "/v1/models", headers: ["Host": host])
                #expect([400, 403].contains(reply.status), "\(host)")
            }
            #expect(try await server.send(.GET, "/v1/models", headers: ["Host": "localhost:1"]).status == 200)
        }
    }

    @Test func pagesOfOthersCannotAsk() async throws {
        try await Self.server(requiresKey: false) { server in
            let body = #"{"model":"tiny","messages":[{"role":"user","content":"x"}],"max_tokens":1}"#
            for origin in ["https://evil.example", "null", server.base + ".evil.example", "http://127.0.0.1:1"] {
                let reply = try await server.post("/v1/chat/completions", body, headers: ["Origin": origin])
                #expect(reply.status == 403, "\(origin)")
                #expect(reply.error["code"] as? String == "origin_not_allowed")
            }
            let own = try await server.post("/v1/chat/completions", body, headers: ["Origin": server.base])
            #expect(own.status == 200)
        }
    }
}
