internal import Synchronization

/// A model's tokenizer: text to token ids and back.
///
/// Byte-level BPE, SentencePiece BPE with byte fallback, SentencePiece unigram and WordPiece, made from a `TokenizerDefinition` (a GGUF's or a Hugging
/// Face folder's). It holds no state between calls but memory that calls use again, so one instance serves all
/// threads. The ids are those of llama.cpp and of the models' own tokenizers wherever these agree.
public final class Tokenizer: Sendable {
    /// What the tokenizer was made from.
    public let definition: TokenizerDefinition
    /// What was odd in the definition but could be dealt with; to be shown when a model is loaded.
    public let warnings: [String]
    /// True when the file does not name its split rule, so that ids may differ from those the model was trained on.
    public let usesFallbackSplitRule: Bool
    /// Beginning of text, nil when the model has none.
    public let bosID: Int?
    /// End of text, nil when the model has none.
    public let eosID: Int?
    /// Unknown text, nil when the model has none.
    public let unknownID: Int?
    /// Padding, nil when the model has none.
    public let paddingID: Int?
    /// Whether `encode(addSpecial: true)` begins with BOS.
    public let addsBOS: Bool
    /// Whether `encode(addSpecial: true)` ends with EOS.
    public let addsEOS: Bool
    /// Tokens after which a model has finished: end of text, of turn and of message.
    public let endOfGenerationTokens: Set<Int>

    let vocabulary: Vocabulary
    let matcher: SpecialTokenMatcher
    let algorithm: Algorithm
    let addsSpacePrefix: Bool
    let leftStripping: Set<Int>
    let rightStripping: Set<Int>
    /// Memory of finished calls.
    private let idle = Mutex<[EncodingScratch]>([])

    enum Algorithm: Sendable {
        case bytePair(BytePairModel)
        case sentencePiece(SentencePieceModel)
        case unigram(UnigramModel)
        case wordPiece(WordPieceModel)
    }

    /// Checks a definition and builds the tables for encoding and decoding.
    ///
    /// - Throws: `TokenizerError` when the vocabulary is empty, too large, has equal or over-long texts, malformed
    ///   byte tokens, arrays shorter than it is, or a split rule that is not known. What can be dealt with (special
    ///   ids outside the vocabulary, unreadable merges, empty texts) becomes a warning.
    ///
    /// Cost: linear in vocabulary and merges; tens to hundreds of milliseconds for large models.
    public init(_ definition: TokenizerDefinition) throws(TokenizerError) {
        let rule = try Self.splitRule(definition)
        let vocabulary = try Vocabulary(definition)
        var warnings = vocabulary.warnings
        let isBytePair = definition.model == .bytePairEncoding
        let special = SpecialIDs(definition, vocabulary, &warnings)
        let matcher = SpecialTokenMatcher(definition.tokens, vocabulary.types)
        algorithm = try Self.algorithm(definition, vocabulary, rule, special, &warnings)
        usesFallbackSplitRule = isBytePair && rule.rule == .fallback
        if usesFallbackSplitRule {
            warnings.append(
                "The file does not say how text is split (tokenizer.ggml.pre is missing or \"default\"); "
                    + "token ids are probably not those the model was trained on. Convert the model again.")
        }
        var addsBOS = definition.addBOS ?? (definition.model.addsBOS || (isBytePair && rule.addsBOS))
        if addsBOS && special.bos == nil {
            warnings.append("The model adds a token at the beginning but names none; nothing is added.")
            addsBOS = false
        }
        self.definition = definition
        self.vocabulary = vocabulary
        self.matcher = matcher
        self.addsBOS = addsBOS
        addsEOS = (definition.addEOS ?? definition.model.addsEOS) && special.eos != nil
        // Words of WordPiece decode with a space before them.
        addsSpacePrefix =
            definition.model == .wordPiece || (definition.model.hasScores && (definition.addSpacePrefix ?? true))
        bosID = special.bos
        eosID = special.eos
        unknownID = special.unknown
        paddingID = special.padding
        endOfGenerationTokens = special.endOfGeneration
        leftStripping = special.leftStripping
        rightStripping = special.rightStripping
        self.warnings = warnings
    }

    private static func algorithm(
        _ definition: TokenizerDefinition, _ vocabulary: Vocabulary, _ rule: NamedSplitRule, _ special: SpecialIDs,
        _ warnings: inout [String]
    ) throws(TokenizerError) -> Algorithm {
        switch definition.model {
        case .bytePairEncoding:
            let model = BytePairModel(definition, vocabulary, rule)
            if model.skippedMerges > 0 { warnings.append("\(model.skippedMerges) merge rules cannot be read.") }
            return .bytePair(model)
        case .sentencePiece:
            if definition.scores.isEmpty {
                warnings.append("The vocabulary has no scores; merging goes from the left.")
            }
            return .sentencePiece(try SentencePieceModel(definition, vocabulary, unknownID: special.unknown))
        case .unigram:
            return .unigram(try UnigramModel(definition, vocabulary, unknownID: special.unknown))
        case .wordPiece:
            return .wordPiece(WordPieceModel(definition, vocabulary, unknownID: special.unknown))
        }
    }

    private static func splitRule(_ definition: TokenizerDefinition) throws(TokenizerError) -> NamedSplitRule {
        // SentencePiece models are not split; their files say "default".
        let isBytePair = definition.model == .bytePairEncoding
        let name = isBytePair ? definition.preTokenizer ?? "default" : "default"
        guard let rule = NamedSplitRule(name) else {
            throw .unknownPreTokenizer(name: name, known: NamedSplitRule.known)
        }
        return rule
    }

    /// Runs an encoding with memory of an earlier one.
    func withScratch(_ body: (inout EncodingScratch) -> Void) {
        var scratch = idle.withLock { $0.popLast() } ?? EncodingScratch()
        body(&scratch)
        // After a very long word the memory is not worth keeping.
        if scratch.isWorthKeeping { idle.withLock { $0.append(scratch) } }
    }
}

extension Tokenizer {
    /// The number of tokens.
    public var vocabularySize: Int { vocabulary.count }

    /// A token's text as the vocabulary writes it, nil outside the vocabulary.
    public func text(of id: Int) -> String? {
        definition.tokens.indices.contains(id) ? definition.tokens[id] : nil
    }

    /// A token's type as it is treated here, nil outside the vocabulary.
    public func type(of id: Int) -> TokenType? {
        vocabulary.types.indices.contains(id) ? vocabulary.types[id] : nil
    }

    /// The id of the token whose text in the vocabulary is exactly this.
    public func id(of text: String) -> Int? {
        vocabulary.id(of: text)
    }

    /// The id of the control token with exactly this text.
    public func controlToken(_ text: String) -> Int? {
        vocabulary.id(of: text).flatMap { vocabulary.types[$0] == .control ? $0 : nil }
    }

    /// True when a list of ids begins with two BOS: a template wrote one and encoding added another. Models were not
    /// trained on that; a rendered template is encoded without `addSpecial`.
    public func beginsWithTwoBOS(_ ids: [Int]) -> Bool {
        guard let bosID, ids.count > 1 else { return false }
        return ids[0] == bosID && ids[1] == bosID
    }

    /// The text of BOS as chat templates need it, empty when the model has none.
    public var bosText: String { bosID.flatMap { text(of: $0) } ?? "" }

    /// The text of EOS as chat templates need it, empty when the model has none.
    public var eosText: String { eosID.flatMap { text(of: $0) } ?? "" }
}
