import AsyncHTTPClient
import ChatTemplates
import Foundation
import Inference
import Logging
import ModelFormats
import NIOCore
import NIOHTTP1
import Retrieval
import Service
import ServiceLifecycle
import Storage
import TestSupport

/// A tiny model with random weights that the reference folder holds: qwen2, 256 tokens of context, with a template.
enum TinyModel {
    static let name = "tiny"

    static func load() throws -> LanguageModel {
        let file = Shared.folder.appendingPathComponent("reference/models/qwen2/model.gguf")
        return try LanguageModel(name: name, file: try ModelFile.open(file))
    }

    static let embedder = "tiny-vectors"
    static let reranker = "tiny-reranker"

    static func loadEmbedder() throws -> SentenceEmbedder {
        let file = Shared.folder.appendingPathComponent("reference/models/bert-mean")
        return try SentenceEmbedder(name: embedder, file: try ModelFile.open(file), threads: 1)
    }

    static func loadReranker() throws -> Reranker {
        let file = Shared.folder.appendingPathComponent("reference/models/bert-reranker")
        return try Reranker(name: reranker, file: try ModelFile.open(file), threads: 1)
    }
}

/// The service on a free port of loopback, as it runs for people, with a client.
struct TestServer: Sendable {
    let base: String
    let engine: Engine
    let database: PalletDatabase
    /// Tells the service to stop, as SIGTERM does; returns at once.
    let stop: @Sendable () async -> Void
    private let client: HTTPClient

    /// The application inside a group, which can be told to stop without a signal to the whole test process.
    private struct ApplicationService: ServiceLifecycle.Service {
        let application: PalletApplication
        let started: AsyncStream<Int>.Continuation

        func run() async throws {
            defer { started.finish() }
            try await application.run { started.yield($0) }
        }
    }

    /// What a test wants different.
    struct Settings: Sendable {
        var requiresKey = false
        var host = "127.0.0.1"
        var limits = Scheduler.Limits()
        /// Whether there is an assistant over the test company's documents, which quotes (no model writes).
        var assistant = false
        /// Whether there are models for `/v1/embeddings` and `/v1/rerank`.
        var encoders = false
        /// Where the service's log goes.
        var logger = TestServer.silent
        var prepare: @Sendable (PalletDatabase) async throws -> Void = { _ in }
    }

    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs the service, lets a test talk to it, and stops it.
    static func run(
        _ settings: Settings = Settings(), _ body: @escaping @Sendable (TestServer) async throws -> Void
    ) async throws {
        let database = try PalletDatabase.inMemory()
        try await settings.prepare(database)
        let engine = try Engine(
            model: try TinyModel.load(), settings: .init(threads: 1, limits: settings.limits))
        var assistants: [String: ServedAssistant] = [:]
        if settings.assistant {
            assistants["assistant"] = ServedAssistant(
                index: try await TestCompany.index(database), engine: nil,
                configuration: .init(threshold: 0.3, hotline: TestCompany.hotline))
        }
        let application = PalletApplication(
            configuration: .init(host: settings.host, port: 0, requiresKey: settings.requiresKey),
            served: ServedModels(
                engines: [TinyModel.name: engine], assistants: assistants,
                embedders: settings.encoders ? [TinyModel.embedder: try TinyModel.loadEmbedder()] : [:],
                rerankers: settings.encoders ? [TinyModel.reranker: try TinyModel.loadReranker()] : [:], startedAt: 1),
            database: database, logger: settings.logger)
        let (ports, started) = AsyncStream<Int>.makeStream()
        let lifecycle = ServiceGroup(
            services: [ApplicationService(application: application, started: started)], logger: Self.silent)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await lifecycle.run() }
            guard let port = await ports.first(where: { _ in true }) else {
                // It did not start: its error comes out here.
                return try await group.waitForAll()
            }
            let server = TestServer(
                base: "http://127.0.0.1:\(port)", engine: engine, database: database,
                stop: { await lifecycle.triggerGracefulShutdown() }, client: HTTPClient.shared)
            try await body(server)
            group.cancelAll()
            do { try await group.waitForAll() } catch is CancellationError {}
        }
    }

    /// A request with its whole response.
    func send(
        _ method: HTTPMethod = .GET, _ path: String, body: String? = nil, headers: [String: String] = [:]
    ) async throws -> Reply {
        let response = try await open(method, path, body: body, headers: headers)
        var bytes = try await response.body.collect(upTo: 16 << 20)
        return Reply(
            status: Int(response.status.code), headers: response.headers,
            data: Data(bytes.readBytes(length: bytes.readableBytes) ?? []))
    }

    /// A request whose response's body is still to be read.
    func open(
        _ method: HTTPMethod = .GET, _ path: String, body: String? = nil, headers: [String: String] = [:],
        seconds: Int64 = 60
    ) async throws -> HTTPClientResponse {
        var request = HTTPClientRequest(url: base + path)
        request.method = method
        if let body {
            request.body = .bytes(ByteBuffer(string: body))
            if headers["Content-Type"] == nil {
                request.headers.add(name: "Content-Type", value: "application/json")
            }
        }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        return try await client.execute(request, timeout: .seconds(seconds))
    }

    /// A POST of JSON.
    func post(_ path: String, _ json: String, headers: [String: String] = [:]) async throws -> Reply {
        try await send(.POST, path, body: json, headers: headers)
    }

    /// A POST of a form.
    func ask(_ fields: [(String, String)], headers: [String: String] = [:]) async throws -> Reply {
        let body = fields.map { name, value in
            "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")"
        }.joined(separator: "&")
        var all = ["Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"]
        all.merge(headers) { $1 }
        return try await send(.POST, "/ask", body: body, headers: all)
    }
}

