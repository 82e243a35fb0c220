public import ModelFormats
public import Tokenizers

/// The vocabulary of a model file, from GGUF's `tokenizer.*` keys or from the files of a Hugging Face folder, and back
/// into keys when a GGUF is written.
extension TokenizerDefinition {
    /// - Throws: `TransformerError.tokenizer` where keys are missing or have the wrong type, `TokenizerError` for
    ///   Hugging Face files.
    public init(file: ModelFile) throws {
        if file.metadata["tokenizer.ggml.tokens"] == nil, !file.tokenizerFiles.isEmpty {
            self = try TokenizerDefinition(
                huggingFaceFiles: file.tokenizerFiles, vocabularySize: file.configuration.vocabularySize)
        } else {
            try self.init(metadata: file.metadata)
        }
    }

    /// From the keys of a GGUF file.
    public init(metadata: [String: GGUFValue]) throws(TransformerError) {
        let prefix = "tokenizer.ggml."
        func value(_ name: String) -> GGUFValue? { metadata[prefix + name] }
        func id(_ name: String) -> Int? { value(name + "_token_id")?.integer }
        guard let kind = value("model")?.string else { throw .tokenizer("the key \(prefix)model is missing") }
        guard let model = Model(rawValue: kind) else {
            let known = Model.allCases.map(\.rawValue).joined(separator: ", ")
            throw .tokenizer("\(prefix)model is \(kind); known: \(known)")
        }
        guard let tokens = value("tokens")?.strings else {
            let found = value("tokens")?.typeName ?? "nothing"
            throw .tokenizer("\(prefix)tokens is \(found), expected an array of strings")
        }
        func floats(_ name: String) throws(TransformerError) -> [Float] {
            guard let found = value(name) else { return [] }
            guard let numbers = found.floats else {
                throw .tokenizer("\(prefix)\(name) is \(found.typeName), expected numbers")
            }
            return numbers
        }
        var types: [TokenType] = []
        if let found = value("token_type") {
            guard let numbers = found.integers else {
                throw .tokenizer("\(prefix)token_type is \(found.typeName), expected integers")
            }
            types = numbers.map { TokenType(fileValue: Int32(truncatingIfNeeded: $0)) }
        }
        var characterMap: [UInt8] = []
        if let found = value("precompiled_charsmap") {
            switch found {
            case .array(.uint8(let bytes)): characterMap = bytes
            case .array(.int8(let bytes)): characterMap = bytes.map { UInt8(bitPattern: $0) }
            default: throw .tokenizer("\(prefix)precompiled_charsmap is \(found.typeName), expected bytes")
            }
        }
        // The key of a separator is spelled so in files; BERT models have their roles under names of their own.
        let isWordPiece = model == .wordPiece
        let separator = id("seperator") ?? id("separator")
        let named = metadata.compactMap { key, value -> (String, String)? in
            let start = "tokenizer.chat_template."
            guard key.hasPrefix(start), let text = value.string else { return nil }
            return (String(key.dropFirst(start.count)), text)
        }
        self.init(
            model: model, tokens: tokens, scores: try floats("scores"), types: types,
            merges: value("merges")?.strings ?? [], preTokenizer: value("pre")?.string,
            bosID: isWordPiece ? id("cls") ?? id("bos") : id("bos"),
            eosID: isWordPiece ? separator ?? id("eos") : id("eos"), eotID: id("eot"), eomID: id("eom"),
            unknownID: id("unknown"),
            paddingID: id("padding"), addBOS: value("add_bos_token")?.bool,
            // Newer files say with add_sep_token what stands between two texts, and with add_eos_token what closes one.
            addEOS: value("add_eos_token")?.bool ?? (isWordPiece ? value("add_sep_token")?.bool : nil),
            addSpacePrefix: value("add_space_prefix")?.bool,
            removeExtraWhitespaces: value("remove_extra_whitespaces")?.bool,
            modelName: metadata["general.name"]?.string, characterMap: characterMap,
            lowercases: value("normalizer.lowercase")?.bool, stripsAccents: value("normalizer.strip_accents")?.bool,
            chatTemplate: metadata["tokenizer.chat_template"]?.string,
            namedChatTemplates: Dictionary(named, uniquingKeysWith: { first, _ in first }))
    }

    /// The keys under which a GGUF file carries this definition.
    public var metadata: [String: GGUFValue] {
        let prefix = "tokenizer.ggml."
        var result: [String: GGUFValue] = [
            prefix + "model": .string(model.rawValue),
            prefix + "tokens": .array(.string(tokens)),
        ]
        if !scores.isEmpty { result[prefix + "scores"] = .array(.float32(scores)) }
        if !types.isEmpty { result[prefix + "token_type"] = .array(.int32(types.map(\.rawValue))) }
        if !merges.isEmpty { result[prefix + "merges"] = .array(.string(merges)) }
        if !characterMap.isEmpty { result[prefix + "precompiled_charsmap"] = .array(.uint8(characterMap)) }
        if let preTokenizer { result[prefix + "pre"] = .string(preTokenizer) }
        let ids = [
            (model == .wordPiece ? "cls" : "bos", bosID), (model == .wordPiece ? "seperator" : "eos", eosID),
            ("eot", eotID), ("eom", eomID), ("unknown", unknownID),
            ("padding", paddingID),
        ]
        for (name, id) in ids {
            if let id, let value = UInt32(exactly: id) { result[prefix + name + "_token_id"] = .uint32(value) }
        }
        let flags = [
            ("add_bos_token", addBOS), (model == .wordPiece ? "add_sep_token" : "add_eos_token", addEOS),
            ("add_space_prefix", addSpacePrefix),
            ("remove_extra_whitespaces", removeExtraWhitespaces), ("normalizer.lowercase", lowercases),
            ("normalizer.strip_accents", stripsAccents),
        ]
        for (name, flag) in flags {
            if let flag { result[prefix + name] = .bool(flag) }
        }
        if let chatTemplate { result["tokenizer.chat_template"] = .string(chatTemplate) }
        for (name, text) in namedChatTemplates { result["tokenizer.chat_template." + name] = .string(text) }
        return result
    }
}
