internal import FoundationEssentials

/// What the files beside `tokenizer.json` say: special tokens, what is added to a text, chat templates.
struct HuggingFaceSettings {
    /// `added_tokens_decoder` of `tokenizer_config.json`.
    private(set) var addedTokens: [TokenizerJSON.AddedToken] = []
    private let config: JSONValue?
    private let map: JSONValue?
    private let generation: JSONValue?
    private var template: String?
    private var namedTemplates: [String: String] = [:]

    /// Reads what is there of the files.
    init(_ files: [String: Data]) throws(TokenizerError) {
        config = try Self.read("tokenizer_config.json", files)
        map = try Self.read("special_tokens_map.json", files)
        generation = try Self.read("generation_config.json", files)
        if case .object(let members)? = config?["added_tokens_decoder"] {
            for member in members {
                let id = Int(member.name).map { JSONValue.number(Double($0)) }
                addedTokens.append(
                    try TokenizerJSON.addedToken(member.value, id: id, file: "tokenizer_config.json"))
            }
        }
        try readTemplates(files)
    }

    private static func read(_ name: String, _ files: [String: Data]) throws(TokenizerError) -> JSONValue? {
        guard let data = files[name] else { return nil }
        return try JSONReader.value(of: data, file: name)
    }

    private mutating func readTemplates(_ files: [String: Data]) throws(TokenizerError) {
        template = config?["chat_template"]?.string
        for entry in config?["chat_template"]?.array ?? [] {
            guard let name = entry["name"]?.string, let text = entry["template"]?.string else {
                throw .invalidField(
                    file: "tokenizer_config.json", field: "chat_template", expected: "a name and a template",
                    actual: entry.summary)
            }
            if name == "default" { template = text } else { namedTemplates[name] = text }
        }
        if let data = files["chat_template.jinja"] {
            guard let text = String(validating: data, as: UTF8.self) else {
                throw .invalidField(
                    file: "chat_template.jinja", field: "text", expected: "UTF-8", actual: "\(data.count) bytes")
            }
            template = text
        }
    }

    /// Puts roles, additions and templates into a definition whose tokens are complete.
    func apply(to definition: inout TokenizerDefinition, _ json: TokenizerJSON?) {
        var ids = BytesIndex(capacity: definition.tokens.count)
        for (id, text) in definition.tokens.enumerated() { ids.insert(text, symbol: UInt32(id)) }
        func id(_ role: String) -> Int? {
            for source in [config, map] {
                if let value = source?[role], let text = value.string ?? value["content"]?.string,
                    let found = ids.find(text)
                {
                    return Int(found)
                }
            }
            return nil
        }
        let count = definition.tokens.count
        let ends = Self.ids(generation?["eos_token_id"]).filter { $0 < count }
        let isWordPiece = definition.model == .wordPiece
        definition.bosID =
            id(isWordPiece ? "cls_token" : "bos_token") ?? definition.bosID
            ?? Self.ids(generation?["bos_token_id"]).first
        definition.eosID = id(isWordPiece ? "sep_token" : "eos_token") ?? definition.eosID ?? ends.first
        definition.unknownID = id("unk_token") ?? definition.unknownID
        definition.paddingID = id("pad_token") ?? definition.paddingID ?? Self.ids(generation?["pad_token_id"]).first
        // Not all files say these by role; `generation_config.json` lists them, too.
        definition.eotID = id("eot_token")
        definition.eomID = id("eom_token")
        definition.endOfGenerationIDs = ends
        // What closes a text may not be what ends a turn (Qwen3-Embedding: <|endoftext|> and <|im_end|>).
        if let closing = json?.closingText.flatMap({ ids.find($0) }).map({ Int($0) }), closing != definition.eosID {
            definition.eotID = definition.eotID ?? definition.eosID
            definition.eosID = closing
        }
        // Without tokenizer.json the default of SentencePiece models holds.
        definition.addBOS = config?["add_bos_token"]?.bool ?? json?.addsBOS
        definition.addEOS = config?["add_eos_token"]?.bool ?? json?.addsEOS
        definition.chatTemplate = template
        definition.namedChatTemplates = namedTemplates
    }

    /// One id, or a list of them.
    private static func ids(_ value: JSONValue?) -> [Int] {
        if let id = value?.integer { return [id] }
        return value?.array?.compactMap { $0.integer } ?? []
    }
}