/// A response.
struct Reply {
    let status: Int
    let headers: HTTPHeaders
    let data: Data

    var text: String { String(decoding: data, as: UTF8.self) }

    /// The body as a JSON object; empty where it is none.
    var json: [String: Any] {
        ((try? JSONSerialization.jsonObject(with: data)) as? [String: Any]) ?? [:]
    }

    /// The `error` object.
    var error: [String: Any] { json["error"] as? [String: Any] ?? [:] }

    /// The first choice.
    var choice: [String: Any] { (json["choices"] as? [[String: Any]])?.first ?? [:] }

    var usage: [String: Any] { json["usage"] as? [String: Any] ?? [:] }

    /// The JSON objects of an event stream, and whether it ended with `[DONE]`.
    var events: (objects: [[String: Any]], done: Bool) {
        let lines = text.components(separatedBy: "\n\n").filter { !$0.isEmpty }
        let payloads = lines.map { $0.hasPrefix("data: ") ? String($0.dropFirst(6)) : "" }
        let objects = payloads.compactMap {
            (try? JSONSerialization.jsonObject(with: Data($0.utf8))) as? [String: Any]
        }
        return (objects, payloads.last == "[DONE]" && payloads.count == objects.count + 1)
    }
}

/// An invented company in the database.
enum TestCompany {
    static let hotline = "400-000-0001"

    static let hours = "仓库周一至周六 8:30–17:30 收货和发货，周日不收货。"

    static let prices = """
        # 价格表

        | 规格 | 型号 | 日租 |
        | --- | --- | ---: |
        | 1200×1000 | 川字托盘 | 0.35 元 |
        | 1100×1100 | 田字托盘 | 0.30 元 |
        | 1140×1140 | 九脚 \\| <b>网格</b> | 0.28 元 |
        """

    static func index(_ database: PalletDatabase) async throws -> PassageIndex {
        let index = PassageIndex(database: database, name: "test")
        let texts = [
            ("hours.md", "服务时间", "# 服务时间\n\n\(hours)热线 400-000-0001，全年无休。"),
            ("rules.md", "租赁规则", "# 租赁规则\n\n最短租期 30 天。押金在退租验收后 7 个工作日内原路退回，不计利息。"),
            ("prices.md", "价格表", prices),
            ("attack.md", "<script>alert(1)</script>", "# 标记\n\n尖括号标记：<img src=x onerror=alert(1)>写在资料里。"),
        ]
        let news = (0..<20).map { number in
            ("news/\(number).md", "新闻\(number)", "第\(number)期新闻：客户满意，天气晴朗。员工参加了第\(number)次培训。")
        }
        try await index.build(
            records: (texts + news).map { path, title, text in
                IndexableRecord(
                    document: StoredDocument(record: path, path: path, title: title, date: "2026-01-01"), text: text,
                    textHash: TextHash.hex(text))
            })
        return index
    }

    /// Facts, stations and articles; the stations and texts are as hostile as a database can be.
    @Sendable static func fill(_ database: PalletDatabase) async throws {
        try await database.companyFacts.setFacts([
            "name": "榫舟循环器具租赁有限公司", "site": "榫舟托盘", "hotline": hotline, "categories": "全部\n公司新闻",
        ])
        _ = try await database.stations.importStations([
            Station(city: "合肥", province: "安徽", initial: "A", pinyin: "hefei", pinyinInitials: "hf", phone: "0551-1"),
            Station(city: "宿州", province: "安徽", initial: "A", pinyin: "suzhou", pinyinInitials: "sz"),
            Station(city: "杭州", province: "浙江", initial: "Z", pinyin: "hangzhou", pinyinInitials: "hz"),
        ])
        _ = try await database.articles.importArticles([
            Article(
                title: "空托盘的归途", author: "榫舟", published: "2026-10-13", category: "公司新闻", reads: 1286,
                text: "晚上九点。\n\n<b>第二段</b> & \"\u{301} onclick=alert(1)", previousTitle: "双十一备货安排",
                nextTitle: "维修中心收了 14 名学徒"),
            Article(title: "双十一备货安排", published: "2026-10-01", text: "备货。"),
        ])
    }
}
