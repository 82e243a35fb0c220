public import FoundationEssentials

extension TokenizerDefinition {
    /// The files of a Hugging Face folder that describe this tokenizer, by name; `init(huggingFaceFiles:)` reads them
    /// back, and transformers loads them.
    ///
    /// - `tokenizer.json`: vocabulary, merges, split rule, added tokens, what is put around a text. The merges of a
    ///   SentencePiece model are all ways to cut a piece into two, by the piece's score.
    /// - `tokenizer.model` for a SentencePiece model: pieces, scores, types.
    /// - `tokenizer_config.json`: special tokens by role, flags, chat templates.
    /// - `generation_config.json`: the ids that end generation.
    ///
    /// Tokens that only fill up the embedding (unused, `[PADi]`) are left out; reading puts them back from the
    /// model's `vocab_size`. Merges whose parts or result are no tokens are left out, since `tokenizers` refuses them.
    /// A user-defined `▁` of a SentencePiece model is read back as a space. Of two merges of a SentencePiece model
    /// with the same score the leftmost goes first here, in `tokenizers` the one with the lower rank: there ids can
    /// differ in runs of one character.
    ///
    /// - Throws: `TokenizerError` for what `Tokenizer` refuses, and for a SentencePiece vocabulary without scores.
    ///
    /// Cost: linear in the vocabulary.
    public func huggingFaceFiles() throws(TokenizerError) -> [String: Data] {
        let tokenizer = try Tokenizer(self)
        var files = [
            TokenizerJSON.name: try TokenizerJSONWriter(tokenizer: tokenizer).document().data(),
            "tokenizer_config.json": configuration(tokenizer).data(),
            "generation_config.json": generation(tokenizer).data(),
        ]
        if model == .sentencePiece { files["tokenizer.model"] = SentencePieceFile.data(tokenizer) }
        return files
    }

    /// Whether a token only fills a row of the embedding: unused and named as `init(huggingFaceFiles:)` and converters
    /// name such tokens, or without a text.
    func isFiller(_ id: Int) -> Bool {
        if tokens[id].isEmpty { return true }
        return !types.isEmpty && types[id] == .unused && tokens[id] == "[PAD\(id)]"
    }

    private func configuration(_ tokenizer: Tokenizer) -> JSONValue {
        var members: [JSONMember] = []
        func add(_ name: String, _ value: JSONValue) { members.append(JSONMember(name: name, value: value)) }
        add("tokenizer_class", "PreTrainedTokenizerFast")
        let roles = [
            (model == .wordPiece ? "cls_token" : "bos_token", tokenizer.bosID),
            (model == .wordPiece ? "sep_token" : "eos_token", tokenizer.eosID), ("unk_token", tokenizer.unknownID),
            ("pad_token", tokenizer.paddingID), ("eot_token", eotID), ("eom_token", eomID),
        ]
        for (role, id) in roles {
            // transformers makes a special token of whatever has a role; ordinary text must not become one.
            guard let id, let type = tokenizer.type(of: id),
                type == .control || type == .unknown || type == .userDefined
            else { continue }
            add(role, .string(tokens[id]))
        }
        add("add_bos_token", .bool(tokenizer.addsBOS))
        add("add_eos_token", .bool(tokenizer.addsEOS))
        add("clean_up_tokenization_spaces", false)
        if !namedChatTemplates.isEmpty {
            let all = namedChatTemplates.merging(chatTemplate.map { ["default": $0] } ?? [:]) { $1 }
            let entries = all.sorted { $0.key < $1.key }
            add("chat_template", .array(entries.map { ["name": .string($0.key), "template": .string($0.value)] }))
        } else if let chatTemplate {
            add("chat_template", .string(chatTemplate))
        }
        return .object(members)
    }

    private func generation(_ tokenizer: Tokenizer) -> JSONValue {
        var members: [JSONMember] = []
        func add(_ name: String, _ id: Int?) {
            if let id { members.append(JSONMember(name: name, value: .number(Double(id)))) }
        }
        add("bos_token_id", tokenizer.bosID)
        var ends: [Int] = []
        for id in [tokenizer.eosID, eotID, eomID] + endOfGenerationIDs.map(Optional.some) {
            if let id, tokens.indices.contains(id), !ends.contains(id) { ends.append(id) }
        }
        if ends.count == 1 { add("eos_token_id", ends[0]) }
        if ends.count > 1 {
            members.append(JSONMember(name: "eos_token_id", value: .array(ends.map { .number(Double($0)) })))
        }
        add("pad_token_id", tokenizer.paddingID)
        return .object(members)
    }
}
