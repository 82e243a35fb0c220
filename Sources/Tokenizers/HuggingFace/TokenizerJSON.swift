internal import FoundationEssentials

/// The parts of a `tokenizer.json` that the models here need, each checked for what is not built.
struct TokenizerJSON {
    /// The file's name in messages.
    static let name = "tokenizer.json"

    /// A token beside the model's own vocabulary, with its flags.
    struct AddedToken {
        var id: Int
        var text: String
        var isSpecial: Bool
        var stripsLeft: Bool
        var stripsRight: Bool
    }

    private(set) var kind = TokenizerDefinition.Model.bytePairEncoding
    private(set) var vocabulary: [(text: String, id: Int)] = []
    private(set) var merges: [(left: String, right: String)] = []
    /// The rest of a unigram model, nil for the others.
    private(set) var unigram: UnigramJSON?
    /// The rest of a WordPiece model, nil for the others.
    private(set) var wordPiece: WordPieceJSON?
    private(set) var unknownText: String?
    private(set) var addedTokens: [AddedToken] = []
    private(set) var preTokenizer: String?
    private(set) var normalization = TokenizerDefinition.Normalization.none
    private(set) var addsSpacePrefix = false
    /// What the post-processor puts around a text; nil when it says nothing.
    private(set) var addsBOS = false
    private(set) var addsEOS = false
    /// The text of the token that a template puts at the end, which may be another one than the file's EOS.
    private(set) var closingText: String?

    /// Reads a file.
    init(_ data: Data) throws(TokenizerError) {
        let root = try JSONReader.value(of: data, file: Self.name)
        guard let model = root["model"] else { throw Self.invalid("model", "an object", nil) }
        addedTokens = try Self.addedTokens(root["added_tokens"])
        if model["type"]?.string == "Unigram" {
            kind = .unigram
            unigram = try UnigramJSON(
                model: model, normalizer: root["normalizer"], preTokenizer: root["pre_tokenizer"])
            readPostProcessor(root["post_processor"])
            return
        }
        if model["type"]?.string == "WordPiece" {
            kind = .wordPiece
            wordPiece = try WordPieceJSON(
                model: model, normalizer: root["normalizer"], preTokenizer: root["pre_tokenizer"])
            readPostProcessor(root["post_processor"])
            return
        }
        try readModel(model)
        if kind == .sentencePiece {
            try readSpaces(root["normalizer"], root["pre_tokenizer"])
        } else {
            normalization = try Self.normalization(root["normalizer"])
            preTokenizer = try Self.preTokenizer(
                root["pre_tokenizer"], ignoresMerges: model["ignore_merges"]?.bool ?? false)
        }
        readPostProcessor(root["post_processor"])
    }

    private static func invalid(_ field: String, _ expected: String, _ found: JSONValue?) -> TokenizerError {
        .invalidField(file: name, field: field, expected: expected, actual: found?.summary ?? "nothing")
    }

    private mutating func readModel(_ model: JSONValue) throws(TokenizerError) {
        let type = model["type"]?.string ?? "BPE"
        guard type == "BPE" else {
            throw .unsupported(
                file: Self.name, feature: "model type", value: type, known: ["BPE", "Unigram", "WordPiece"])
        }
        for field in ["continuing_subword_prefix", "end_of_word_suffix"] {
            if let text = model[field]?.string, !text.isEmpty {
                throw .unsupported(file: Self.name, feature: "model.\(field)", value: text, known: ["null"])
            }
        }
        kind = model["byte_fallback"]?.bool == true ? .sentencePiece : .bytePairEncoding
        unknownText = model["unk_token"]?.string
        guard case .object(let members)? = model["vocab"] else {
            throw Self.invalid("model.vocab", "an object", model["vocab"])
        }
        for member in members {
            guard let id = member.value.integer, id < Vocabulary.maximumTokens else {
                throw Self.invalid("model.vocab", "ids below \(Vocabulary.maximumTokens)", member.value)
            }
            vocabulary.append((member.name, id))
        }
        guard let rules = model["merges"]?.array else {
            throw Self.invalid("model.merges", "an array", model["merges"])
        }
        merges.reserveCapacity(rules.count)
        for rule in rules { merges.append(try Self.merge(rule)) }
    }

