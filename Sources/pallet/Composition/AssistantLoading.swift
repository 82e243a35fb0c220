import Foundation
import Inference
import ModelHub
import Retrieval
import Service
import Storage
import Tensors

/// Puts an assistant together from what a home holds.
struct AssistantLoading {
    let home: Home
    let database: PalletDatabase
    let threads: Int
    var cacheElement: KeyValueCache.Element?

    /// - Parameters:
    ///   - model: nil takes the default model of the catalogue.
    ///   - index: nil takes the only one.
    ///   - reranking: reads the found passages again.
    func assistant(
        model: String?, adapter: String? = nil, index: String?, style: String?, reranking: Reranking? = nil
    ) async throws -> Assistant {
        var passages = try await IndexChoice(
            database: database, embedders: EmbedderLoading(home: home, threads: threads)
        ).index(index)
        passages.reranking = reranking
        let engine = try engine(model, adapter: adapter)
        var configuration = Assistant.Configuration(hotline: try await database.companyFacts.fact("hotline"))
        configuration.systemText = try await database.companyFacts.fact("system_text") ?? ""
        if let style, let named = PromptStyle.named(style) { configuration.style = named }
        return Assistant(
            index: passages, generator: EngineGenerator(engine: engine), configuration: configuration)
    }

    func engine(_ model: String?, adapter: String? = nil) throws -> Engine {
        let name = try model ?? Self.defaultModel()
        let settings = Engine.Settings(threads: threads)
        let language = try ModelLoading(home: home).load(
            name, adapter: adapter, threads: threads, cacheElement: cacheElement, context: settings.contextLength)
        return try Engine(model: language, settings: settings)
    }

    static func defaultModel() throws -> String {
        guard let name = ModelCatalogue.builtIn.entries.first(where: \.isDefault)?.name else {
            throw Failure(.usage, "请用 --model 指定模型", "name a model with --model")
        }
        return name
    }
}
