import Foundation
import Inference
import ModelFormats
import ModelHub
import Retrieval
import Service
import Storage

/// The model that makes vectors, so that documents are found by what they mean.
struct EmbedderLoading {
    let home: Home
    let threads: Int

    /// The catalogue's embedding model.
    static var standard: String? { ModelCatalogue.builtIn.entries.first { $0.task == .embedding }?.name }

    /// The model by its name, from this home or the shared cache.
    func load(_ name: String) throws -> ModelEmbedder {
        let file = try ModelLoading(home: home).open(name)
        return ModelEmbedder(
            try SentenceEmbedder(name: ModelLoading.servedName(name), file: file, threads: threads))
    }

    /// For building an index: the standard model, fetched where it is not here yet. Nil, with a note, where it cannot
    /// be had: the index then finds by words alone.
    func forBuilding() async throws -> ModelEmbedder? {
        guard let name = Self.standard else { return nil }
        if let local = try? load(name) { return local }
        do {
            _ = try await ModelPulling(home: home, retries: 0).pull(name)
            return try load(name)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            Output.note(
                text(
                    "没有取得句向量模型 \(name)，索引只按字词检索。以后运行 pallet model pull \(name) 再重建索引即可。",
                    "The model of sentence vectors \(name) could not be had: the index finds by words alone. Later: pallet "
                        + "model pull \(name), then build the index again."))
            return nil
        }
    }

    /// For searching: the model with which the index was built. Nil, with a note, where it is gone.
    func forSearching(_ version: IndexVersion?) -> ModelEmbedder? {
        guard let space = version?.vectorSpace else { return nil }
        let name = ModelEmbedder.model(ofSpace: space)
        if let embedder = try? load(name), embedder.name == space { return embedder }
        Output.note(
            text(
                "索引用的句向量模型 \(name) 不在，现只按字词检索：pallet model pull \(name)",
                "the index's model of sentence vectors, \(name), is not here: searching by words alone (pallet model pull "
                    + "\(name))"))
        return nil
    }

    /// An index of a home with its embedder.
    func index(_ name: String, in database: PalletDatabase) async throws -> PassageIndex {
        let version = try await database.passages.index(named: name)?.active
        return PassageIndex(database: database, name: name, embedder: forSearching(version))
    }
}
