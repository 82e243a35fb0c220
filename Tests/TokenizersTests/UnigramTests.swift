import Testing
import Tokenizers

/// Small unigram vocabularies, whose ids follow from the rules by hand.
@Suite struct UnigramTests {
    static func definition(
        _ pieces: [(String, Float)], map: [(String, String)] = [], bytes: Bool = false
    ) -> TokenizerDefinition {
        let byteTexts = bytes ? (0..<256).map { "<0x" + hex($0) + ">" } : []
        return TokenizerDefinition(
            model: .unigram, tokens: ["<pad>", "</s>", "<unk>"] + pieces.map(\.0) + byteTexts,
            scores: [0, 0, 0] + pieces.map(\.1) + byteTexts.map { _ in 0 },
            types: [.control, .control, .unknown] + pieces.map { _ in .normal } + byteTexts.map { _ in .byte },
            characterMap: map.isEmpty ? [] : CharacterMapBytes(map).bytes)
    }

    private static func hex(_ value: Int) -> String {
        let digits = Array("0123456789ABCDEF")
        return String([digits[value >> 4], digits[value & 15]])
    }

    private func pieces(_ definition: TokenizerDefinition, _ text: String) throws -> [String] {
        let tokenizer = try Tokenizer(definition)
        return tokenizer.encode(text, addSpecial: false, parseSpecial: false).map { definition.tokens[$0] }
    }

    @Test func highestSum() throws {
        let some = Self.definition([("▁", -2), ("a", -3), ("b", -3), ("ab", -5), ("▁a", -4), ("bab", -8)])
        // ▁a + b = −7, ▁ + ab = −7: the longest last piece; ▁a + bab = −12, ▁ + ab + ab = −12 as well.
        #expect(try pieces(some, "ab") == ["▁", "ab"])
        #expect(try pieces(some, "abab") == ["▁a", "bab"])
        var better = some
        better.scores[3 + 3] = -4.5
        #expect(try pieces(better, "abab") == ["▁", "ab", "ab"])
    }

    @Test func defaults() throws {
        let tokenizer = try Tokenizer(Self.definition([("▁a", -1)]))
        #expect(tokenizer.eosID == 1 && tokenizer.unknownID == 2 && tokenizer.paddingID == 0 && tokenizer.bosID == nil)
        #expect(tokenizer.encode("a", addSpecial: true, parseSpecial: false) == [3, 1])
        #expect(tokenizer.encode("", addSpecial: true, parseSpecial: false) == [1])
        #expect(tokenizer.encode("  \u{20}", addSpecial: true, parseSpecial: false) == [1])
        #expect(try tokenizer.decode([3, 3, 1]) == "a a</s>")
        #expect(try tokenizer.decode([3, 3, 1], skipControl: true) == "a a")
    }

    /// An unknown character costs the lowest score less ten, and a run of them is one token.
    @Test func unknowns() throws {
        let some = Self.definition([("▁", -1), ("a", -2), ("xyzab", -36.5), ("b", -2)])
        #expect(try pieces(some, "xyz") == ["▁", "<unk>"])
        #expect(try pieces(some, "xaéyb") == ["▁", "<unk>", "a", "<unk>", "b"])
        // −36.5 is the lowest, so an unknown costs 46.5 and xyzab is better than three of them.
        #expect(try pieces(some, "xyzab") == ["▁", "xyzab"])
        let spaceless = Self.definition([("a", -2)])
        #expect(try pieces(spaceless, "x y a") == ["<unk>", "a"])
    }

    @Test func unknownPenalty() throws {
        // The lowest score is −12, so x alone costs 22: less than xa + b with ab −1.75, more with ab −2.25.
        let some = Self.definition([("▁", -1), ("ab", -1.75), ("xa", -12), ("b", -12)])
        #expect(try pieces(some, "xab") == ["▁", "<unk>", "ab"])
        var worse = some
        worse.scores[4] = -2.25
        #expect(try pieces(worse, "xab") == ["▁", "xa", "b"])
    }

