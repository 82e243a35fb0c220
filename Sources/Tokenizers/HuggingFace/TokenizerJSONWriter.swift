/// Writes a tokenizer as a `tokenizer.json`, so that Hugging Face's `tokenizers` gives the ids that ours gives.
struct TokenizerJSONWriter {
    let tokenizer: Tokenizer

    var definition: TokenizerDefinition { tokenizer.definition }

    /// The whole file.
    ///
    /// - Throws: `TokenizerError.unsupported` for a SentencePiece model without scores, whose merges have no order.
    func document() throws(TokenizerError) -> JSONValue {
        [
            "version": "1.0", "truncation": .null, "padding": .null, "added_tokens": .array(addedTokens),
            "normalizer": normalizer, "pre_tokenizer": preTokenizer, "post_processor": postProcessor,
            "decoder": decoder, "model": try model(),
        ]
    }

    /// The text of a token: the vocabulary's, which must be the added token's too, since `tokenizers` finds the id of
    /// an added token by its text.
    private func model() throws(TokenizerError) -> JSONValue {
        if definition.model == .unigram { return unigramModel() }
        if definition.model == .wordPiece { return wordPieceModel() }
        var members: [JSONMember] = []
        members.reserveCapacity(definition.tokens.count)
        for (id, text) in definition.tokens.enumerated() where !definition.isFiller(id) {
            members.append(JSONMember(name: text, value: .number(Double(id))))
        }
        let isSentencePiece = definition.model == .sentencePiece
        // With `unk_token` a byte-level model would write it for bytes that it has no token for; ours drops them.
        var unknown = JSONValue.null
        if isSentencePiece, let id = tokenizer.unknownID { unknown = .string(definition.tokens[id]) }
        return [
            "type": "BPE", "dropout": .null, "unk_token": unknown, "continuing_subword_prefix": .null,
            "end_of_word_suffix": .null, "fuse_unk": .bool(isSentencePiece), "byte_fallback": .bool(isSentencePiece),
            "ignore_merges": .bool(takesWholeWords), "vocab": .object(members), "merges": .array(try merges()),
        ]
    }

    private var takesWholeWords: Bool {
        if case .bytePair(let model) = tokenizer.algorithm { model.takesWholeWords } else { false }
    }

    /// "left right" as all versions read it; as pairs where a text holds a space.
    private func merges() throws(TokenizerError) -> [JSONValue] {
        let rules: [(left: String, right: String)]
        switch tokenizer.algorithm {
        case .sentencePiece(let model):
            guard !definition.scores.isEmpty else {
                throw .unsupported(
                    file: TokenizerJSON.name, feature: "SentencePiece vocabulary", value: "without scores",
                    known: ["one with scores"])
            }
            rules = model.mergeRules().map { (definition.tokens[$0.left], definition.tokens[$0.right]) }
        case .bytePair: rules = byteLevelMerges()
        case .unigram, .wordPiece: rules = []
        }
        if rules.contains(where: { $0.left.utf8.contains(0x20) || $0.right.utf8.contains(0x20) }) {
            return rules.map { [.string($0.left), .string($0.right)] }
        }
        return rules.map { .string($0.left + " " + $0.right) }
    }

    /// The merges whose parts and result are tokens that merging may make; `tokenizers` refuses a file with others.
    private func byteLevelMerges() -> [(left: String, right: String)] {
        func isMergeable(_ text: Substring.UTF8View) -> Bool {
            guard let id = tokenizer.vocabulary.id(of: String(Substring(text))) else { return false }
            let type = tokenizer.writtenType(of: id)
            return type != .control && type != .unknown
        }
        var rules: [(left: String, right: String)] = []
        rules.reserveCapacity(definition.merges.count)
        for line in definition.merges {
            guard let space = line.utf8.dropFirst().firstIndex(of: 0x20) else { continue }
            let left = line.utf8[..<space]
            let right = line.utf8[line.utf8.index(after: space)...]
            let joined = String(Substring(left)) + String(Substring(right))
            guard isMergeable(left), isMergeable(right), isMergeable(joined.utf8[...]) else { continue }
            rules.append((String(Substring(left)), String(Substring(right))))
        }
        return rules
    }

    private var addedTokens: [JSONValue] {
        var tokens: [JSONValue] = []
        for id in definition.tokens.indices where !definition.tokens[id].isEmpty {
            let isSpecial: Bool
            switch tokenizer.writtenType(of: id) {
            case .control, .unknown: isSpecial = true
            case .userDefined: isSpecial = false
            case .normal, .unused, .byte: continue
            }
            tokens.append([
                "id": .number(Double(id)), "content": .string(definition.tokens[id]), "single_word": false,
                "lstrip": .bool(tokenizer.leftStripping.contains(id)),
                "rstrip": .bool(tokenizer.rightStripping.contains(id)), "normalized": false,
                "special": .bool(isSpecial),
            ])
        }
        return tokens
    }
}

