public import FoundationEssentials

extension TokenizerDefinition {
    /// Reads the tokenizer of a Hugging Face folder.
    ///
    /// `tokenizer.json` decides the algorithm and its split rule; for SentencePiece models a `tokenizer.model`
    /// beside it gives pieces, scores and types, and it is enough alone. Without it scores follow from the order of
    /// the merges. The other files give special tokens and chat templates.
    ///
    /// - Parameters:
    ///   - files: Contents by file name: `tokenizer.json` or `tokenizer.model`, and `tokenizer_config.json`,
    ///     `special_tokens_map.json`, `generation_config.json`, `chat_template.jinja` where they exist.
    ///   - vocabularySize: Rows of the model's embedding (`vocab_size` of config.json); ids without a token up to
    ///     there become unused tokens `[PADi]`, as in a converted GGUF.
    /// - Throws: `TokenizerError` when a file is damaged, or when it asks for what is not built here (by name).
    public init(huggingFaceFiles files: [String: Data], vocabularySize: Int? = nil) throws(TokenizerError) {
        var json: TokenizerJSON?
        if let data = files["tokenizer.json"] { json = try TokenizerJSON(data) }
        var builder: HuggingFaceVocabulary
        if let data = files["tokenizer.model"], json == nil || json?.kind == .sentencePiece {
            builder = try HuggingFaceVocabulary(SentencePieceFile(data), json)
        } else if let json {
            builder = try HuggingFaceVocabulary(json)
        } else {
            // The unigram file of XLM-RoBERTa does not say which ids its pieces have; tokenizer.json does.
            let isXLM = files["sentencepiece.bpe.model"] != nil
            throw .missingFile(
                expected: isXLM ? ["tokenizer.json"] : ["tokenizer.json", "tokenizer.model"], found: files.keys.sorted()
            )
        }
        let settings = try HuggingFaceSettings(files)
        for token in settings.addedTokens { try builder.add(token) }
        for token in json?.addedTokens ?? [] { try builder.addUnlessSpecial(token) }
        if let vocabularySize { try builder.fill(to: vocabularySize) }
        self = builder.definition
        settings.apply(to: &self, json)
    }
}

/// Collects tokens by id, whatever file they come from.
struct HuggingFaceVocabulary {
    private(set) var definition: TokenizerDefinition
    private var filled: [Bool] = []
    /// Ids of tokens that came with flags.
    private var added: Set<Int> = []

    /// Score of an added token, as converted GGUF files have it; it takes part in no merge.
    private static let addedScore: Float = -1000
    private static let emptyScore: Float = -10000

    /// The vocabulary of a `tokenizer.json`.
    init(_ json: TokenizerJSON) throws(TokenizerError) {
        definition = TokenizerDefinition(model: json.kind, tokens: [])
        definition.normalization = json.normalization
        definition.preTokenizer = json.preTokenizer ?? "default"
        if let unigram = json.unigram {
            try take(unigram)
            return
        }
        if let wordPiece = json.wordPiece {
            definition.preTokenizer = "bert-bge"
            for (text, id) in wordPiece.vocabulary { try place(text, id, .normal, 0) }
            definition.unknownID = definition.tokens.firstIndex { $0 == wordPiece.unknownText }
            definition.lowercases = wordPiece.lowercases
            definition.stripsAccents = wordPiece.stripsAccents
            return
        }
        for (text, id) in json.vocabulary { try place(text, id, .normal, 0) }
        if json.kind == .bytePairEncoding {
            definition.merges = json.merges.map { $0.left + " " + $0.right }
            definition.scores = []
            definition.addSpacePrefix = false
            return
        }
        definition.addSpacePrefix = json.addsSpacePrefix
        scoreByMerges(json)
    }

    /// The pieces of a unigram model.
    private mutating func take(_ json: UnigramJSON) throws(TokenizerError) {
        for (id, piece) in json.pieces.enumerated() {
            let isByte = json.hasByteTokens && Vocabulary.byteToken(piece.text) != nil
            try place(piece.text, id, id == json.unknownID ? .unknown : isByte ? .byte : .normal, piece.score)
        }
        definition.unknownID = json.unknownID
        definition.characterMap = json.characterMap
        definition.addSpacePrefix = json.addsSpacePrefix
        definition.removeExtraWhitespaces = json.removesExtraSpaces
    }