    /// A merge as a pair, or as one text with a space between.
    private static func merge(_ rule: JSONValue) throws(TokenizerError) -> (left: String, right: String) {
        if let pair = rule.array, pair.count == 2, let left = pair[0].string, let right = pair[1].string {
            return (left, right)
        }
        guard let line = rule.string, let space = line.utf8.dropFirst().firstIndex(of: 0x20) else {
            throw invalid("model.merges", "two texts, as an array or with a space between", rule)
        }
        return (String(line[..<space]), String(line[line.utf8.index(after: space)...]))
    }

    private static func addedTokens(_ value: JSONValue?) throws(TokenizerError) -> [AddedToken] {
        guard let value, !value.isNull else { return [] }
        guard let elements = value.array else { throw invalid("added_tokens", "an array", value) }
        var tokens: [AddedToken] = []
        for element in elements { tokens.append(try addedToken(element, id: element["id"], file: name)) }
        return tokens
    }

    /// An added token of this file or of `tokenizer_config.json`.
    static func addedToken(_ value: JSONValue, id: JSONValue?, file: String) throws(TokenizerError) -> AddedToken {
        guard let id = id?.integer, id < Vocabulary.maximumTokens, let text = value["content"]?.string else {
            throw .invalidField(
                file: file, field: "added token", expected: "an id and a content", actual: value.summary)
        }
        if value["single_word"]?.bool == true {
            throw .unsupported(file: file, feature: "added token's single_word", value: text, known: ["false"])
        }
        return AddedToken(
            id: id, text: text, isSpecial: value["special"]?.bool ?? false,
            stripsLeft: value["lstrip"]?.bool ?? false, stripsRight: value["rstrip"]?.bool ?? false)
    }

    private mutating func readPostProcessor(_ value: JSONValue?) {
        guard let value else { return }
        if value["type"]?.string == "Sequence" {
            for part in value["processors"]?.array ?? [] { readPostProcessor(part) }
        } else if value["type"]?.string == "BertProcessing" || value["type"]?.string == "RobertaProcessing" {
            addsBOS = true
            addsEOS = true
        } else if value["type"]?.string == "TemplateProcessing", let single = value["single"]?.array {
            addsBOS = single.count > 1 && single.first?["SpecialToken"] != nil
            addsEOS = single.count > 1 && single.last?["SpecialToken"] != nil
            closingText = addsEOS ? single.last?["SpecialToken"]?["id"]?.string : nil
        }
    }
}

extension TokenizerJSON {
    /// The normaliser of a byte-level model.
    private static func normalization(
        _ value: JSONValue?
    ) throws(TokenizerError) -> TokenizerDefinition.Normalization {
        guard let value, !value.isNull else { return .none }
        let parts = value["type"]?.string == "Sequence" ? value["normalizers"]?.array ?? [] : [value]
        for part in parts where part["type"]?.string != "NFC" {
            throw .unsupported(
                file: name, feature: "normalizer", value: part["type"]?.string ?? part.summary, known: ["NFC", "null"])
        }
        return parts.isEmpty ? .none : .canonicalComposition
    }

