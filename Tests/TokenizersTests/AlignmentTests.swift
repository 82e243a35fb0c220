import Foundation
import TestSupport
import Testing
import Tokenizers

/// Tokens with their bytes in the text, in each kind of vocabulary.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct AlignmentTests {
    private static let texts = [
        "", "Hello  world\n", " leading", "trailing ", "\n\n\t x", "今天有多少托盘？", "🚚📦 é ñ 👨‍👩‍👧",
        "e\u{301}e\u{301} a\u{301}\u{327}b",
        "\u{1100}\u{1161}\u{11A8}", "1234567 and <|im_end|> </s> <s> text", "x\u{0}\u{7F}y", "a\u{200B}b\u{FEFF}c",
        "for i in 0..<3 {\n    print(i)\n}", "ﬁ Å Å Ω", "\u{301}a", "\u{AC00}\u{11A8}",
        String(repeating: "ab ", count: 400) + "é",
    ]

    @Test(
        "ids are those of encode; ranges go on without gap or overlap and hold the tokens' bytes",
        arguments: [
            "bpe-small", "gpt-2", "llama-bpe", "llama-spm", "phi-3", "qwen2", "smollm", "spm-small",
        ])
    func alignment(name: String) throws {
        let tokenizer = try Tokenizer(try ReferenceVocabulary.definition(name))
        for text in Self.texts {
            let bytes = Array(text.utf8)
            for parses in [false, true] {
                let aligned = tokenizer.encodeAligned(text, addSpecial: true, parseSpecial: parses)
                #expect(aligned.map(\.id) == tokenizer.encode(text, addSpecial: true, parseSpecial: parses), "\(text)")
                var place = 0
                for token in aligned {
                    #expect(token.bytes.lowerBound >= place || token.bytes.isEmpty, "\(text): \(token)")
                    #expect(token.bytes.upperBound <= bytes.count)
                    // Nothing but white space that a control token swallows lies between.
                    let gap = token.bytes.isEmpty ? [] : bytes[place..<max(place, token.bytes.lowerBound)]
                    #expect(gap.allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) }, "\(text): \(token)")
                    let own = try tokenizer.bytes(of: token.id)
                    if !token.bytes.isEmpty, tokenizer.definition.normalization != .canonicalComposition {
                        #expect(own.suffix(token.bytes.count).elementsEqual(bytes[token.bytes]), "\(text): \(token)")
                    }
                    place = max(place, token.bytes.upperBound)
                }
                let rest = bytes[place...]
                #expect(rest.allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) }, "\(text) ends at \(place)")
            }
        }
    }

    @Test("where normalisation composes, the tokens of the composed part have the whole part")
    func composed() throws {
        let definition = try TokenizerDefinition(huggingFaceFiles: [
            "tokenizer.json": Data(
                #"""
                {"version":"1.0","normalizer":{"type":"NFC"},"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,
                "trim_offsets":true,"use_regex":true},"decoder":{"type":"ByteLevel"},"added_tokens":[],
                "model":{"type":"BPE","vocab":{"a":0,"Ã":1,"©":2,"b":3},"merges":[]}}
                """#.utf8)
        ])
        let tokenizer = try Tokenizer(definition)
        try #require(tokenizer.definition.normalization == .canonicalComposition)
        let aligned = tokenizer.encodeAligned("ae\u{301}b", addSpecial: false, parseSpecial: false)
        #expect(
            aligned == [
                AlignedToken(id: 0, bytes: 0..<1), AlignedToken(id: 1, bytes: 1..<4), AlignedToken(id: 2, bytes: 1..<4),
                AlignedToken(id: 3, bytes: 4..<5),
            ])
    }
}
