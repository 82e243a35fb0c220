import Testing
import Tokenizers

/// Small WordPiece vocabularies, whose ids follow from the rules by hand.
@Suite struct WordPieceTests {
    private func definition(_ pieces: [String]) -> TokenizerDefinition {
        TokenizerDefinition(
            model: .wordPiece, tokens: ["[PAD]", "[UNK]", "[CLS]", "[SEP]"] + pieces,
            types: [.control, .control, .control, .control] + pieces.map { _ in .normal }, bosID: 2, eosID: 3,
            unknownID: 1)
    }

    private func pieces(_ definition: TokenizerDefinition, _ text: String) throws -> [String] {
        let tokenizer = try Tokenizer(definition)
        return tokenizer.encode(text, addSpecial: false, parseSpecial: false).map { definition.tokens[$0] }
    }

    @Test func longestFromTheLeft() throws {
        let some = definition(["▁ab", "▁abc", "cd", "d", "▁d", "▁x"])
        #expect(try pieces(some, "abcd abd d") == ["▁abc", "d", "▁ab", "d", "▁d"])
        // No way back: abc + de has no e, and one gap makes the whole word unknown.
        #expect(try pieces(some, "abcde x") == ["[UNK]", "▁x"])
        #expect(try pieces(some, "") == [])
    }

    @Test func caseAndAccents() throws {
        var some = definition(["▁e", "▁é", "▁E", "▁É"])
        #expect(try pieces(some, "É e\u{301} E") == ["▁e", "▁e", "▁e"])
        some.stripsAccents = false
        #expect(try pieces(some, "É E") == ["▁é", "▁e"])
        some.lowercases = false
        some.stripsAccents = nil
        #expect(try pieces(some, "É E é") == ["▁É", "▁E", "▁é"])
        some.stripsAccents = true
        #expect(try pieces(some, "É é") == ["▁E", "▁e"])
    }

    @Test func wordsAndSigns() throws {
        let some = definition(["▁a", "▁.", "▁$", "▁中", "▁文", "b"])
        #expect(
            try pieces(some, "a.ab$中文ab\u{0}b\u{200B}b\u{85}b\u{3000}a\n") == [
                "▁a", "▁.", "▁a", "b", "▁$", "▁中", "▁文", "▁a", "b", "b", "b", "b", "▁a",
            ])
    }

    @Test func longWords() throws {
        let some = definition(["▁a", "a"])
        #expect(try pieces(some, String(repeating: "a", count: 100)).count == 100)
        #expect(try pieces(some, String(repeating: "a", count: 101)) == ["[UNK]"])
    }

    /// The mark is no piece of a word, and a user's text makes no control token.
    @Test func texts() throws {
        let some = definition(["▁", "a", "▁[", "▁]", "▁cls"])
        #expect(try pieces(some, "a") == ["[UNK]"])
        #expect(try pieces(some, "cls▁cls") == ["[UNK]"])
        #expect(try pieces(some, "[CLS]") == ["▁[", "▁cls", "▁]"])
        let tokenizer = try Tokenizer(some)
        #expect(tokenizer.encode("[CLS]", addSpecial: true, parseSpecial: true) == [2, 2, 3])
        #expect(try tokenizer.decode([2, 8, 5, 3]) == "[CLS] clsa [SEP]")
        #expect(try tokenizer.decode([2, 8, 5, 3], skipControl: true) == "clsa")
    }

    @Test func missingTypesAndIDs() throws {
        var some = definition(["▁a"])
        some.types = []
        #expect(try Tokenizer(some).type(of: 2) == .control)
        some.unknownID = nil
        #expect(try Tokenizer(some).encode("b a", addSpecial: false, parseSpecial: false) == [4])
    }
}