    /// The name of the split rule of a byte-level model.
    ///
    /// Each step of the file is brought to the pattern that it stands for; all of them together must be a rule that
    /// is known.
    private static func preTokenizer(_ value: JSONValue?, ignoresMerges: Bool) throws(TokenizerError) -> String {
        let known = ["ByteLevel", "Digits + ByteLevel", "Split with a published pattern + ByteLevel"]
        func refused(_ found: String) -> TokenizerError {
            .unsupported(file: name, feature: "pre_tokenizer", value: found, known: known)
        }
        guard let value, !value.isNull else { throw refused("null") }
        var patterns: [String] = []
        var isByteLevel = false
        var removes = false
        let parts = value["type"]?.string == "Sequence" ? value["pretokenizers"]?.array ?? [] : [value]
        for part in parts {
            let type = part["type"]?.string ?? part.summary
            switch type {
            case "ByteLevel" where !isByteLevel && part["add_prefix_space"]?.bool != true:
                isByteLevel = true
                if part["use_regex"]?.bool ?? true { patterns.append(SplitPattern.gpt2) }
            case "Digits": patterns.append(part["individual_digits"]?.bool == true ? #"\p{N}"# : #"\p{N}+"#)
            case "Punctuation" where part["behavior"]?.string == "Contiguous":
                patterns.append(#"[\p{P}\$\+<=>\^~\|`]+"#)
            case "Split":
                let (pattern, removesOthers) = try splitPattern(part)
                patterns.append(pattern)
                removes = removes || removesOthers
            default: throw refused(type)
            }
        }
        guard isByteLevel else { throw refused("not byte-level") }
        if patterns.isEmpty { throw refused("ByteLevel without a rule") }
        guard let rule = SplitPattern.rule(patterns), !removes || rule.coversAll else {
            throw .unsupported(
                file: name, feature: "split pattern", value: patterns.joined(separator: "  then  "),
                known: ["those of the names that tokenizer.ggml.pre can have"])
        }
        guard let found = NamedSplitRule.name(rule, ignoresMerges: ignoresMerges) else {
            throw refused(ignoresMerges ? "with ignore_merges" : "without ignore_merges")
        }
        return found
    }

    /// The pattern of a `Split`, and whether what it does not match is removed, which is the same as keeping it only
    /// where a pattern matches all of a text.
    private static func splitPattern(_ part: JSONValue) throws(TokenizerError) -> (String, Bool) {
        let behavior = part["behavior"]?.string ?? ""
        let inverted = part["invert"]?.bool ?? false
        let removes = behavior == "Removed" && inverted
        guard removes || (behavior == "Isolated" && !inverted) else {
            throw .unsupported(
                file: name, feature: "Split behaviour", value: behavior, known: ["Isolated", "Removed with invert"])
        }
        return (part["pattern"]?["Regex"]?.string ?? part["pattern"]?.summary ?? "", removes)
    }

    /// How a SentencePiece model writes spaces: as `▁`, with or without one before the text.
    private mutating func readSpaces(_ normalizer: JSONValue?, _ preTokenizer: JSONValue?) throws(TokenizerError) {
        let known = ["Prepend ▁ and Replace a space by ▁", "Replace a space by ▁", "Metaspace without split"]
        var replaces = false
        if let normalizer, !normalizer.isNull {
            let isSequence = normalizer["type"]?.string == "Sequence"
            for part in isSequence ? normalizer["normalizers"]?.array ?? [] : [normalizer] {
                let type = part["type"]?.string ?? part.summary
                if type == "Prepend" && part["prepend"]?.string == "▁" {
                    addsSpacePrefix = true
                } else if type == "Replace" && part["pattern"]?["String"]?.string == " "
                    && part["content"]?.string == "▁"
                {
                    replaces = true
                } else {
                    throw .unsupported(file: Self.name, feature: "normalizer", value: type, known: known)
                }
            }
        }
        if let preTokenizer, !preTokenizer.isNull {
            let type = preTokenizer["type"]?.string ?? preTokenizer.summary
            if type == "Metaspace" && preTokenizer["replacement"]?.string == "▁"
                && preTokenizer["split"]?.bool == false && !replaces
            {
                replaces = true
                addsSpacePrefix = preTokenizer["prepend_scheme"]?.string != "never"
            } else if !(type == "Split" && preTokenizer["pattern"]?["String"]?.string == " " && replaces) {
                // Cutting at spaces after they were replaced does nothing; some published files say so.
                throw .unsupported(file: Self.name, feature: "pre_tokenizer", value: type, known: known)
            }
        }
        if !replaces { throw .unsupported(file: Self.name, feature: "normalizer", value: "none", known: known) }
    }
}
