import Foundation
import Inference
import NIOHTTP1
import TestSupport
import Testing

/// `/v1/embeddings` and `/v1/rerank` over a socket.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct EmbeddingTests {
    private let settings = TestServer.Settings(encoders: true)

    private func vectors(_ reply: Reply) -> [[Float]] {
        (reply.json["data"] as? [[String: Any]] ?? []).map { item in
            (item["embedding"] as? [NSNumber] ?? []).map(\.floatValue)
        }
    }

    @Test func textsBecomeTheModelsVectors() async throws {
        try await TestServer.run(settings) { server in
            let texts = ["hello world", "", "托盘"]
            let expected = try await TinyModel.loadEmbedder().embeddings(of: texts)
            let reply = try await server.post(
                "/v1/embeddings", #"{"model":"tiny-vectors","input":["hello world","","托盘"],"user":"u"}"#)
            #expect(reply.status == 200 && reply.json["object"] as? String == "list")
            #expect(vectors(reply) == expected.map(\.vector))
            let data = reply.json["data"] as? [[String: Any]] ?? []
            #expect(data.map { $0["index"] as? Int } == [0, 1, 2])
            #expect(data.allSatisfy { $0["object"] as? String == "embedding" })
            let tokens = expected.reduce(0) { $0 + $1.tokens }
            #expect(reply.usage["prompt_tokens"] as? Int == tokens && reply.usage["total_tokens"] as? Int == tokens)
            // One string, and the form that OpenAI's Python client asks for.
            let one = try await server.post(
                "/v1/embeddings",
                #"{"model":"tiny-vectors","input":"hello world","encoding_format":"base64","dimensions":64}"#)
            let text = try #require((one.json["data"] as? [[String: Any]])?.first?["embedding"] as? String)
            let bytes = [UInt8](try #require(Data(base64Encoded: text)))
            let values = stride(from: 0, to: bytes.count, by: 4).map { start in
                Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) })
            }
            #expect(values == expected[0].vector)
            let metrics = try await server.send(.GET, "/metrics").text
            #expect(metrics.contains("pallet_embedding_tokens_total \(tokens + expected[0].tokens)\n"))
            let names = try await server.send(.GET, "/v1/models").text
            #expect(names.contains("tiny-vectors") && names.contains("tiny-reranker"))
        }
    }

    @Test(arguments: [
        (#""model":"tiny-vectors""#, "input"), (#""model":"tiny-vectors","input":[]"#, "input"),
        (#""model":"tiny-vectors","input":[1,2,3]"#, "input"), (#""model":"tiny-vectors","input":[[1]]"#, "input"),
        (#""model":"tiny-vectors","input":["a",1]"#, "input"), (#""model":"tiny-vectors","input":{"a":1}"#, "input"),
        (#""model":"tiny-vectors","input":"a","encoding_format":"int8""#, "encoding_format"),
        (#""model":"tiny-vectors","input":"a","dimensions":32"#, "dimensions"),
        (#""model":"tiny-vectors","input":"a","truncate":"yes""#, "truncate"),
        (#""model":"tiny","input":"a""#, "model"), (#""model":7,"input":"a""#, "model"),
    ])
    func badEmbeddingRequestsNameTheField(_ body: String, field: String) async throws {
        try await TestServer.run(settings) { server in
            let reply = try await server.post("/v1/embeddings", "{\(body)}")
            #expect(reply.status == 400 && reply.error["param"] as? String == field)
            #expect(reply.error["type"] as? String == "invalid_request_error")
        }
    }

    @Test func longTextsAreRefusedOrCutWhenAsked() async throws {
        try await TestServer.run(settings) { server in
            let long = String(repeating: "long text ", count: 200)
            let refused = try await server.post("/v1/embeddings", #"{"model":"tiny-vectors","input":["a","\#(long)"]}"#)
            #expect(refused.status == 400 && refused.error["code"] as? String == "context_length_exceeded")
            #expect((refused.error["message"] as? String)?.contains("Text 1") == true)
            let cut = try await server.post(
                "/v1/embeddings", #"{"model":"tiny-vectors","input":["\#(long)"],"truncate":true}"#)
            #expect(cut.status == 200)
            #expect(vectors(cut) == (try await TinyModel.loadEmbedder().embed([long])))
        }
    }

    @Test func documentsComeInTheOrderOfTheirScores() async throws {
        try await TestServer.run(settings) { server in
            let documents = ["no", "yes it is", "rain in may", "yes it is"]
            let scores = try await TinyModel.loadReranker().scores(query: "is it so?", passages: documents)
            let order = scores.indices.sorted { (scores[$1].logit, $0) < (scores[$0].logit, $1) }
            let body =
                #""model":"tiny-reranker","query":"is it so?","#
                + #""documents":["no",{"text":"yes it is"},"rain in may","yes it is"]"#
            let reply = try await server.post("/v1/rerank", "{\(body)}")
            let results = try #require(reply.json["results"] as? [[String: Any]])
            #expect(reply.status == 200 && results.map { $0["index"] as? Int } == order)
            // JSONSerialization reads a number of 17 digits to within its last bit.
            for (result, index) in zip(results, order) {
                let score = try #require(result["relevance_score"] as? Double)
                #expect(abs(score - scores[index].relevance) < 1e-12)
            }
            #expect(results.allSatisfy { $0["document"] == nil })
            let total = scores.reduce(0) { $0 + $1.tokens }
            #expect(reply.usage["total_tokens"] as? Int == total)
            let best = try await server.post("/v1/rerank", "{\(body),\"top_n\":2,\"return_documents\":true}")
            let two = try #require(best.json["results"] as? [[String: Any]])
            let texts = two.map { ($0["document"] as? [String: Any])?["text"] as? String }
            #expect(texts == order.prefix(2).map { documents[$0] })
            #expect(try await server.send(.GET, "/metrics").text.contains("pallet_rerank_tokens_total \(2 * total)\n"))
        }
    }

    @Test(arguments: [
        (#""model":"tiny-reranker","documents":["a"]"#, "query"),
        (#""model":"tiny-reranker","query":"","documents":["a"]"#, "query"),
        (#""model":"tiny-reranker","query":"q""#, "documents"),
        (#""model":"tiny-reranker","query":"q","documents":[]"#, "documents"),
        (#""model":"tiny-reranker","query":"q","documents":["a",{"body":"b"}]"#, "documents"),
        (#""model":"tiny-reranker","query":"q","documents":["a"],"top_n":0"#, "top_n"),
        (#""model":"tiny-vectors","query":"q","documents":["a"]"#, "model"),
    ])
    func badRerankRequestsNameTheField(_ body: String, field: String) async throws {
        try await TestServer.run(settings) { server in
            let reply = try await server.post("/v1/rerank", "{\(body)}")
            #expect(reply.status == 400 && reply.error["param"] as? String == field)
        }
    }

    /// A name that is served elsewhere: what it is, where to ask it, what could be asked here.
    @Test(arguments: [
        ("/v1/chat/completions", "tiny-vectors", ["an embedding model", "/v1/embeddings", "tiny."]),
        ("/v1/chat/completions", "tiny-reranker", ["a reranker", "/v1/rerank", "tiny."]),
        ("/v1/completions", "tiny-vectors", ["an embedding model", "/v1/embeddings", "tiny."]),
        ("/v1/embeddings", "tiny", ["writes text", "/v1/chat/completions", "tiny-vectors."]),
        ("/v1/embeddings", "tiny-reranker", ["a reranker", "/v1/rerank", "tiny-vectors."]),
        ("/v1/rerank", "tiny-vectors", ["an embedding model", "/v1/embeddings", "tiny-reranker."]),
    ])
    func aNameAtTheWrongDoorIsShownTheRightOne(_ path: String, _ model: String, words: [String]) async throws {
        try await TestServer.run(settings) { server in
            let reply = try await server.post(
                path, #"{"model":"\#(model)","prompt":"a","input":"a","messages":[{"role":"user","content":"x"}]}"#)
            let message = reply.error["message"] as? String ?? ""
            #expect(reply.status == 400 && reply.error["param"] as? String == "model")
            #expect(words.allSatisfy(message.contains), "\(message)")
        }
    }

    @Test func withoutSuchModelsAndWithoutKeysTheRoutesSaySo() async throws {
        try await TestServer.run { server in
            let reply = try await server.post("/v1/embeddings", #"{"model":"none","input":"a"}"#)
            #expect(reply.status == 404 && reply.error["code"] as? String == "model_not_found")
            #expect(try await server.send(.GET, "/v1/embeddings").status == 405)
        }
        var locked = settings
        locked.requiresKey = true
        try await TestServer.run(locked) { server in
            for path in ["/v1/embeddings", "/v1/rerank"] {
                let reply = try await server.post(path, #"{"model":"tiny-vectors","input":"a"}"#)
                #expect(reply.status == 401)
            }
        }
    }
}