    /// The pieces of a `tokenizer.model`.
    init(_ file: SentencePieceFile, _ json: TokenizerJSON?) throws(TokenizerError) {
        definition = TokenizerDefinition(model: .sentencePiece, tokens: [], preTokenizer: "default")
        guard file.modelType == 2 else {
            let names = [1: "unigram", 3: "word", 4: "character"]
            throw .unsupported(
                file: "tokenizer.model", feature: "model type", value: names[file.modelType] ?? "\(file.modelType)",
                known: ["BPE"])
        }
        // With a tokenizer.json it was checked that nothing but spaces is normalised.
        if file.hasCharacterMap && json == nil {
            throw .unsupported(
                file: "tokenizer.model", feature: "normaliser", value: file.normalizerName, known: ["identity"])
        }
        for (id, piece) in file.pieces.enumerated() { try place(piece.text, id, piece.type, piece.score) }
        definition.addSpacePrefix = json?.addsSpacePrefix ?? file.addsDummyPrefix
        definition.removeExtraWhitespaces = file.removesExtraWhitespaces
        definition.unknownID = file.unknownID >= 0 ? file.unknownID : nil
        definition.bosID = file.bosID >= 0 ? file.bosID : nil
        definition.eosID = file.eosID >= 0 ? file.eosID : nil
        definition.paddingID = file.paddingID >= 0 ? file.paddingID : nil
    }

    /// Scores of a SentencePiece model that came as merges: a piece that merges make has minus the place of its first
    /// merge among the pieces, which gives the same order; pieces that no merge makes come after them by id.
    private mutating func scoreByMerges(_ json: TokenizerJSON) {
        var ids = BytesIndex(capacity: definition.tokens.count)
        for (id, text) in definition.tokens.enumerated() { ids.insert(text, symbol: UInt32(id)) }
        var next = 0
        var scored = [Bool](repeating: false, count: definition.tokens.count)
        for (left, right) in json.merges {
            let bytes = Array(left.utf8) + Array(right.utf8)
            guard let found = ids.find(bytes, 0, bytes.count), !scored[Int(found)] else { continue }
            definition.scores[Int(found)] = -Float(next)
            scored[Int(found)] = true
            next += 1
        }
        for (id, text) in definition.tokens.enumerated() where !scored[id] {
            if Vocabulary.byteToken(text) != nil {
                definition.types[id] = .byte
            } else if filled[id] && text.utf8.elementsEqual((json.unknownText ?? "").utf8) {
                definition.types[id] = .unknown
            } else if filled[id] {
                definition.scores[id] = -Float(next)
                next += 1
            }
        }
    }

    /// Adds a token with its flags; its text takes the place of another.
    mutating func add(_ token: TokenizerJSON.AddedToken) throws(TokenizerError) {
        // Converted files hold user-defined texts as they are searched in a text: with spaces.
        let spaced = definition.model.hasScores && !token.isSpecial
        let text = spaced ? Self.spaced(token.text) : token.text
        extend(to: token.id + 1)
        // A unigram model lists its special tokens with scores.
        let isListed = definition.model == .unigram && filled[token.id]
        filled[token.id] = false
        let score = isListed ? definition.scores[token.id] : Self.addedScore
        try place(text, token.id, token.isSpecial ? .control : .userDefined, score)
        added.insert(token.id)
        noteStripping(token)
    }

    private mutating func noteStripping(_ token: TokenizerJSON.AddedToken) {
        if token.stripsLeft { definition.leftStrippingIDs.append(token.id) }
        if token.stripsRight { definition.rightStrippingIDs.append(token.id) }
    }

    /// Adds a token; where a special one stands already, only its flags.
    mutating func addUnlessSpecial(_ token: TokenizerJSON.AddedToken) throws(TokenizerError) {
        if definition.tokens.indices.contains(token.id), filled[token.id] {
            switch definition.types[token.id] {
            case .control, .unknown, .userDefined:
                // From tokenizer_config.json, with the same flags, or from tokenizer.model, which has none and writes
                // spaces as `▁`.
                if !added.contains(token.id) {
                    noteStripping(token)
                    if definition.types[token.id] == .userDefined && definition.model.hasScores {
                        definition.tokens[token.id] = Self.spaced(definition.tokens[token.id])
                    }
                }
                return
            case .normal, .unused, .byte: break
            }
        }
        try add(token)
    }

    /// Makes unused tokens of the ids below `count` that have none.
    mutating func fill(to count: Int) throws(TokenizerError) {
        if count > Vocabulary.maximumTokens { throw .tooManyTokens(count: count, limit: Vocabulary.maximumTokens) }
        extend(to: count)
    }

    private mutating func place(
        _ text: String, _ id: Int, _ type: TokenType, _ score: Float
    ) throws(TokenizerError) {
        extend(to: id + 1)
        if filled[id] {
            throw .invalidField(
                file: TokenizerJSON.name, field: "vocab", expected: "one text for id \(id)", actual: text)
        }
        filled[id] = true
        definition.tokens[id] = text
        definition.types[id] = type
        if definition.model.hasScores { definition.scores[id] = score }
    }

    private mutating func extend(to count: Int) {
        while definition.tokens.count < count {
            definition.tokens.append("[PAD\(definition.tokens.count)]")
            definition.types.append(.unused)
            if definition.model.hasScores { definition.scores.append(Self.emptyScore) }
            filled.append(false)
        }
    }

    private static func spaced(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\u{2581}" ? " " : $0 }))
    }
}
