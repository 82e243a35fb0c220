import Foundation
import TestSupport
import Testing
import Tokenizers

/// A definition written as Hugging Face files and read again has the same content and gives the same ids.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct WrittenFilesTests {
    static let vocabularies = ReferenceTests.vocabularies.map(\.0)

    @Test(arguments: vocabularies) func vocabularyComesBack(_ name: String) throws {
        try comesBack(ReferenceVocabulary.definition(name), name)
    }

    @Test(arguments: HuggingFaceTests.models) func modelComesBack(_ name: String) throws {
        try comesBack(ReferenceVocabulary.modelDefinition(name), name)
    }

    private func comesBack(_ definition: TokenizerDefinition, _ name: String) throws {
        let files = try definition.huggingFaceFiles()
        let found = try TokenizerDefinition(huggingFaceFiles: files, vocabularySize: definition.tokens.count)
        #expect(found.model == definition.model)
        #expect(found.tokens.elementsEqual(definition.tokens) { $0.utf8.elementsEqual($1.utf8) })
        // A SentencePiece file has one unknown piece; files of old converters mark fillers so, too.
        let isSentencePiece = definition.model == .sentencePiece
        let types = definition.types.map { isSentencePiece && $0 == .unknown ? .control : $0 }
        #expect(found.types.map { isSentencePiece && $0 == .unknown ? .control : $0 } == types)
        if isSentencePiece { #expect(found.scores == definition.scores) }
        if definition.model == .bytePairEncoding { #expect(found.merges == definition.merges) }
        #expect(found.preTokenizer == definition.preTokenizer)
        #expect(found.normalization == definition.normalization)
        #expect(found.chatTemplate == definition.chatTemplate)
        #expect(found.namedChatTemplates == definition.namedChatTemplates)
        let (before, after) = (try Tokenizer(definition), try Tokenizer(found))
        #expect(before.bosID == after.bosID)
        #expect(before.eosID == after.eosID)
        #expect(before.unknownID == after.unknownID)
        #expect(before.paddingID == after.paddingID)
        #expect(before.addsBOS == after.addsBOS)
        #expect(before.addsEOS == after.addsEOS)
        #expect(before.endOfGenerationTokens == after.endOfGenerationTokens)
        #expect(found.eotID == definition.eotID)
        var random = SeededRandom(seed: 11)
        let fixed = ["<|end|> \n a<s>  b<|im_end|>\t c", "  a\u{301}  ▁b 𠀀"]
        for text in fixed + (0..<50).map({ _ in RandomText.words(&random) }) {
            for parse in [false, true] {
                let ids = before.encode(text, addSpecial: true, parseSpecial: parse)
                #expect(after.encode(text, addSpecial: true, parseSpecial: parse) == ids)
                #expect(try after.decode(ids) == before.decode(ids))
            }
        }
    }

    /// Every rule that a GGUF can name, also the one of files without a name, is written so that it is read again.
    @Test(arguments: [
        "llama-bpe", "smaug-bpe", "qwen2", "gpt-2", "smollm", "default", "deepseek-r1-qwen", "starcoder", "glm4",
        "qwen35", "deepseek-v3", "deepseek-llm", "deepseek-coder", "tekken", "gpt-4o", "minicpm5", "bloom", "viking",
        "falcon", "youtu",
    ])
    func everySplitRule(_ name: String) throws {
        var definition = try ReferenceVocabulary.definition("bpe-small")
        definition.preTokenizer = name
        definition.normalization = .canonicalComposition
        let found = try TokenizerDefinition(huggingFaceFiles: definition.huggingFaceFiles())
        #expect(found.normalization == .canonicalComposition)
        let (before, after) = (try Tokenizer(definition), try Tokenizer(found))
        #expect(before.usesFallbackSplitRule == after.usesFallbackSplitRule)
        var random = SeededRandom(seed: 12)
        for _ in 0..<200 {
            let text = RandomText.words(&random) + " 12345, don't\n\n $+x"
            let ids = before.encode(text, addSpecial: true, parseSpecial: true)
            #expect(after.encode(text, addSpecial: true, parseSpecial: true) == ids)
        }
    }
}

/// What needs no reference data.
struct WrittenSmallFilesTests {
    /// A vocabulary with everything that can go wrong in writing: canonically equal texts, quotes, controls, a token
    /// without text, a filler, an unused one, merges that name no token.
    static let awkward = TokenizerDefinition(
        model: .bytePairEncoding,
        tokens: ["a", "b", "ab", "\u{E9}", "e\u{301}", "\"\\\n", "", "[PAD7]", "<|x|>", "<u v>", "\u{FEFF}", "!"],
        types: [
            .normal, .normal, .normal, .normal, .normal, .userDefined, .normal, .unused, .control, .userDefined,
            .userDefined, .normal,
        ],
        merges: ["a b", "b zz", "ab ab", "nonsense", "< |"], preTokenizer: "qwen2", bosID: 8, eosID: 8, eotID: 2,
        paddingID: 11, endOfGenerationIDs: [0, 99], addBOS: true, addEOS: true, leftStrippingIDs: [9],
        rightStrippingIDs: [8], chatTemplate: "{{ \"a\\n\" }}", namedChatTemplates: ["tool_use": "t", "rag": "r"])

    @Test func awkwardContentComesBack() throws {
        let definition = Self.awkward
        let files = try definition.huggingFaceFiles()
        #expect(files.keys.sorted() == ["generation_config.json", "tokenizer.json", "tokenizer_config.json"])
        let found = try TokenizerDefinition(huggingFaceFiles: files, vocabularySize: 12)
        var expected = definition.tokens
        expected[6] = "[PAD6]"
        #expect(found.tokens.elementsEqual(expected) { $0.utf8.elementsEqual($1.utf8) })
        #expect(found.types[5] == .userDefined && found.types[8] == .control && found.types[10] == .userDefined)
        #expect(found.merges == ["a b"])
        #expect(found.leftStrippingIDs == [9] && found.rightStrippingIDs == [8])
        #expect(found.bosID == 8 && found.eosID == 8 && found.addBOS == true && found.addEOS == true)
        #expect(found.paddingID == 11)
        #expect(found.chatTemplate == definition.chatTemplate)
        #expect(found.namedChatTemplates == definition.namedChatTemplates)
        #expect(Set(found.endOfGenerationIDs) == [8, 2, 0])
        // Foundation's reader takes the files, too.
        for (_, data) in files { _ = try JSONSerialization.jsonObject(with: data) }
    }

    /// A role given to ordinary text is kept out of tokenizer_config.json: transformers would make it special.
    @Test func ordinaryTextGetsNoRole() throws {
        let data = try #require(Self.awkward.huggingFaceFiles()["tokenizer_config.json"])
        let config = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(config["pad_token"] == nil)
        #expect(config["eot_token"] == nil)
        #expect(config["bos_token"] as? String == "<|x|>")
    }

    @Test func sentencePieceKeepsScoresTypesAndSpaces() throws {
        let definition = TokenizerDefinition(
            model: .sentencePiece,
            tokens: ["<unk>", "<s>", "</s>", "<0x41>", "▁", "a", "▁a", "  ", "<odd>", "[PAD9]"],
            scores: [0, 0, 0, 0, -2.5, -3.5, -1.25, -1000, -7, -10000],
            types: [.unknown, .control, .control, .byte, .normal, .normal, .normal, .userDefined, .unused, .unused],
            addSpacePrefix: false, rightStrippingIDs: [2])
        var files = try definition.huggingFaceFiles()
        let found = try TokenizerDefinition(huggingFaceFiles: files, vocabularySize: 10)
        #expect(found.tokens == definition.tokens)
        #expect(found.scores == definition.scores)
        #expect(found.types == definition.types)
        #expect(found.addSpacePrefix == false)
        #expect(found.rightStrippingIDs == [2])
        files["tokenizer.model"] = nil
        let lesser = try Tokenizer(TokenizerDefinition(huggingFaceFiles: files))
        #expect(lesser.encode(" a  aA", addSpecial: false, parseSpecial: false) == [6, 7, 5, 3])
    }

    @Test func whatHasNoOrderOrIsBrokenIsRefused() {
        var definition = Self.awkward
        definition.tokens[1] = "a"
        #expect(throws: TokenizerError.duplicateToken(text: "a", first: 0, second: 1)) {
            try definition.huggingFaceFiles()
        }
        let scoreless = TokenizerDefinition(model: .sentencePiece, tokens: ["<unk>", "<s>", "</s>", "a"])
        #expect(throws: TokenizerError.self) { try scoreless.huggingFaceFiles() }
    }

    /// Random vocabularies: what `Tokenizer` takes is written, read again, and encodes and decodes alike.
    @Test func randomDefinitionsComeBack() throws {
        var random = SeededRandom(seed: 21)
        var written = 0
        for _ in 0..<(Shared.long ? 5000 : 300) {
            let definition = Self.randomDefinition(&random)
            guard let before = try? Tokenizer(definition) else { continue }
            let files = try definition.huggingFaceFiles()
            let found = try TokenizerDefinition(huggingFaceFiles: files, vocabularySize: definition.tokens.count)
            let after = try Tokenizer(found)
            written += 1
            for _ in 0..<8 {
                let text = String((0..<20).map { _ in "aabbcé <|>▁s\n".randomElement(using: &random) ?? "a" })
                for parse in [false, true] {
                    let ids = before.encode(text, addSpecial: true, parseSpecial: parse)
                    #expect(
                        after.encode(text, addSpecial: true, parseSpecial: parse) == ids, "\(definition) in \(text)")
                    #expect(try after.decode(ids) == before.decode(ids))
                }
            }
        }
        #expect(written > 200)
    }

    private static func randomDefinition(_ random: inout SeededRandom) -> TokenizerDefinition {
        let isSentencePiece = Bool.random(using: &random)
        var texts = ["<unk>", "<s>", "</s>", "a", "b", "c", "<", "|", ">", isSentencePiece ? "▁" : "Ġ"]
        var types: [TokenType] = [.unknown, .control, .control] + texts.dropFirst(3).map { _ in .normal }
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            let length = Int.random(in: 1...4, using: &random)
            let text = String((0..<length).map { _ in "aabbc<|>\(texts[9])é".randomElement(using: &random) ?? "a" })
            let kinds: [TokenType] = [.normal, .normal, .normal, .normal, .control, .userDefined]
            if !texts.contains(text) {
                texts.append(text)
                types.append(kinds.randomElement(using: &random) ?? .normal)
            }
        }
        // Files of SentencePiece models cannot hold a user-defined `▁`: there it means a space.
        for (id, text) in texts.enumerated() where isSentencePiece && types[id] == .userDefined {
            let spaced = text.replacingOccurrences(of: "▁", with: " ")
            if texts.contains(spaced) { types[id] = .normal } else { texts[id] = spaced }
        }
        // Nor can `tokenizers` hold merges whose parts or result are no tokens, or control tokens.
        let mergeable = zip(texts, types).filter { $1 == .normal || $1 == .userDefined }.map(\.0)
        let merges = mergeable.flatMap { left in mergeable.map { (left, $0) } }
            .filter { mergeable.contains($0 + $1) }.map { $0 + " " + $1 }.shuffled(using: &random)
        let rules = ["gpt-2", "qwen2", "llama-bpe", "smollm", "default"]
        let some = Int.random(in: 1..<texts.count, using: &random)
        return TokenizerDefinition(
            model: isSentencePiece ? .sentencePiece : .bytePairEncoding, tokens: texts,
            scores: isSentencePiece ? texts.map { _ in Float.random(in: -9...0, using: &random) } : [], types: types,
            merges: isSentencePiece ? [] : merges, preTokenizer: rules.randomElement(using: &random), bosID: 1,
            eosID: 2,
            addBOS: Bool.random(using: &random), addEOS: Bool.random(using: &random),
            addSpacePrefix: isSentencePiece ? Bool.random(using: &random) : nil,
            leftStrippingIDs: types[some] == .control ? [some] : [], rightStrippingIDs: [1])
    }
}
