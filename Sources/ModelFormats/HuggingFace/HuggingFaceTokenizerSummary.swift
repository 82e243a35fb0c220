import FoundationEssentials

/// What an inspection says about a folder's tokenizer: read with the strict JSON reader, nothing is executed.
struct HuggingFaceTokenizerSummary {
    var kind: String?
    var tokenCount: Int?
    var template: String?

    init(_ files: [String: Data]) throws(JSONError) {
        if let data = files["tokenizer.json"] {
            let tokenizer = try JSONReader.value(of: Array(data)).object ?? [:]
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
        } else if let data = files["tokenizer_config.json"] {
            template = try JSONReader.value(of: Array(data)).object?["chat_template"]?.string
        }
    }
}
