/// What a `tokenizer.json` of a WordPiece model says, with its pieces written as in GGUF.
struct WordPieceJSON {
    private(set) var vocabulary: [(text: String, id: Int)] = []
    private(set) var unknownText: String?
    private(set) var lowercases: Bool?
    private(set) var stripsAccents: Bool?

    private static let file = TokenizerJSON.name

    /// Reads the three parts of a file that matter.
    init(model: JSONValue, normalizer: JSONValue?, preTokenizer: JSONValue?) throws(TokenizerError) {
        unknownText = model["unk_token"]?.string
        if let prefix = model["continuing_subword_prefix"]?.string, prefix != "##" {
            throw .unsupported(
                file: Self.file, feature: "model.continuing_subword_prefix", value: prefix, known: ["##"])
        }
        if let limit = model["max_input_chars_per_word"], limit.integer != 100 {
            throw .unsupported(
                file: Self.file, feature: "model.max_input_chars_per_word", value: limit.summary, known: ["100"])
        }
        guard case .object(let members)? = model["vocab"] else {
            throw .invalidField(
                file: Self.file, field: "model.vocab", expected: "an object",
                actual: model["vocab"]?.summary ?? "nothing")
        }
        for member in members {
            guard let id = member.value.integer, id < Vocabulary.maximumTokens else {
                throw .invalidField(
                    file: Self.file, field: "model.vocab", expected: "ids below \(Vocabulary.maximumTokens)",
                    actual: member.value.summary)
            }
            vocabulary.append((Self.written(member.name), id))
        }
        guard let normalizer, normalizer["type"]?.string == "BertNormalizer",
            normalizer["clean_text"]?.bool != false, normalizer["handle_chinese_chars"]?.bool != false
        else {
            throw .unsupported(
                file: Self.file, feature: "normalizer",
                value: normalizer.map { $0["type"]?.string ?? $0.summary } ?? "null",
                known: ["BertNormalizer that cleans text and sets ideographs apart"])
        }
        lowercases = normalizer["lowercase"]?.bool
        stripsAccents = normalizer["strip_accents"]?.bool
        guard let preTokenizer, preTokenizer["type"]?.string == "BertPreTokenizer" else {
            throw .unsupported(
                file: Self.file, feature: "pre_tokenizer",
                value: preTokenizer.map { $0["type"]?.string ?? $0.summary } ?? "null", known: ["BertPreTokenizer"])
        }
    }

    /// A piece as GGUF writes it: `▁` before the beginning of a word, no `##`; texts in brackets stay.
    private static func written(_ text: String) -> String {
        if isBracketed(text) { return text }
        return text.utf8.starts(with: "##".utf8) ? String(text.unicodeScalars.dropFirst(2)) : "▁" + text
    }

    static func isBracketed(_ text: String) -> Bool {
        text.utf8.count > 1 && text.utf8.first == UInt8(ascii: "[") && text.utf8.last == UInt8(ascii: "]")
    }
}

extension TokenizerJSONWriter {
    /// The model of a WordPiece tokenizer.
    func wordPieceModel() -> JSONValue {
        var members: [JSONMember] = []
        for (id, text) in definition.tokens.enumerated() where !definition.isFiller(id) {
            var name = text
            if tokenizer.writtenType(of: id) == .normal && !WordPieceJSON.isBracketed(text) {
                let begins = text.utf8.starts(with: "▁".utf8)
                name = begins ? String(text.unicodeScalars.dropFirst()) : "##" + text
            }
            members.append(JSONMember(name: name, value: .number(Double(id))))
        }
        return [
            "type": "WordPiece", "unk_token": .string(tokenizer.unknownID.map { definition.tokens[$0] } ?? "[UNK]"),
            "continuing_subword_prefix": "##", "max_input_chars_per_word": .number(100), "vocab": .object(members),
        ]
    }

    /// BERT's normaliser with the flags of the definition.
    var wordNormalizer: JSONValue {
        [
            "type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true,
            "strip_accents": definition.stripsAccents.map { .bool($0) } ?? .null,
            "lowercase": .bool(definition.lowercases ?? true),
        ]
    }
}
