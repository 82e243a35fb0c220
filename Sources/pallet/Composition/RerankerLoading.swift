import ArgumentParser
import Inference
import Retrieval
import Service

/// Which model reads the found passages again, if any.
struct RerankerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            text("重排模型：检索到的段落按它的评分重新排序", "reranker that orders the found passages anew"), valueName: "model"))
    var reranker: String?
    @Option(
        name: .customLong("rerank-candidates"),
        help: ArgumentHelp(text("交给重排模型的段落数", "passages that the reranker reads")))
    var candidates = Reranking.standardCandidates

    func validate() throws {
        guard (1...100).contains(candidates) else {
            throw ValidationError(text("--rerank-candidates 应为 1–100", "--rerank-candidates: 1 to 100"))
        }
    }

    /// The model, loaded; nil where none is named.
    func reranking(home: Home, threads: Int) throws -> Reranking? {
        guard let reranker else { return nil }
        return Reranking(
            ModelReranker(try RerankerLoading(home: home, threads: threads).load(reranker)), candidates: candidates)
    }
}

/// The model that weighs passages.
struct RerankerLoading {
    let home: Home
    let threads: Int

    /// The model by its name or path.
    func load(_ name: String) throws -> Reranker {
        try Reranker(
            name: ModelLoading.servedName(name), file: try ModelLoading(home: home).open(name), threads: threads)
    }
}
