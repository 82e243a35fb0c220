/// What a model file says about its tokenizer, as plain data: the content of GGUF's `tokenizer.*` keys.
///
/// A definition is not checked when it is made; `Tokenizer.init` checks it and refuses what cannot work. Fields whose
/// key is missing in the file stay nil (or empty), so that the rules for missing keys stand in one place, in
/// `Tokenizer`.
public struct TokenizerDefinition: Sendable, Equatable {
    /// The algorithm, with GGUF's name for it (`tokenizer.ggml.model`) as the raw value.
    public enum Model: String, Sendable, CaseIterable {
        /// Byte-level byte-pair encoding over words cut by a split rule (GPT-2, Llama 3, Qwen, SmolLM …).
        case bytePairEncoding = "gpt2"
        /// SentencePiece BPE: merges by score, spaces written as `▁`, unknown characters as byte tokens.
        case sentencePiece = "llama"
        /// SentencePiece unigram: the pieces whose scores have the highest sum (T5, XLM-RoBERTa, multilingual E5).
        case unigram = "t5"
        /// WordPiece: words cut into the longest pieces from the left (BERT).
        case wordPiece = "bert"

        /// Whether pieces have scores.
        var hasScores: Bool { self == .sentencePiece || self == .unigram }
        /// Whether encoding with special tokens begins with BOS when nothing says so.
        var addsBOS: Bool { self == .sentencePiece || self == .wordPiece }
        /// Whether it ends with EOS.
        var addsEOS: Bool { self == .unigram || self == .wordPiece }
    }

    /// What is done to text before it is split.
    public enum Normalization: String, Sendable {
        /// Text is taken as it is; GGUF knows nothing else.
        case none
        /// Unicode normalisation form C, which some Hugging Face folders ask for.
        case canonicalComposition
    }

    /// The algorithm (`tokenizer.ggml.model`).
    public var model: Model
    /// Token texts in id order, written as GGUF writes them (`tokenizer.ggml.tokens`): byte-level models map bytes to
    /// printable characters, SentencePiece models write `▁` for a space, WordPiece
    /// models `▁` before a word and no `##` within.
    public var tokens: [String]
    /// Scores in id order (`tokenizer.ggml.scores`); empty when there are none. SentencePiece models use them
    /// for merging, unigram models cannot do without.
    public var scores: [Float]
    /// Types in id order (`tokenizer.ggml.token_type`); empty when there are none (then all tokens are normal).
    public var types: [TokenType]
    /// Merge rules, best first, each "left right" (`tokenizer.ggml.merges`). Only byte-level models use them.
    public var merges: [String]
    /// The name of the split rule (`tokenizer.ggml.pre`), nil when missing.
    public var preTokenizer: String?
    /// Beginning of text (`bos_token_id`; of WordPiece models `cls_token_id`).
    public var bosID: Int?
    /// End of text (`eos_token_id`; of WordPiece models `seperator_token_id`, as the key is spelled).
    public var eosID: Int?
    /// End of a turn (`eot_token_id`).
    public var eotID: Int?
    /// End of a message that calls a tool (`eom_token_id`).
    public var eomID: Int?
    /// Unknown (`unknown_token_id`).
    public var unknownID: Int?
    /// Padding (`padding_token_id`).
    public var paddingID: Int?
    /// Further ids that end generation, as `generation_config.json` may list them.
    public var endOfGenerationIDs: [Int]
    /// Whether encoding with special tokens begins with BOS (`add_bos_token`); nil takes the model's default.
    public var addBOS: Bool?
    /// Whether encoding with special tokens ends with EOS (`add_eos_token`); nil takes the model's default.
    public var addEOS: Bool?
    /// Whether a space is put before text (`add_space_prefix`); nil takes the model's default.
    public var addSpacePrefix: Bool?
    /// Whether spaces at the beginning, at the end and after another are dropped (`remove_extra_whitespaces`); nil
    /// takes the model's default. The BPE models do not act on it, they only carry it for writing files.
    public var removeExtraWhitespaces: Bool?
    /// Ids of special tokens that swallow the white space before them.
    public var leftStrippingIDs: [Int]
    /// Ids of special tokens that swallow the white space after them.
    public var rightStrippingIDs: [Int]
    /// The model's name (`general.name`). GGUF has no key for stripping; for Phi-3 it follows from the name.
    public var modelName: String?
    /// Normalisation before splitting.
    public var normalization: Normalization
    /// SentencePiece's compiled table of replacements (`precompiled_charsmap`), empty when there is none. Only unigram
    /// models use it.
    public var characterMap: [UInt8]
    /// Whether a WordPiece model makes text lower case (`normalizer.lowercase`); nil means it does.
    public var lowercases: Bool?
    /// Whether a WordPiece model drops accents (`normalizer.strip_accents`); nil means it does if it lowercases.
    public var stripsAccents: Bool?
    /// The chat template (`tokenizer.chat_template`).
    public var chatTemplate: String?
    /// Named chat templates (`tokenizer.chat_template.NAME`).
    public var namedChatTemplates: [String: String]

    /// Makes a definition; everything but the algorithm and the tokens may be left out.
    public init(
        model: Model, tokens: [String], scores: [Float] = [], types: [TokenType] = [], merges: [String] = [],
        preTokenizer: String? = nil, bosID: Int? = nil, eosID: Int? = nil, eotID: Int? = nil, eomID: Int? = nil,
        unknownID: Int? = nil, paddingID: Int? = nil, endOfGenerationIDs: [Int] = [], addBOS: Bool? = nil,
        addEOS: Bool? = nil, addSpacePrefix: Bool? = nil, removeExtraWhitespaces: Bool? = nil,
        leftStrippingIDs: [Int] = [], rightStrippingIDs: [Int] = [], modelName: String? = nil,
        normalization: Normalization = .none, characterMap: [UInt8] = [], lowercases: Bool? = nil,
        stripsAccents: Bool? = nil, chatTemplate: String? = nil, namedChatTemplates: [String: String] = [:]
    ) {
        self.model = model
        self.tokens = tokens
        self.scores = scores
        self.types = types
        self.merges = merges
        self.preTokenizer = preTokenizer
        self.bosID = bosID
        self.eosID = eosID
        self.eotID = eotID
        self.eomID = eomID
        self.unknownID = unknownID
        self.paddingID = paddingID
        self.endOfGenerationIDs = endOfGenerationIDs
        self.addBOS = addBOS
        self.addEOS = addEOS
        self.addSpacePrefix = addSpacePrefix
        self.removeExtraWhitespaces = removeExtraWhitespaces
        self.leftStrippingIDs = leftStrippingIDs
        self.rightStrippingIDs = rightStrippingIDs
        self.modelName = modelName
        self.normalization = normalization
        self.characterMap = characterMap
        self.lowercases = lowercases
        self.stripsAccents = stripsAccents
        self.chatTemplate = chatTemplate
        self.namedChatTemplates = namedChatTemplates
    }
}
