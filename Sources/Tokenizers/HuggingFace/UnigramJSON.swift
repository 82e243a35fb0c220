internal import FoundationEssentials

/// What a `tokenizer.json` of a unigram model says: pieces with scores, the character map, the rules for spaces.
///
/// `tokenizers` writes SentencePiece's normaliser as several steps; those forms are known here that published models
/// have: a `Precompiled` map, runs of spaces removed by `WhitespaceSplit` or by a `Replace`, and `Metaspace`.
struct UnigramJSON {
    private(set) var pieces: [(text: String, score: Float)] = []
    private(set) var unknownID: Int?
    private(set) var hasByteTokens = false
    private(set) var characterMap: [UInt8] = []
    private(set) var addsSpacePrefix = false
    private(set) var removesExtraSpaces = false

    private static let file = TokenizerJSON.name

    /// Reads the three parts of a file that matter.
    init(
        model: JSONValue, normalizer: JSONValue?, preTokenizer: JSONValue?
    ) throws(TokenizerError) {
        guard let entries = model["vocab"]?.array else { throw Self.invalid("model.vocab", "an array", model["vocab"]) }
        if entries.count > Vocabulary.maximumTokens {
            throw .tooManyTokens(count: entries.count, limit: Vocabulary.maximumTokens)
        }
        pieces.reserveCapacity(entries.count)
        for entry in entries {
            guard let pair = entry.array, pair.count == 2, let text = pair[0].string, case .number(let score) = pair[1]
            else { throw Self.invalid("model.vocab", "a text and a score", entry) }
            pieces.append((text, Float(score)))
        }
        hasByteTokens = model["byte_fallback"]?.bool ?? false
        if let value = model["unk_id"], !value.isNull {
            guard let id = value.integer, id < pieces.count else {
                throw Self.invalid("model.unk_id", "an id below \(pieces.count)", value)
            }
            unknownID = id
        } else if !hasByteTokens {
            throw Self.invalid("model.unk_id", "an id, since there is no byte_fallback", model["unk_id"])
        }
        try readNormalizer(normalizer)
        try readPreTokenizer(preTokenizer)
    }

    private static func invalid(_ field: String, _ expected: String, _ found: JSONValue?) -> TokenizerError {
        .invalidField(file: file, field: field, expected: expected, actual: found?.summary ?? "nothing")
    }

    private mutating func readNormalizer(_ value: JSONValue?) throws(TokenizerError) {
        guard let value, !value.isNull else { return }
        let isSequence = value["type"]?.string == "Sequence"
        for part in isSequence ? value["normalizers"]?.array ?? [] : [value] {
            let type = part["type"]?.string ?? part.summary
            switch type {
            case "Precompiled" where characterMap.isEmpty && !removesExtraSpaces:
                guard let text = part["precompiled_charsmap"]?.string, let data = Data(base64Encoded: text) else {
                    throw Self.invalid("precompiled_charsmap", "Base64", part["precompiled_charsmap"])
                }
                characterMap = [UInt8](data)
            // Spaces at the end; those at the beginning become one, which Metaspace would put there.
            case "Strip" where part["strip_left"]?.bool == false: break
            case "Replace" where part["pattern"]?["Regex"]?.string == " {2,}": removesExtraSpaces = true
            default:
                throw .unsupported(
                    file: Self.file, feature: "normalizer", value: type,
                    known: ["Precompiled", "Precompiled with Strip and Replace of runs of spaces"])
            }
        }
    }

    private mutating func readPreTokenizer(_ value: JSONValue?) throws(TokenizerError) {
        let known = ["Metaspace", "WhitespaceSplit and Metaspace"]
        guard let value, !value.isNull else {
            throw .unsupported(file: Self.file, feature: "pre_tokenizer", value: "null", known: known)
        }
        var hasSpaces = false
        let isSequence = value["type"]?.string == "Sequence"
        for part in isSequence ? value["pretokenizers"]?.array ?? [] : [value] {
            let type = part["type"]?.string ?? part.summary
            if type == "WhitespaceSplit" && !hasSpaces {
                removesExtraSpaces = true
            } else if type == "Metaspace" && part["replacement"]?.string == "▁" && !hasSpaces {
                hasSpaces = true
                // Older files have a flag in place of the scheme.
                addsSpacePrefix =
                    part["prepend_scheme"]?.string.map { $0 != "never" } ?? part["add_prefix_space"]?.bool ?? true
            } else {
                throw .unsupported(file: Self.file, feature: "pre_tokenizer", value: type, known: known)
            }
        }
        if !hasSpaces { throw .unsupported(file: Self.file, feature: "pre_tokenizer", value: "none", known: known) }
    }
}

extension TokenizerJSONWriter {
    /// The model of a unigram tokenizer: all pieces with their scores, in id order.
    func unigramModel() -> JSONValue {
        var count = definition.tokens.count
        while count > 0 && definition.isFiller(count - 1) { count -= 1 }
        let pieces: [JSONValue] = (0..<count).map { id in
            let text = definition.tokens[id]
            return [.string(text.isEmpty ? "[PAD\(id)]" : text), .number(Double(definition.scores[id]))]
        }
        return [
            "type": "Unigram", "unk_id": tokenizer.unknownID.map { .number(Double($0)) } ?? .null,
            "vocab": .array(pieces), "byte_fallback": .bool(tokenizer.vocabulary.types.contains(.byte)),
        ]
    }

    /// The character map, if there is one.
    var unigramNormalizer: JSONValue {
        if definition.characterMap.isEmpty { return .null }
        let text = Data(definition.characterMap).base64EncodedString()
        return ["type": "Precompiled", "precompiled_charsmap": .string(text)]
    }

    /// Spaces as `▁`, with or without one before the text; also the decoder.
    var metaspace: JSONValue {
        [
            "type": "Metaspace", "replacement": "▁",
            "prepend_scheme": tokenizer.addsSpacePrefix ? "always" : "never",
            "split": .bool(definition.removeExtraWhitespaces ?? true),
        ]
    }

    /// The rules for spaces.
    var unigramPreTokenizer: JSONValue {
        guard definition.removeExtraWhitespaces ?? true else { return metaspace }
        return ["type": "Sequence", "pretokenizers": [["type": "WhitespaceSplit"], metaspace]]
    }
}
