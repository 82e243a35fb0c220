import TestSupport
import Testing
import Tokenizers

/// Special texts are found leftmost first, longest first, in time linear in the text.
struct SpecialTextTests {
    private static func tokenizer(_ special: [(String, TokenType)], name: String? = nil) throws -> Tokenizer {
        let letters = ["a", "b", "c", "d", "Ġ"]
        return try Tokenizer(
            TokenizerDefinition(
                model: .bytePairEncoding, tokens: letters + special.map(\.0),
                types: letters.map { _ in .normal } + special.map(\.1), preTokenizer: "qwen2", modelName: name))
    }

    /// What the rule says, place by place.
    private static func naive(_ text: String, _ special: [(String, TokenType)], parse: Bool) -> [Int] {
        let bytes = Array(text.utf8)
        var ids: [Int] = []
        var place = 0
        while place < bytes.count {
            var best: (length: Int, id: Int)?
            for (index, (word, type)) in special.enumerated() where parse || type == .userDefined {
                let length = word.utf8.count
                if bytes[place...].starts(with: word.utf8) && length > best?.length ?? 0 { best = (length, 5 + index) }
            }
            if let best {
                ids.append(best.id)
                place += best.length
            } else {
                ids.append(bytes[place] == 0x20 ? 4 : Int(bytes[place]) - 0x61)
                place += 1
            }
        }
        return ids
    }

    @Test func overlappingTextsAsTheRuleSays() throws {
        var random = SeededRandom(seed: 5)
        for _ in 0..<300 {
            var special: [(String, TokenType)] = []
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let length = Int.random(in: 2...6, using: &random)
                let word = String((0..<length).map { _ in "abc ".randomElement(using: &random) ?? "a" })
                if !special.contains(where: { $0.0 == word }) {
                    special.append((word, Bool.random(using: &random) ? .userDefined : .control))
                }
            }
            let tokenizer = try Self.tokenizer(special)
            for _ in 0..<10 {
                let text = String((0..<40).map { _ in "aaabbc d".randomElement(using: &random) ?? "a" })
                for parse in [false, true] {
                    #expect(
                        tokenizer.encode(text, addSpecial: false, parseSpecial: parse)
                            == Self.naive(text, special, parse: parse), "\(special) in \(text)")
                }
            }
        }
    }

    /// A tree walked from each place would take a thousand steps per place in these texts.
    @Test(.timeLimit(.minutes(1)))
    func textsMadeForTheLongestSpecialText() throws {
        let run = String(repeating: "a", count: 1000)
        for special in [[run + "b"], ["b" + run], [run, run + "b", "b" + run]] {
            let tokenizer = try Self.tokenizer(special.map { ($0, .userDefined) })
            let text = String(repeating: "a", count: 1 << 20) + "c"
            let clock = ContinuousClock()
            var ids: [Int] = []
            let time = clock.measure { ids = tokenizer.encode(text, addSpecial: false, parseSpecial: true) }
            let expected = special.contains(run) ? (1 << 20) / 1000 + (1 << 20) % 1000 + 1 : (1 << 20) + 1
            #expect(ids.count == expected)
            #expect(time < .seconds(10), "\(time)")
        }
    }

    /// The model's name has one effect, Phi-3's; whatever else a file puts there has none.
    @Test func namesChangeNothingButPhi3() throws {
        let special: [(String, TokenType)] = [("<|end|>", .control), ("<s>", .control), ("<t>", .userDefined)]
        let text = "a<|end|> b<s> c<t>  d"
        let plain = try Self.tokenizer(special).encode(text, addSpecial: true, parseSpecial: true)
        let names = [
            "", "Phi", "phi-2", "p-h-i-3", "phi_3", "jina-v2", "modern-bert", "\u{0}", "qwen2 <|end|>", "phi\u{2010}3",
            String(repeating: "phi-", count: 100_000), "llama-bpe", "../../phi", "PHI\u{301}-3",
        ]
        for name in names {
            let ids = try Self.tokenizer(special, name: name).encode(text, addSpecial: true, parseSpecial: true)
            #expect(ids == plain, "\(name.prefix(20))")
        }
        for name in ["Phi-3 mini", "my phi3"] {
            let ids = try Self.tokenizer(special, name: name).encode(text, addSpecial: true, parseSpecial: true)
            #expect(ids == [0, 5, 1, 6, 4, 2, 7, 3])
        }
        #expect(plain == [0, 5, 4, 1, 6, 4, 2, 7, 4, 4, 3])
    }
}