extension Tokenizer {
    /// The type that the definition says, not the one after the rules of loading: those are not its content. Where it
    /// has no types, the ones taken instead.
    func writtenType(of id: Int) -> TokenType {
        definition.types.isEmpty ? vocabulary.types[id] : definition.types[id]
    }
}

extension TokenizerJSONWriter {
    private var normalizer: JSONValue {
        switch definition.model {
        case .bytePairEncoding: definition.normalization == .none ? .null : ["type": "NFC"]
        case .sentencePiece: spaces
        case .unigram: unigramNormalizer
        case .wordPiece: wordNormalizer
        }
    }

    private var decoder: JSONValue {
        switch definition.model {
        case .bytePairEncoding: byteLevel(usesPattern: true)
        case .sentencePiece: sentencePieceDecoder
        case .unigram: metaspace
        case .wordPiece: ["type": "WordPiece", "prefix": "##", "cleanup": false]
        }
    }

    /// `▁` for spaces, and one before the text where the model wants it.
    private var spaces: JSONValue {
        let replace: JSONValue = ["type": "Replace", "pattern": ["String": " "], "content": "▁"]
        guard tokenizer.addsSpacePrefix else { return replace }
        return ["type": "Sequence", "normalizers": [["type": "Prepend", "prepend": "▁"], replace]]
    }

    private var sentencePieceDecoder: JSONValue {
        var steps: [JSONValue] = [
            ["type": "Replace", "pattern": ["String": "▁"], "content": " "], ["type": "ByteFallback"],
            ["type": "Fuse"],
        ]
        if tokenizer.addsSpacePrefix {
            steps.append(["type": "Strip", "content": " ", "start": .number(1), "stop": .number(0)])
        }
        return ["type": "Sequence", "decoders": .array(steps)]
    }

    private func byteLevel(usesPattern: Bool) -> JSONValue {
        ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": .bool(usesPattern)]
    }

    private var preTokenizer: JSONValue {
        if definition.model == .unigram { return unigramPreTokenizer }
        if definition.model == .wordPiece { return ["type": "BertPreTokenizer"] }
        guard case .bytePair(let model) = tokenizer.algorithm else { return .null }
        var steps: [JSONValue] = []
        switch model.rule {
        case .gpt2(let digitsAlone):
            if !digitsAlone { return byteLevel(usesPattern: true) }
            steps = [["type": "Digits", "individual_digits": true], byteLevel(usesPattern: true)]
        case .llama3, .fallback, .published:
            for pattern in model.rule.patterns {
                steps.append([
                    "type": "Split", "pattern": ["Regex": .string(pattern)], "behavior": "Isolated", "invert": false,
                ])
            }
            steps.append(byteLevel(usesPattern: false))
        }
        return ["type": "Sequence", "pretokenizers": .array(steps)]
    }

    /// What is put around a text.
    private var postProcessor: JSONValue {
        var single: [JSONValue] = []
        var pair: [JSONValue] = []
        var special: [JSONMember] = []
        func token(_ id: Int, _ sequence: Int) -> JSONValue {
            let text = JSONValue.string(definition.tokens[id])
            return ["SpecialToken": ["id": text, "type_id": .number(Double(sequence))]]
        }
        let bos = tokenizer.addsBOS ? tokenizer.bosID : nil
        let eos = tokenizer.addsEOS ? tokenizer.eosID : nil
        if bos == nil && eos == nil { return .null }
        for (sequence, name) in ["A", "B"].enumerated() {
            let text: JSONValue = ["Sequence": ["id": .string(name), "type_id": .number(Double(sequence))]]
            let parts = [bos.map { token($0, sequence) }, text, eos.map { token($0, sequence) }].compactMap { $0 }
            if sequence == 0 { single = parts }
            pair += parts
        }
        for id in Set([bos, eos].compactMap { $0 }).sorted() {
            let text = definition.tokens[id]
            special.append(
                JSONMember(
                    name: text,
                    value: ["id": .string(text), "ids": [.number(Double(id))], "tokens": [.string(text)]]))
        }
        return [
            "type": "TemplateProcessing", "single": .array(single), "pair": .array(pair),
            "special_tokens": .object(special),
        ]
    }
}