    @Test func byteFallback() throws {
        let some = Self.definition([("▁", -1), ("a", -2)], bytes: true)
        #expect(try pieces(some, "aé") == ["▁", "a", "<0xC3>", "<0xA9>"])
        let tokenizer = try Tokenizer(some)
        #expect(
            try tokenizer.decode(tokenizer.encode("a é\u{0}", addSpecial: false, parseSpecial: false)) == "a é\u{0}")
    }

    /// A user-defined text is cut out; what normalisation makes of another text is preferred by its score.
    @Test func userDefined() throws {
        var some = Self.definition([("▁", -1), ("a", -2), ("aa", -0.5), ("<x>", 0)], map: [("＜", "<"), ("＞", ">")])
        some.types[6] = .userDefined
        #expect(try pieces(some, "a<x>aa") == ["▁", "a", "<x>", "▁", "aa"])
        #expect(try pieces(some, "＜x＞") == ["▁", "<x>"])
    }

    @Test func controlTextsStayText() throws {
        let some = Self.definition([("▁", -1), ("<", -2), ("/s", -2), (">", -2)])
        #expect(try pieces(some, "</s>") == ["▁", "<", "/s", ">"])
        let tokenizer = try Tokenizer(some)
        #expect(tokenizer.encode("</s> >", addSpecial: false, parseSpecial: true) == [1, 3, 6])
        // By way of the character map neither.
        let mapped = Self.definition([("▁", -1), ("<", -2), ("/s", -2), (">", -2)], map: [("x", "</s>")])
        #expect(try pieces(mapped, "x") == ["▁", "<", "/s", ">"])
    }

    @Test func unusedPiecesAreNotTaken() throws {
        var some = Self.definition([("▁", -1), ("a", -2), ("aa", -0.5)])
        some.types[5] = .unused
        #expect(try pieces(some, "aa") == ["▁", "a", "a"])
    }

    @Test func spaces() throws {
        let vocabulary: [(String, Float)] = [("▁", -1), ("a", -1), ("▁a", -1), ("▁▁", -1.5)]
        var some = Self.definition(vocabulary, map: [("\n", " "), ("\u{3000}", " "), ("\u{200B}", ""), ("¨", " a")])
        let expected = ["▁a", "▁a"]
        for text in ["a a", "  a  a  ", "a\n \u{3000}a\n", "\u{200B} a\u{200B} a", "a\u{3000}\u{200B}\u{3000}a"] {
            #expect(try pieces(some, text) == expected, "\(text.debugDescription)")
        }
        #expect(try pieces(some, "a ¨¨") == ["▁a", "▁a", "▁a"])
        #expect(try pieces(some, "\u{200B}") == [])
        some.removeExtraWhitespaces = false
        #expect(try pieces(some, " a  a ") == ["▁", "▁a", "▁", "▁a", "▁"])
        #expect(try pieces(some, "\u{200B}") == ["▁"])
        some.addSpacePrefix = false
        #expect(try pieces(some, "a a") == ["a", "▁a"])
        #expect(try Tokenizer(some).decode([5, 5]) == " a a")
        // A piece that holds a space within: no cutting at spaces.
        #expect(try pieces(Self.definition(vocabulary + [("a▁a", -0.5)]), "a a") == ["▁", "a▁a"])
    }

    /// The longest sequence is replaced, and what it gives is not looked at again.
    @Test func replacements() throws {
        let map = [("e\u{301}", "é"), ("e", "f"), ("f", "g"), ("é", "x"), ("ﷺ", "صلى الله"), ("中文", "q")]
        let some = Self.definition(
            [("▁", -1), ("é", -1), ("f", -1), ("g", -1), ("x", -1), ("q", -1), ("中", -1), ("صلى", -1), ("▁الله", -1)],
            map: map)
        #expect(try pieces(some, "e\u{301}efé") == ["▁", "é", "f", "g", "x"])
        #expect(try pieces(some, "中中文e") == ["▁", "中", "q", "f"])
        #expect(try pieces(some, "ﷺ") == ["▁", "صلى", "▁الله"])
    }

    @Test func scores() throws {
        func error(_ definition: TokenizerDefinition) -> TokenizerError? {
            do throws(TokenizerError) {
                let tokenizer = try Tokenizer(definition)
                _ = tokenizer.encode("a b aab xx", addSpecial: true, parseSpecial: false)
                return nil
            } catch { return error }
        }
        var some = Self.definition([("▁", -1), ("a", -2), ("aa", -3)])
        some.scores = []
        #expect(error(some) == .arrayTooShort(name: "scores", expected: 6, actual: 0))
        some.scores = [0, 0, 0, 0, .nan, 0]
        #expect(error(some) == .invalidScore(id: 4))
        // No value of a score traps or stops the search from finding some way.
        for scores: [Float] in [
            [.infinity, -.infinity, 0], [-.infinity, -.infinity, -.infinity], [3e38, 3e38, -3e38],
        ] {
            some.scores = [0, 0, .nan] + scores
            #expect(error(some) == nil)
            #expect(try !pieces(some, "aaa x").isEmpty)
        }
    }
}
