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
    public init(
        name: String, file: ModelFile, precision: Precision = .integer,
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
        transformer = try TransformerModel(file: file, precision: precision, progress: progress)
    }
}
