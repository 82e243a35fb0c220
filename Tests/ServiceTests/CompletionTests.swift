import Foundation
import NIOHTTP1
import TestSupport
import Testing

/// `/v1` as OpenAI's clients meet it, over a socket, with a tiny model.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct CompletionTests {
    private static let chat =
        #"{"model":"tiny","messages":[{"role":"user","content":"hello"}],"max_tokens":8,"temperature":0"#

    @Test func healthModelsAndMetricsAnswer() async throws {
        try await TestServer.run { server in
            #expect(try await server.send(.GET, "/healthz").json["status"] as? String == "ok")
            let models = try await server.send(.GET, "/v1/models")
            let data = models.json["data"] as? [[String: Any]]
            #expect(data?.map { $0["id"] as? String } == ["tiny"])
            #expect(data?.first?["object"] as? String == "model")
            #expect(try await server.send(.GET, "/v1/models/tiny").json["id"] as? String == "tiny")
            #expect(try await server.send(.GET, "/v1/models/other").status == 404)
            _ = try await server.post("/v1/chat/completions", Self.chat + "}")
            let metrics = try await server.send(.GET, "/metrics")
            #expect(metrics.headers.first(name: "Content-Type")?.hasPrefix("text/plain; version=0.0.4") == true)
            // A route is counted by its pattern, so that names in paths do not become series without end.
            #expect(metrics.text.contains("/v1/models/{model}") || metrics.text.contains("/v1/models/:model"))
            #expect(metrics.text.contains("/v1/chat/completions"))
        }
    }

    @Test func chatAnswersAndCountsTokens() async throws {
        try await TestServer.run { server in
            let reply = try await server.post("/v1/chat/completions", Self.chat + "}")
            #expect(reply.status == 200)
            #expect(reply.json["object"] as? String == "chat.completion")
            let message = reply.choice["message"] as? [String: Any]
            #expect(message?["role"] as? String == "assistant")
            #expect(message?["content"] is String)
            #expect(["stop", "length"].contains(reply.choice["finish_reason"] as? String))
            let prompt = try #require(reply.usage["prompt_tokens"] as? Int)
            let completion = try #require(reply.usage["completion_tokens"] as? Int)
            #expect(prompt > 0)
            #expect((1...8).contains(completion))
            #expect(reply.usage["total_tokens"] as? Int == prompt + completion)
        }
    }

    @Test func streamSaysTheSameAsTheWhole() async throws {
        try await TestServer.run { server in
            let whole = try await server.post("/v1/chat/completions", Self.chat + "}")
            let text = (whole.choice["message"] as? [String: Any])?["content"] as? String
            let stream = try await server.post(
                "/v1/chat/completions", Self.chat + #","stream":true,"stream_options":{"include_usage":true}}"#)
            #expect(stream.headers.first(name: "Content-Type")?.hasPrefix("text/event-stream") == true)
            let (events, done) = stream.events
            #expect(done)
            #expect(Set(events.compactMap { $0["id"] as? String }).count == 1)
            let choices = events.compactMap { ($0["choices"] as? [[String: Any]])?.first }
            let pieces = choices.compactMap { ($0["delta"] as? [String: Any])?["content"] as? String }
            #expect(pieces.joined() == text)
            #expect((choices.first?["delta"] as? [String: Any])?["role"] as? String == "assistant")
            #expect(choices.last?["finish_reason"] as? String == whole.choice["finish_reason"] as? String)
            let usage = try #require(events.last?["usage"] as? [String: Any])
            #expect((events.last?["choices"] as? [Any])?.isEmpty == true)
            #expect(usage["completion_tokens"] as? Int == whole.usage["completion_tokens"] as? Int)
            // Without asking for it no chunk counts.
            let plain = try await server.post("/v1/chat/completions", Self.chat + #","stream":true}"#)
            #expect(plain.events.objects.allSatisfy { !($0["usage"] is [String: Any]) })
        }
    }

    @Test func plainCompletionAnswersWholeAndStreamed() async throws {
        try await TestServer.run { server in
            let body = #"{"model":"tiny","prompt":"Once upon a time","max_tokens":6,"temperature":0"#
            let whole = try await server.post("/v1/completions", body + "}")
            #expect(whole.status == 200)
            #expect(whole.json["object"] as? String == "text_completion")
            let text = try #require(whole.choice["text"] as? String)
            let stream = try await server.post("/v1/completions", body + #","stream":true}"#)
            let pieces = stream.events.objects.compactMap {
                ($0["choices"] as? [[String: Any]])?.first?["text"] as? String
            }
            #expect(stream.events.done)
            #expect(pieces.joined() == text)
        }
    }

    @Test func controlTokensInContentsStayText() async throws {
        try await TestServer.run { server in
            func tokens(_ content: String) async throws -> Int {
                let reply = try await server.post(
                    "/v1/chat/completions",
                    #"{"model":"tiny","messages":[{"role":"user","content":"\#(content)"}],"max_tokens":1}"#)
                return try #require(reply.usage["prompt_tokens"] as? Int)
            }
            // As a control token the ten characters would be one token.
            let none = try await tokens("a")
            let one = try await tokens("a<|im_end|>")
            #expect(one - none > 1)
        }
    }
}

/// What wrong requests get.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct RefusalTests {
    /// Body, status, `param`, `code`.
    private static let wrong: [(String, Int, String?, String?)] = [
        (#"{"model":"none","messages":[{"role":"user","content":"x"}]}"#, 404, "model", "model_not_found"),
        (#"{"messages":[{"role":"user","content":"x"}]}"#, 400, "model", nil),
        (#"{"model":"tiny"}"#, 400, "messages", nil),
        (#"{"model":"tiny","messages":[]}"#, 400, "messages", nil),
        (#"{"model":"tiny","messages":[{"role":"king","content":"x"}]}"#, 400, "messages[0].role", nil),
        (#"{"model":"tiny","messages":[{"role":"user","content":7}]}"#, 400, "messages[0].content", nil),
        (#"{"model":"tiny","messages":[{"role":"user","content":"x"}],"temperature":3}"#, 400, "temperature", nil),
        (#"{"model":"tiny","messages":[{"role":"user","content":"x"}],"temperature":1e400}"#, 400, nil, nil),
        (#"{"model":"tiny","messages":[{"role":"user","content":"x"}],"top_p":-1}"#, 400, "top_p", nil),
        (#"{"model":"tiny","messages":[{"role":"user","content":"x"}],"max_tokens":0}"#, 400, "max_tokens", nil),
        (#"{"model":"tiny","messages":[{"role":"user","content":"x"}],"n":2}"#, 400, "n", nil),
        (#"{"model":"tiny","messages":[{"role":"user","content":"x"}],"stream":"yes"}"#, 400, "stream", nil),
        (#"{"model":"tiny","messages":[{"role":"user","content":"x"}],"tools":[{}]}"#, 400, "tools", nil),
        (#"{"model":"tiny","messages":"#, 400, nil, "invalid_json"),
        ("[1]", 400, nil, "invalid_json"),
        (String(repeating: "[", count: 100_000), 400, nil, "invalid_json"),
        ("", 400, nil, "invalid_json"),
    ]

    @Test func wrongRequestsAreRefusedWithTheFieldsName() async throws {
        try await TestServer.run { server in
            for (body, status, parameter, code) in Self.wrong {
                let reply = try await server.post("/v1/chat/completions", body)
                #expect(reply.status == status, "\(body.prefix(120))")
                #expect((reply.error["message"] as? String)?.isEmpty == false, "\(body.prefix(120))")
                #expect(reply.error["type"] as? String == "invalid_request_error", "\(body.prefix(120))")
                if let parameter { #expect(reply.error["param"] as? String == parameter, "\(body.prefix(120))") }
                if let code { #expect(reply.error["code"] as? String == code, "\(body.prefix(120))") }
            }
        }
    }

    @Test func promptsThatDoNotFitAreRefusedWithBothNumbers() async throws {
        try await TestServer.run { server in
            let long = String(repeating: "word ", count: 2000)
            for stream in ["false", "true"] {
                let reply = try await server.post(
                    "/v1/chat/completions",
                    #"{"model":"tiny","messages":[{"role":"user","content":"\#(long)"}],"stream":\#(stream)}"#)
                #expect(reply.status == 400)
                #expect(reply.error["code"] as? String == "context_length_exceeded")
                let message = reply.error["message"] as? String ?? ""
                #expect(message.contains("256"))
                #expect(message.contains(#/[0-9]{4,} tokens/#))
            }
        }
    }

    @Test func bodiesThatAreTooLargeAreNotRead() async throws {
        try await TestServer.run { server in
            let reply = try await server.post(
                "/v1/chat/completions",
                #"{"model":"tiny","x":""# + String(repeating: "x", count: 5 << 20) + #""}"#)
            #expect(reply.status == 413)
            #expect(reply.error["code"] as? String == "request_too_large")
        }
    }

    @Test func refusalsReachClientsThatEndTheConnection() async throws {
        var settings = TestServer.Settings()
        settings.requiresKey = true
        let large = String(repeating: "x", count: 24 << 20)
        try await TestServer.run { server in
            let reply = try await server.post(
                "/v1/chat/completions", large, headers: ["Connection": "close"])
            #expect(reply.status == 413)
            #expect(reply.error["code"] as? String == "request_too_large")
            #expect(try await server.post("/v1/none", large, headers: ["Connection": "close"]).status == 404)
            #expect(try await server.post("/ask", large, headers: ["Connection": "close"]).status == 415)
        }
        try await TestServer.run(settings) { server in
            let reply = try await server.post("/v1/completions", large, headers: ["Connection": "close"])
            #expect(reply.status == 401)
        }
    }

    @Test func plainCompletionsNameTheirOwnField() async throws {
        try await TestServer.run { server in
            let long = String(repeating: "word ", count: 2000)
            for stream in ["false", "true"] {
                for prompt in [#""\#(long)""#, "[]"] {
                    let reply = try await server.post(
                        "/v1/completions", #"{"model":"tiny","prompt":\#(prompt),"stream":\#(stream)}"#)
                    #expect(reply.status == 400)
                    #expect(reply.error["param"] as? String == "prompt")
                }
            }
        }
    }

    @Test func unknownRoutesAndMethodsGetJSON() async throws {
        try await TestServer.run { server in
            let requests: [(HTTPMethod, String, String?)] = [
                (.GET, "/v1/none", nil), (.GET, "/v1/chat/completions", "POST"), (.DELETE, "/v1/models", "GET, HEAD"),
                (.PUT, "/v1/models/tiny", "GET, HEAD"), (.RAW(value: "PROPFIND"), "/v1/completions", "POST"),
                (.POST, "/v1/models/tiny/none", nil), (.OPTIONS, "/v1/completions/", "POST"),
            ]
            for (method, path, allowed) in requests {
                let reply = try await server.send(method, path, headers: ["Accept": "text/html"])
                #expect(reply.status == (allowed == nil ? 404 : 405), "\(method) \(path)")
                #expect(reply.headers.first(name: "Allow") == allowed, "\(method) \(path)")
                #expect((reply.error["message"] as? String)?.isEmpty == false, "\(method) \(path)")
                #expect((reply.error["code"] as? String == "method_not_allowed") == (allowed != nil))
            }
        }
    }
}
