import TestSupport
import Testing
import Tokenizers

/// Definitions as damaged or hostile model files give them: refused with the rule that was broken, or dealt with.
@Suite struct HostileDefinitionTests {
    private let bytes = SmallVocabulary.byteTexts

    private func definition(_ more: [String] = [], merges: [String] = []) -> TokenizerDefinition {
        TokenizerDefinition(
            model: .bytePairEncoding, tokens: bytes + more, merges: merges, preTokenizer: "gpt-2")
    }

    private func sentencePiece(_ more: [String] = []) -> TokenizerDefinition {
        TokenizerDefinition(model: .sentencePiece, tokens: ["<unk>", "<s>", "</s>"] + more)
    }

    private func error(_ definition: TokenizerDefinition) -> TokenizerError? {
        do throws(TokenizerError) {
            _ = try Tokenizer(definition)
            return nil
        } catch {
            #expect(!error.description.isEmpty)
            return error
        }
    }

    @Test func emptyVocabulary() {
        #expect(error(TokenizerDefinition(model: .bytePairEncoding, tokens: [])) == .emptyVocabulary)
    }

    @Test func duplicateTokens() {
        #expect(error(definition(["ab", "ab"])) == .duplicateToken(text: "ab", first: 256, second: 257))
        // The same for a reader, but not the same bytes: both must stay.
        #expect(error(sentencePiece(["é", "e\u{301}"])) == nil)
    }

    @Test func arraysShorterThanTokens() {
        var short = definition()
        short.types = [.normal]
        #expect(error(short) == .arrayTooShort(name: "token_type", expected: 256, actual: 1))
        short.types = []
        short.scores = [0, 0]
        #expect(error(short) == .arrayTooShort(name: "scores", expected: 256, actual: 2))
    }

    @Test func longTexts() {
        let long = String(repeating: "a", count: 5000)
        #expect(error(definition([long])) == .tokenTooLong(id: 256, bytes: 5000, limit: 4096))
        #expect(error(sentencePiece([String(long.prefix(1025))])) == .tokenTooLong(id: 3, bytes: 1025, limit: 1024))
        var control = definition([String(long.prefix(1025))])
        control.types = [TokenType](repeating: .normal, count: 256) + [.control]
        #expect(error(control) == .tokenTooLong(id: 256, bytes: 1025, limit: 1024))
        var many = definition((0..<6000).map { "\($0)" + long.prefix(1000) })
        many.types = [TokenType](repeating: .userDefined, count: 6256)
        guard case .specialTextsTooLong? = error(many) else {
            Issue.record("accepted")
            return
        }
    }

    @Test(arguments: ["<0x-1>", "<0x1>", "<0x100>", "<0xG0>", "0x41", "<0x41", ""])
    func byteTokens(_ text: String) {
        var bad = sentencePiece([text])
        bad.types = [.unknown, .control, .control, .byte]
        #expect(error(bad) == .malformedByteToken(id: 3, text: text))
    }

    @Test func scoresThatAreNoNumbers() {
        var bad = sentencePiece(["a", "b"])
        bad.scores = [0, 0, 0, .nan, 1]
        #expect(error(bad) == .invalidScore(id: 3))
        bad.scores = [.nan, 0, 0, .infinity, -.infinity]
        #expect(error(bad) == nil)
    }

    @Test func splitRules() {
        var unknown = definition()
        unknown.preTokenizer = "superbpe"
        guard case .unknownPreTokenizer("superbpe", let known)? = error(unknown) else {
            Issue.record("accepted")
            return
        }
        #expect(known.contains("qwen2") && known.contains("llama-bpe") && known == known.sorted())
        for name in known {
            var definition = definition()
            definition.preTokenizer = name
            definition.bosID = 0
            #expect(error(definition) == nil)
        }
    }

    @Test func idsOutsideTheVocabulary() throws {
        var odd = definition()
        odd.bosID = 256
        odd.eosID = -1
        odd.addBOS = true
        odd.endOfGenerationIDs = [5, 900]
        odd.rightStrippingIDs = [-7, 1 << 40]
        let tokenizer = try Tokenizer(odd)
        #expect(tokenizer.bosID == nil && tokenizer.eosID == nil && tokenizer.warnings.count == 3)
        #expect(tokenizer.endOfGenerationTokens == [5])
        #expect(tokenizer.encode("A", addSpecial: true, parseSpecial: true) == [0x41])
        var pieces = sentencePiece(["a"])
        pieces.bosID = 99
        #expect(try Tokenizer(pieces).bosID == 1)
    }

