/// The tokens with a role, after the rules for missing and impossible ids.
struct SpecialIDs: Sendable {
    private(set) var bos: Int?
    private(set) var eos: Int?
    private(set) var unknown: Int?
    private(set) var padding: Int?
    private(set) var endOfGeneration: Set<Int> = []
    private(set) var leftStripping: Set<Int> = []
    private(set) var rightStripping: Set<Int> = []

    /// llama.cpp's ids for files that name none; its defaults for byte-level models (token 11) fit no vocabulary.
    struct Defaults {
        var bos: Int?
        var eos: Int?
        var unknown: Int?
        var padding: Int?

        init(_ model: TokenizerDefinition.Model, count: Int) {
            guard count > 2 else { return }
            switch model {
            case .bytePairEncoding: break
            case .sentencePiece: (bos, eos, unknown) = (1, 2, 0)
            case .unigram: (eos, unknown, padding) = (1, 2, 0)
            case .wordPiece: if count > 102 { (bos, eos, unknown, padding) = (101, 102, 100, 0) }
            }
        }
    }

    /// Resolves the roles. An id outside the vocabulary is ignored with a warning, and the default stays.
    init(_ definition: TokenizerDefinition, _ vocabulary: Vocabulary, _ warnings: inout [String]) {
        let count = vocabulary.count
        let defaults = Defaults(definition.model, count: count)
        let named: [(String, Int?)] = [
            ("bos", definition.bosID), ("eos", definition.eosID), ("unknown", definition.unknownID),
            ("padding", definition.paddingID), ("eot", definition.eotID), ("eom", definition.eomID),
        ]
        var valid: [Int?] = []
        for (name, id) in named {
            if let id, id < 0 || id >= count {
                warnings.append("\(name)_token_id \(id) is outside the vocabulary of \(count) tokens; it is ignored.")
                valid.append(nil)
            } else {
                valid.append(id)
            }
        }
        bos = valid[0] ?? defaults.bos
        eos = valid[1] ?? defaults.eos
        unknown = valid[2] ?? defaults.unknown
        padding = valid[3] ?? defaults.padding
        for id in [eos, valid[4], valid[5]] { if let id { endOfGeneration.insert(id) } }
        for id in definition.endOfGenerationIDs where id >= 0 && id < count { endOfGeneration.insert(id) }
        for text in KnownControlTexts.endOfGeneration {
            if let id = vocabulary.id(of: text) { endOfGeneration.insert(id) }
        }
        leftStripping = Set(definition.leftStrippingIDs)
        rightStripping = Set(definition.rightStrippingIDs)
        stripForPhi3(definition, vocabulary)
    }

    /// Phi-3 was trained with white space after its special tokens dropped, but for three of them. Hugging Face files
    /// say so token by token; GGUF has no key for it, and llama.cpp goes by the model's name.
    private mutating func stripForPhi3(_ definition: TokenizerDefinition, _ vocabulary: Vocabulary) {
        guard let name = definition.modelName?.lowercased(), name.contains("phi-3") || name.contains("phi3") else {
            return
        }
        for (id, type) in vocabulary.types.enumerated() {
            switch type {
            case .control, .userDefined, .unknown: rightStripping.insert(id)
            case .normal, .unused, .byte: break
            }
        }
        for text in ["<unk>", "<s>", "<|endoftext|>"] {
            if let id = vocabulary.id(of: text) { rightStripping.remove(id) }
        }
    }
}
