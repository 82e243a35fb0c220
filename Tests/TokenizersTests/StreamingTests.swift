import TestSupport
import Testing
import Tokenizers

/// The streaming decoder over every order of bytes that tokens can bring.
@Suite struct StreamingTests {
    /// A vocabulary of the 256 bytes, some whole characters and parts of them, and a control token.
    private func tokenizer(model: TokenizerDefinition.Model = .bytePairEncoding) throws -> Tokenizer {
        if model == .sentencePiece {
            var tokens = ["<unk>", "<s>", "</s>"]
            for byte in 0..<256 {
                let digits = String(byte, radix: 16, uppercase: true)
                tokens.append("<0x\(digits.count < 2 ? "0" : "")\(digits)>")
            }
            tokens += ["▁", "▁a", "中"]
            return try Tokenizer(TokenizerDefinition(model: model, tokens: tokens))
        }
        let bytes = SmallVocabulary.byteTexts
        return try Tokenizer(
            TokenizerDefinition(
                model: model, tokens: bytes + ["<|end|>", "ä¸Ń", "ä¸", "ŃæĸĩðŁ"], preTokenizer: "gpt-2"))
    }

    @Test func everyCutOfBytes() throws {
        let tokenizer = try tokenizer()
        let text = "a中文é😀𠀀\u{10FFFF}\u{7FF}\u{800}z"
        let ids = text.utf8.map { Int($0) }
        var decoder = StreamingDecoder(tokenizer)
        var joined = ""
        for id in ids {
            let piece = try decoder.append(id)
            #expect(!piece.unicodeScalars.contains("\u{FFFD}"))
            joined += piece
        }
        joined += decoder.finish()
        #expect(joined.utf8.elementsEqual(text.utf8))
    }

    @Test func randomBytesEqualTheWholeText() throws {
        let tokenizer = try tokenizer()
        var random = SeededRandom(seed: 11)
        let leads: [Int] = [0x80, 0xBF, 0xC0, 0xC2, 0xE0, 0xE4, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF, 0x41, 0x9F, 0xA0]
        for round in 0..<4_000 {
            let ids = (0..<(round % 12)).map { _ in
                Bool.random(using: &random)
                    ? leads[Int.random(in: 0..<leads.count, using: &random)]
                    : Int.random(in: 0..<tokenizer.vocabularySize, using: &random)
            }
            var decoder = StreamingDecoder(tokenizer)
            var pieces: [String] = []
            for id in ids { pieces.append(try decoder.append(id)) }
            pieces.append(decoder.finish())
            let whole = try tokenizer.decode(ids)
            #expect(pieces.joined().utf8.elementsEqual(whole.utf8), "\(ids)")
        }
    }

    @Test func endsWithinACharacter() throws {
        var decoder = StreamingDecoder(try tokenizer())
        #expect(try decoder.append(0xE4) == "")
        #expect(try decoder.append(0xB8) == "")
        #expect(decoder.finish() == "\u{FFFD}")
        #expect(decoder.finish() == "")
        // Used again from the beginning.
        #expect(try decoder.append(0x41) == "A")
    }

    @Test func brokenCharacterIsGivenAtOnce() throws {
        var decoder = StreamingDecoder(try tokenizer())
        #expect(try decoder.append(0xE4) == "")
        #expect(try decoder.append(0x41) == "\u{FFFD}A")
        #expect(try decoder.append(0xFF) == "\u{FFFD}")
        #expect(try decoder.append(0xF0) == "")
        #expect(try decoder.append(0x80) == "\u{FFFD}\u{FFFD}")
    }

    @Test func controlTokens() throws {
        let tokenizer = try tokenizer()
        var shown = StreamingDecoder(tokenizer)
        #expect(try shown.append(256) == "<|end|>")
        var skipping = StreamingDecoder(tokenizer, skipControl: true)
        #expect(try skipping.append(256) == "")
        #expect(tokenizer.endOfGenerationTokens == [256])
    }

    @Test func onlyTheFirstSpaceIsRemoved() throws {
        let tokenizer = try tokenizer(model: .sentencePiece)
        let space = tokenizer.vocabularySize - 3
        var decoder = StreamingDecoder(tokenizer, skipControl: true)
        #expect(try decoder.append(1) == "")
        #expect(try decoder.append(space) == "")
        #expect(try decoder.append(space) == " ")
        #expect(try decoder.append(space + 1) == " a")
        #expect(try decoder.append(0x20 + 3) == " ")
        #expect(try tokenizer.decode([space, space, space + 1]) == "  a")
        #expect(try tokenizer.decode([0x20 + 3, 0x20 + 3]) == " ")
    }

    @Test func idsOutside() throws {
        let tokenizer = try tokenizer()
        for id in [-1, tokenizer.vocabularySize, Int.max, Int.min] {
            var decoder = StreamingDecoder(tokenizer)
            #expect(throws: TokenizerError.idOutsideVocabulary(id: id, count: 260)) { try decoder.append(id) }
            #expect(throws: TokenizerError.idOutsideVocabulary(id: id, count: 260)) { try tokenizer.decode([id]) }
            #expect(throws: TokenizerError.idOutsideVocabulary(id: id, count: 260)) { try tokenizer.bytes(of: id) }
            #expect(tokenizer.text(of: id) == nil)
            #expect(tokenizer.type(of: id) == nil)
        }
    }
}

/// Small vocabularies made in code.
enum SmallVocabulary {
    /// The characters of the 256 bytes in byte-level vocabularies.
    static let byteTexts: [String] = {
        var extra: UInt32 = 0x100
        return (0..<256).map { byte in
            var scalar = UInt32(byte)
            if !((0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE) {
                scalar = extra
                extra += 1
            }
            return Unicode.Scalar(scalar).map { String(Character($0)) } ?? ""
        }
    }()
}
