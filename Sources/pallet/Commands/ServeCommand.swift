import ArgumentParser
import Foundation
import Inference
import Logging
import Service
import Storage

/// `pallet serve`: the HTTP service of a home.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: text("启动服务（OpenAI 兼容接口与公司页面）", "Serves: OpenAI-compatible API and the page."))
    @OptionGroup var home: HomeOptions
    @Option(help: ArgumentHelp(text("模型（默认：默认模型）", "model (default: the default model)"))) var model: String?
    @Option(
        help: ArgumentHelp(
            text(
                "同一底座上的适配器，以自己的模型名提供服务（可多次；名称=目录 可另起名）",
                "adapter of the same base, served under a model name of its own (repeatable; NAME=FOLDER names it)"),
            valueName: "adapter"))
    var adapter: [String] = []
    @Option(
        help: ArgumentHelp(
            text("以 /v1/embeddings 提供的句向量模型（可多次）", "model of sentence vectors for /v1/embeddings (repeatable)"),
            valueName: "model"))
    var embedder: [String] = []
    @Option(
        help: ArgumentHelp(
            text("以 /v1/rerank 提供的重排模型（可多次）", "reranker for /v1/rerank (repeatable)"), valueName: "model"))
    var reranker: [String] = []
    @Option(
        name: .customLong("assistant-reranker"),
        help: ArgumentHelp(
            text(
                "重排模型：助手按它的评分重新排序检索到的段落（同时以 /v1/rerank 提供）",
                "reranker that orders what assistants find anew (also served by /v1/rerank)"), valueName: "model"))
    var assistantReranker: String?
    @Option(
        name: .customLong("index"),
        help: ArgumentHelp(
            text("助手所用的索引（默认：唯一的索引）", "index that the assistant answers from (default: the only one)")))
    var assistantIndex: String?
    @Option(
        name: .customLong("assistant-adapter"),
        help: ArgumentHelp(
            text("助手所用的适配器（默认：底座本身）", "adapter that the assistant writes with (default: the model itself)"),
            valueName: "adapter"))
    var assistantAdapter: String?
    @Flag(
        name: .customLong("trust-refusals"),
        help: ArgumentHelp(text("模型学过拒答：采纳它的拒答", "the model was tuned to refuse: its refusals count")))
    var trustRefusals = false
    @OptionGroup var prefixCache: PrefixCacheOptions
    @Option(help: ArgumentHelp(text("监听地址", "address to listen on"))) var host = "127.0.0.1"
    @Option(help: ArgumentHelp(text("端口，0 为任选", "port; 0 takes a free one"))) var port = 8080
    @OptionGroup var threads: ThreadOptions
    @Option(help: ArgumentHelp(text("上下文长度", "longest prompt and answer together, in tokens"))) var context = 8192
    @OptionGroup var cache: CacheOptions
    @Flag(name: .customLong("require-key"), help: ArgumentHelp(text("本机访问也需要密钥", "want an API key on loopback too")))
    var requireKey = false
    @Option(name: .customLong("log-level")) var logLevel = "warning"

    func validate() throws {
        guard (0...65535).contains(port) else { throw ValidationError(text("--port 应为 0–65535", "--port: 0 to 65535")) }
        guard (16...1_048_576).contains(context) else {
            throw ValidationError(text("--context 应为 16–1048576", "--context: 16 to 1048576"))
        }
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("--log-level: trace, debug, info, notice, warning, error, critical")
        }
    }

    func run() async throws {
        LoggingSystem.bootstrap { StreamLogHandler.standardError(label: $0) }
        var logger = Logger(label: "pallet")
        logger.logLevel = Logger.Level(rawValue: logLevel) ?? .warning
        let configuration = PalletApplication.Configuration(host: host, port: port, requiresKey: requireKey)
        try configuration.checkHost()
        let database = try PalletDatabase.open(home: try home.folder.created().url, access: .server)
        let serving = try await Serving(
            home: home.folder, database: database, model: model, adapters: adapter, embedders: embedder,
            rerankers: reranker, assistantReranker: assistantReranker, threads: threads.count, context: context,
            cacheElement: cache.element,
            prefixCaching: PrefixCaching(prefixCache, keeps: .repeatedBeginnings),
            unconfigured: UnconfiguredAssistant(
                index: assistantIndex, adapter: assistantAdapter, trustsRefusals: trustRefusals))
        Output.note(serving.contextMemory.summary)
        if !configuration.isLoopback, try await database.apiKeys.allKeys().allSatisfy({ $0.revokedAt != nil }) {
            Output.note(
                text(
                    "注意：监听 \(host) 时每个请求都需要密钥，而目前没有密钥。用 pallet key create 生成。",
                    "note: on \(host) every request needs an API key, and there is none yet: pallet key create"))
        }
        try await serving.run(configuration, logger: logger) { port in
            let shown = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
            Output.line("http://\(shown):\(port)")
        }
    }
}