    @Test func unreadableMerges() throws {
        let merges = ["", " ", "a", "ab", "a b", "a ", "  a", "中 文", "x y z", "a b", "b a"]
        let tokenizer = try Tokenizer(definition(["ab"], merges: merges))
        #expect(tokenizer.encode("abab", addSpecial: false, parseSpecial: false) == [256, 256])
        #expect(tokenizer.warnings.contains { $0.contains("merge") })
    }

    /// A merge whose text is no token: its bytes are written.
    @Test func mergesWithoutToken() throws {
        let tokenizer = try Tokenizer(definition(["abc"], merges: ["a b", "ab c", "x y"]))
        let ids = tokenizer.encode("abcabxy", addSpecial: false, parseSpecial: false)
        #expect(ids == [256, 0x61, 0x62, 0x78, 0x79])
    }

    /// A byte without a token is dropped, but stands between its neighbours.
    @Test func bytesWithoutToken() throws {
        let tokens = ["a", "b", "ab"]
        let tokenizer = try Tokenizer(
            TokenizerDefinition(
                model: .bytePairEncoding, tokens: tokens, merges: ["a b"], preTokenizer: "gpt-2"))
        #expect(tokenizer.encode("abaXbab", addSpecial: false, parseSpecial: false) == [2, 0, 1, 2])
        let pieces = try Tokenizer(sentencePiece(["a"]))
        #expect(pieces.encode("aé", addSpecial: false, parseSpecial: false) == [0, 0, 0, 3, 0, 0])
    }

    @Test func emptyTexts() throws {
        let tokenizer = try Tokenizer(definition(["", ""]))
        #expect(tokenizer.warnings.count == 1)
        #expect(try tokenizer.decode([256, 0x41, 257]) == "A")
    }

    /// A text that a user wrote never becomes a control token: not by merging, not by a whole word.
    @Test(arguments: ["gpt-2", "llama-bpe"])
    func controlTextsStayText(_ rule: String) throws {
        var hostile = definition(["ab", "abab"], merges: ["a b", "ab ab"])
        hostile.types = [TokenType](repeating: .normal, count: 257) + [.control]
        hostile.preTokenizer = rule
        hostile.addBOS = false
        let tokenizer = try Tokenizer(hostile)
        let plain = tokenizer.encode("abab", addSpecial: false, parseSpecial: false)
        #expect(!plain.contains(257))
        #expect(try tokenizer.decode(plain) == "abab")
        #expect(tokenizer.encode("abab", addSpecial: false, parseSpecial: true) == [257])
    }

    @Test func namedControlTexts() throws {
        var odd = definition(["<|im_end|>", "<tool>"])
        odd.types = [TokenType](repeating: .normal, count: 256) + [.userDefined, .userDefined]
        let tokenizer = try Tokenizer(odd)
        #expect(tokenizer.type(of: 256) == .control && tokenizer.controlToken("<|im_end|>") == 256)
        #expect(tokenizer.controlToken("<tool>") == nil && tokenizer.id(of: "<tool>") == 257)
        #expect(tokenizer.endOfGenerationTokens == [256])
        let ids = tokenizer.encode("<tool><|im_end|>", addSpecial: false, parseSpecial: false)
        #expect(ids.first == 257 && !ids.contains(256))
    }

    @Test func beginningAndEnd() throws {
        var both = definition(["<b>", "<e>"])
        both.types = [TokenType](repeating: .normal, count: 256) + [.control, .control]
        (both.bosID, both.eosID, both.addBOS, both.addEOS) = (256, 257, true, true)
        let tokenizer = try Tokenizer(both)
        #expect(tokenizer.encode("", addSpecial: true, parseSpecial: false) == [256, 257])
        let doubled = tokenizer.encode("<b>A", addSpecial: true, parseSpecial: true)
        #expect(doubled == [256, 256, 0x41, 257] && tokenizer.beginsWithTwoBOS(doubled))
        #expect(tokenizer.bosText == "<b>" && tokenizer.eosText == "<e>")
    }

    @Test func whiteSpaceAroundSpecials() throws {
        var stripping = definition(["<l>", "<r>"])
        stripping.types = [TokenType](repeating: .normal, count: 256) + [.control, .control]
        stripping.leftStrippingIDs = [256]
        stripping.rightStrippingIDs = [257]
        let tokenizer = try Tokenizer(stripping)
        let ids = tokenizer.encode("A \n<l> B <r>\t C", addSpecial: false, parseSpecial: true)
        #expect(try tokenizer.decode(ids) == "A<l> B <r>C")
    }
}
