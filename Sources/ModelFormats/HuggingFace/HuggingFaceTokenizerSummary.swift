import FoundationEssentials

/// What an inspection says about a folder's tokenizer: read with the strict JSON reader, nothing is executed.
struct HuggingFaceTokenizerSummary {
    var kind: String?
    var tokenCount: Int?
    var template: String?

    init(_ files: [String: Data]) throws(ModelConfigurationError) {
        if let tokenizer = try Self.object("tokenizer.json", files) {
            let model = tokenizer["model"]?.object ?? [:]
            kind = model["type"]?.string
            let vocabulary = model["vocab"]
            let base = vocabulary?.object.map { Set($0.keys) } ?? []
            let added = tokenizer["added_tokens"]?.array?.compactMap { $0.object?["content"]?.string } ?? []
            // Unigram vocabularies are arrays, the others objects; added tokens may repeat entries.
            tokenCount = vocabulary?.array?.count ?? base.union(added).count
        } else if files["tokenizer.model"] != nil {
            kind = "sentencepiece"
        }
        if let data = files["chat_template.jinja"] {
            template = String(validating: data, as: UTF8.self)
        } else {
            template = try Self.object("tokenizer_config.json", files)?["chat_template"]?.string
        }
    }

    private static func object(_ name: String, _ files: [String: Data]) throws(ModelConfigurationError)
        -> [String: JSONValue]?
    {
        guard let data = files[name] else { return nil }
        do { return try JSONReader.value(of: Array(data)).object ?? [:] } catch { throw .json(path: name, error) }
    }
}
