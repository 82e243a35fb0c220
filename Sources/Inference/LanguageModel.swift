public import ChatTemplates
public import ModelFormats
public import Tensors
public import Tokenizers
public import Transformers

/// A model as it is used: weights, tokenizer and chat template that came together in one file and stay together.
public final class LanguageModel: Sendable {
    /// The name under which it is asked for.
    public let name: String
    /// The weights and the forward pass.
    public let transformer: TransformerModel
    /// The tokenizer of the same file.
    public let tokenizer: Tokenizer
    /// The vocabulary as the file has it.
    public let definition: TokenizerDefinition
    /// The template that the model brings; nil for a model that was not made for chats.
    public let chatTemplate: ChatTemplate?
    let quoting: ControlTextQuoting

    /// Reads everything from one model file.
    /// - Parameters:
    ///   - cacheElement: how keys and values are kept; nil for what suits the precision.
    ///   - threads: that read and repack the weights.
    public init(
        name: String, file: ModelFile, precision: Precision = .integer, cacheElement: KeyValueCache.Element? = nil,
        threads: Int = 1,
        progress: @escaping (String, Int, Int) -> Void = { _, _, _ in }
    ) throws {
        self.name = name
        let definition = try TokenizerDefinition(file: file)
        self.definition = definition
        let tokenizer = try Tokenizer(definition)
        self.tokenizer = tokenizer
        quoting = ControlTextQuoting(
            texts: (0..<tokenizer.vocabularySize).filter { tokenizer.type(of: $0) == .control }
                .compactMap { tokenizer.text(of: $0) })
        chatTemplate = try definition.chatTemplate.map { source in try ChatTemplate(source: source) }
        transformer = try TransformerModel(
            file: file, precision: precision, cacheElement: cacheElement, threads: threads, progress: progress)
    }

    private init(base: LanguageModel, name: String, transformer: TransformerModel) {
        self.name = name
        self.transformer = transformer
        tokenizer = base.tokenizer
        definition = base.definition
        chatTemplate = base.chatTemplate
        quoting = base.quoting
    }

    /// The same model with an adapter beside its weights, which both share in memory; under its own name it is
    /// another model to clients, with an engine (and so with cached prefixes) of its own.
    ///
    /// - Parameter threads: for what DoRA computes while it is taken in.
    /// - Throws: `AdapterError` where the adapter was made for another base.
    public func adapted(by adapter: LoRAAdapter, name: String? = nil, threads: Int = 1) throws -> LanguageModel {
        LanguageModel(
            base: self, name: name ?? self.name,
            transformer: try transformer.adapted(by: adapter, threads: threads))
    }

    /// The same model for sequences of at most so many positions (`TransformerModel.limited`).
    public func limited(to positions: Int) -> LanguageModel {
        let limited = transformer.limited(to: positions)
        return limited === transformer ? self : LanguageModel(base: self, name: name, transformer: limited)
    }
}
