import ArgumentParser
import Foundation
import Inference
import ModelFormats
import ModelHub
import Tensors
import Tokenizers
import Transformers

/// `--model`: a catalogue name, a GGUF file or a Hugging Face folder, the same in every command.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            text("模型：目录中的名称、GGUF 文件或 Hugging Face 目录", "catalogue name, GGUF file or Hugging Face folder"),
            valueName: "model"))
    var model: String

    @OptionGroup var home: HomeOptions
}

/// From what a user calls a model to the model.
struct ModelLoading {
    let home: Home

    /// The file or folder of a model.
    func locate(_ name: String) throws -> URL {
        let cache = FetchSettings(environment: ProcessInfo.processInfo.environment).cache
        return try LocalModels(folder: home.models, cache: cache).resolve(name)
    }

    func open(_ name: String) throws -> ModelFile { try ModelFile.open(try locate(name)) }

    /// A model that writes text. One that makes vectors or scores pairs is refused with what it is for.
    func openWriter(_ name: String) throws -> ModelFile {
        let file = try open(name)
        guard file.configuration.architecture.isEncoder else { return file }
        guard file.configuration.scoresPairs else {
            throw Failure(
                .data, "\(name) 是句向量模型，不能生成文字：请用 pallet embed，服务中用 pallet serve --embedder",
                "\(name) is an embedding model and writes no text: use pallet embed, or pallet serve --embedder")
        }
        throw Failure(
            .data, "\(name) 是重排模型，不能生成文字：请用 pallet rerank，服务中用 pallet serve --reranker",
            "\(name) is a reranker and writes no text: use pallet rerank, or pallet serve --reranker")
    }

    /// Weights, tokenizer and template, with an adapter laid beside the weights where one is named.
    /// - Parameters:
    ///   - threads: that read and repack the weights, and compute what an adapter needs.
    ///   - context: positions whose keys and values must fit beside the weights, or nothing is read.
    func load(
        _ name: String, precision: Precision = .integer, adapter: String? = nil,
        threads: Int = ProcessInfo.processInfo.activeProcessorCount, cacheElement: KeyValueCache.Element? = nil,
        context: Int? = nil
    ) throws -> LanguageModel {
        let file = try openWriter(name)
        if let context {
            let element = cacheElement ?? precision.cacheElement
            try ContextMemory(file.configuration, positions: context, element: element)
                .check(weights: file.weightBytes(precision))
        }
        // An adapter that cannot be read is told before the weights are.
        let found = try adapter.map { try AdapterLoading(home: home).read($0, for: file) }
        let language = try LanguageModel(
            name: Self.servedName(name), file: file, precision: precision, cacheElement: cacheElement,
            threads: threads)
        guard let found else { return language }
        return try language.adapted(by: found, threads: threads)
    }

    /// The tokenizer alone, without reading weights.
    func tokenizer(_ name: String) throws -> (definition: TokenizerDefinition, tokenizer: Tokenizer) {
        let definition = try definition(at: try locate(name))
        return (definition, try Tokenizer(definition))
    }

    /// A vocabulary needs no weights: a GGUF without tensors, of any architecture, and a folder with tokenizer files
    /// alone will do.
    private func definition(at url: URL) throws -> TokenizerDefinition {
        let isFolder = (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false
        guard isFolder else {
            return try TokenizerDefinition(metadata: try GGUFFile(url).metadata)
        }
        // A folder to train from nothing has the same vocabulary as the model that will come of it.
        let opened = ModelFile.isUntrained(url) ? try? ModelFile.untrained(url, seed: 0) : try? ModelFile.open(url)
        if let opened { return try TokenizerDefinition(file: opened) }
        var files: [String: Data] = [:]
        let names = [
            "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json",
            "generation_config.json", "chat_template.jinja",
        ]
        for name in names {
            files[name] = try? Data(contentsOf: url.appendingPathComponent(name))
        }
        return try TokenizerDefinition(huggingFaceFiles: files)
    }

    /// The name that clients use: a catalogue name as it is, a path without folder and ending.
    static func servedName(_ name: String) -> String {
        let last = name.split(separator: "/").last.map(String.init) ?? name
        return last.lowercased().hasSuffix(".gguf") ? String(last.dropLast(5)) : last
    }
}
