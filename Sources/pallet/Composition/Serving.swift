import Foundation
import Inference
import Logging
import Retrieval
import Service
import Storage
import Tensors

/// The composition root of the service: one engine per model name, every assistant that is configured, and one over the
/// only index where none is. The base and its adapters share the base's weights and the threads.
struct Serving {
    let served: ServedModels
    let database: PalletDatabase
    let engine: Engine
    /// What one answer that fills the context takes.
    let contextMemory: ContextMemory

    /// - Parameters:
    ///   - adapters: of the model, each under a name of its own: a folder, or `NAME=folder`.
    ///   - embedders: models for `/v1/embeddings`; those of the indexes are served too, since they are in memory.
    ///   - rerankers: models for `/v1/rerank`.
    ///   - assistantReranker: the one of them, or one more, by which assistants order what they find.
    ///   - prefixCaching: where beginnings of prompts are saved; nil for nowhere.
    ///   - writes: whether assistants let the model write; else they quote the documents.
    ///   - unconfigured: the assistant where none is configured.
    init(
        home: Home, database: PalletDatabase, model: String?, adapters: [String] = [], embedders named: [String] = [],
        rerankers: [String] = [], assistantReranker: String? = nil, threads: Int, context: Int,
        cacheElement: KeyValueCache.Element? = nil,
        prefixCaching: PrefixCaching? = nil, writes: Bool = true, unconfigured: UnconfiguredAssistant = .init()
    ) async throws {
        self.database = database
        let name = try model ?? AssistantLoading.defaultModel()
        var engines = try AdaptedEngines(
            home: home, model: name, threads: threads, context: context, cacheElement: cacheElement,
            prefixCaching: prefixCaching)
        for adapter in adapters { try engines.serve(adapter) }
        self.engine = engines.base
        contextMemory = engines.contextMemory
        let (weighing, reranking) = try Self.rerankers(
            rerankers, assistants: assistantReranker, RerankerLoading(home: home, threads: threads))
        let hotline = try await database.companyFacts.fact("hotline")
        var assistants: [String: ServedAssistant] = [:]
        let embedders = EmbedderLoading(home: home, threads: threads)
        var known: [String: ModelEmbedder] = [:]
        for name in named {
            let embedder = try embedders.load(name)
            try Self.refuse(
                embedder.embedder.name,
                isTaken: engines.named[embedder.embedder.name] != nil
                    || known.values.contains { $0.embedder.name == embedder.embedder.name })
            known[embedder.name] = embedder
        }
        /// One embedder for all indexes of a space.
        func passages(_ name: String) async throws -> PassageIndex {
            var index = PassageIndex(database: database, name: name)
            index.reranking = reranking
            guard let version = try await database.passages.index(named: name)?.active,
                let space = version.vectorSpace
            else { return index }
            let embedder = known[space] ?? embedders.forSearching(version)
            known[space] = embedder
            index = PassageIndex(database: database, name: name, embedder: embedder)
            index.reranking = reranking
            return index
        }
        for record in try await database.assistants.allAssistants() {
            guard let knowledge = record.knowledge,
                try await database.passages.index(named: knowledge)?.active != nil
            else {
                Output.note(
                    text("助手 \(record.name) 没有可用的索引，未启用", "assistant \(record.name) has no index in use: left out"))
                continue
            }
            assistants[record.name] = ServedAssistant(
                index: try await passages(knowledge),
                engine: writes ? try engines.engine(record.settings.adapter) : nil,
                configuration: .init(record, hotline: hotline))
        }
        if assistants.isEmpty, let only = try await unconfigured.index(of: database) {
            var configuration = Assistant.Configuration(hotline: hotline)
            configuration.systemText = try await database.companyFacts.fact("system_text") ?? ""
            configuration.trustsRefusals = unconfigured.trustsRefusals
            assistants["assistant"] = ServedAssistant(
                index: try await passages(only), engine: writes ? try engines.engine(unconfigured.adapter) : nil,
                configuration: configuration)
        } else if !assistants.isEmpty, unconfigured != .init() {
            throw Failure(
                .usage, "此主目录已配置助手（\(assistants.keys.sorted().joined(separator: "、"))），它们有自己的索引与适配器",
                "this home has configured assistants (\(assistants.keys.sorted().joined(separator: ", "))), which have "
                    + "their own index and adapter")
        }
        served = ServedModels(
            engines: engines.named, assistants: assistants,
            embedders: Dictionary(
                known.values.map { ($0.embedder.name, $0.embedder) }, uniquingKeysWith: { first, _ in first }),
            rerankers: weighing,
            startedAt: Int(Date().timeIntervalSince1970))
    }

    /// The rerankers by name, and what the assistants do with theirs.
    private static func rerankers(
        _ names: [String], assistants: String?, _ loading: RerankerLoading
    ) throws -> ([String: Reranker], Reranking?) {
        var result: [String: Reranker] = [:]
        var reranking: Reranking?
        for name in names + [assistants].compactMap({ $0 }).filter({ !names.contains($0) }) {
            let reranker = try loading.load(name)
            try refuse(reranker.name, isTaken: result[reranker.name] != nil)
            result[reranker.name] = reranker
            if name == assistants { reranking = Reranking(ModelReranker(reranker)) }
        }
        return (result, reranking)
    }

    /// Clients choose by name: of two models of one name nobody could know which answers.
    private static func refuse(_ name: String, isTaken: Bool) throws {
        guard isTaken else { return }
        throw Failure(
            .usage, "模型名 \(name) 已被占用：请给文件或目录另起名",
            "the model name \(name) is taken: give the file or folder another name")
    }

    /// Seconds until the first token of the last answer, if any was written.
    var lastFirstTokenSeconds: Double? {
        get async { await engine.statistics.lastFirstTokenSeconds }
    }

    func run(
        _ configuration: PalletApplication.Configuration, logger: Logger,
        started: @escaping @Sendable (Int) async -> Void
    ) async throws {
        let application = PalletApplication(
            configuration: configuration, served: served, database: database, logger: logger)
        try await application.run(started: started)
        await withDiscardingTaskGroup { group in
            for engine in served.engines.values { group.addTask { await engine.drain() } }
        }
    }
}
