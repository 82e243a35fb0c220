import Foundation
import TestSupport
import Testing
import Tokenizers

/// Byte-level BPE training against a naive twin, through files, and at its bounds.
struct BytePairTrainerTests {
    private static let sample = [
        "公司的产品说明：水泵的流量为每小时三十立方米，扬程为二十米。水泵的流量以铭牌为准。",
        "The pump's flow is 30 m3/h; the pump's head is 20 m. They're tested, aren't they?\n\n  Indented  text.\n",
        "aaaa aaaaaaa aaa abababab ababab  ab", "价格 1234567 元，含税 13%。价格 1234567 元。", "e\u{301}🙂🙂👩‍👩‍👧 \u{0}\t\r\n",
    ]

    private func trained(_ settings: BytePairTrainingSettings, _ texts: [String]) throws -> TrainedBytePairVocabulary {
        var trainer = try BytePairTrainer(settings)
        for text in texts { trainer.add(text) }
        return try trainer.train()
    }

    /// Random text of few letters has many ties, runs that overlap themselves, and texts that two pairs make.
    @Test(arguments: 0..<40)
    func equalsNaiveTwin(_ seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let letters = Array("aabcé的水 ".prefix(2 + Int.random(in: 0..<6, using: &random)))
        let texts = (0..<Int.random(in: 1..<6, using: &random)).map { _ in
            String(
                (0..<Int.random(in: 1..<300, using: &random)).map { _ in letters.randomElement(using: &random) ?? "a" })
        }
        let frequency = Int.random(in: 1..<4, using: &random)
        let settings = BytePairTrainingSettings(
            vocabularySize: 259 + Int.random(in: 0..<80, using: &random), minimumFrequency: frequency,
            maximumTokenBytes: Int.random(in: 2..<40, using: &random))
        let ours = try trained(settings, texts).definition
        let naive = NaiveBytePairTrainer.train(settings, texts)
        #expect(ours.tokens == naive.tokens)
        #expect(ours.merges == naive.merges)
    }

    @Test(arguments: BytePairTrainingSettings.Split.allCases)
    func wholeSample(_ split: BytePairTrainingSettings.Split) throws {
        let settings = BytePairTrainingSettings(vocabularySize: 420, split: split)
        let result = try trained(settings, Self.sample + Self.sample)
        let naive = NaiveBytePairTrainer.train(settings, Self.sample + Self.sample)
        #expect(result.definition.merges == naive.merges)
        #expect(result.definition.preTokenizer == split.rawValue)
        #expect(result.statistics.textBytes == 2 * Self.sample.reduce(0) { $0 + $1.utf8.count })
        let tokenizer = try Tokenizer(result.definition)
        #expect(tokenizer.warnings.isEmpty)
        for text in Self.sample {
            let ids = tokenizer.encode(text, addSpecial: true, parseSpecial: true)
            #expect(ids.count < text.utf8.count)
            #expect(try tokenizer.decode(ids) == text)
        }
        let read = try TokenizerDefinition(huggingFaceFiles: result.definition.huggingFaceFiles())
        #expect(read.tokens == result.definition.tokens)
        #expect(read.merges == result.definition.merges)
        #expect(read.preTokenizer.flatMap(BytePairTrainingSettings.Split.init) == split)
        #expect(read.chatTemplate == result.definition.chatTemplate)
        let again = try Tokenizer(read)
        for text in Self.sample {
            #expect(
                again.encode(text, addSpecial: true, parseSpecial: true)
                    == tokenizer.encode(text, addSpecial: true, parseSpecial: true))
        }
    }

    @Test func idsAndRoles() throws {
        let definition = try trained(.init(vocabularySize: 300), Self.sample).definition
        let tokenizer = try Tokenizer(definition)
        #expect(definition.tokens.prefix(3) == ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
        #expect(definition.tokens[3..<5] == ["!", "\""])
        #expect(definition.tokens[258] == "\u{143}")
        #expect(tokenizer.eosID == 2 && tokenizer.paddingID == 0 && tokenizer.bosID == 0)
        #expect(tokenizer.endOfGenerationTokens == [0, 2])
        #expect(tokenizer.encode("<|im_start|>", addSpecial: true, parseSpecial: true) == [1])
        #expect(tokenizer.encode("<|im_start|>", addSpecial: true, parseSpecial: false).allSatisfy { $0 > 2 })
        #expect(definition.chatTemplate?.contains("<|im_start|>") == true)
        let own = try trained(.init(vocabularySize: 300, specialTokens: ["<s>", "</s>"]), Self.sample).definition
        #expect(own.chatTemplate == nil && own.eosID == 0)
        let named = try trained(
            .init(vocabularySize: 300, specialTokens: ["<s>", "</s>"], endOfText: "</s>"), Self.sample)
        #expect(named.definition.eosID == 1)
    }

    /// The same texts in another order, and cut into texts at line ends, give the same vocabulary.
    @Test func orderOfTextsDoesNotMatter() throws {
        let settings = BytePairTrainingSettings(vocabularySize: 380)
        let first = try trained(settings, Self.sample).definition
        #expect(try trained(settings, Self.sample.reversed()).definition == first)
        #expect(try trained(settings, Self.sample).definition == first)
    }

    /// A token with the text of a special token would make it appear from plain text; and texts of special tokens in
    /// the corpus are no words.
    @Test func specialTextsAreNoMerges() throws {
        let texts = [String](repeating: "abc abc<|im_end|>xyz", count: 50)
        let definition = try trained(.init(vocabularySize: 300, specialTokens: ["abc", "<|im_end|>"]), texts).definition
        #expect(!definition.merges.contains { $0.split(separator: " ").joined() == "abc" })
        #expect(!definition.tokens.dropFirst(2).contains { $0.contains("im_") || $0.contains("|") && $0.count > 1 })
        #expect(definition.tokens.contains("xyz"))
        // "ab" + "c" may not be made although "abc" within a longer word is a candidate.
        let within = try trained(
            .init(vocabularySize: 270, specialTokens: ["水"]), [String](repeating: "流水线", count: 9)
        ).definition
        #expect(!within.merges.contains { $0.split(separator: " ").joined() == "æ°´" })
    }

    @Test func tooLittleTextGivesFewerTokens() throws {
        let definition = try trained(.init(vocabularySize: 5000), ["abab abab"]).definition
        #expect(definition.merges == ["a b", "ab ab"])
        #expect(definition.tokens.count == 261)
        #expect(try trained(.init(vocabularySize: 5000), ["a"]).definition.merges.isEmpty)
    }

    @Test func badSettings() throws {
        func refuses(_ settings: BytePairTrainingSettings, _ error: BytePairTrainingError) {
            #expect(throws: error) { _ = try BytePairTrainer(settings) }
            #expect(error.description.hasSuffix("."))
        }
        refuses(.init(vocabularySize: 258), .vocabularySize(258, least: 259, limit: 1 << 20))
        refuses(.init(vocabularySize: .max), .vocabularySize(.max, least: 259, limit: 1 << 20))
        refuses(.init(vocabularySize: -1), .vocabularySize(-1, least: 259, limit: 1 << 20))
        refuses(.init(vocabularySize: 300, minimumFrequency: 0), .minimumFrequency(0))
        refuses(.init(vocabularySize: 300, maximumTokenBytes: 1), .tokenBytes(1, least: 2, limit: 1024))
        refuses(.init(vocabularySize: 300, maximumWordBytes: 1), .wordBytes(1, least: 4096, limit: 1 << 30))
        for (list, text) in [(["x", "x"], "x"), ([""], ""), (["Ġ"], "Ġ"), (["<s>", "<s>"], "<s>")] {
            #expect {
                _ = try BytePairTrainer(.init(vocabularySize: 400, specialTokens: list))
            } throws: { error in
                if case .specialToken(text, _)? = error as? BytePairTrainingError { true } else { false }
            }
        }
        #expect(throws: BytePairTrainingError.self) {
            _ = try BytePairTrainer(.init(vocabularySize: 400, endOfText: "nowhere"))
        }
        #expect(throws: BytePairTrainingError.noText) { _ = try trained(.init(vocabularySize: 400), ["", ""]) }
    }

    /// Words beyond the bound: the frequent ones stay, whatever comes between.
    @Test func boundOnMemoryKeepsFrequentWords() throws {
        var random = SeededRandom(seed: 5)
        var texts: [String] = []
        for _ in 0..<3000 {
            texts.append("流量 扬程 ")
            texts.append(
                String((0..<12).map { _ in Character(Unicode.Scalar(UInt8.random(in: 97...122, using: &random))) }))
        }
        let settings = BytePairTrainingSettings(vocabularySize: 280, maximumWordBytes: 20_000)
        let result = try trained(settings, texts)
        #expect(result.statistics.droppedOccurrences > 1000)
        #expect(result.statistics.distinctWords * 48 < 20_000)
        #expect(result.definition.tokens.contains("æµģéĩı"))
        #expect(try trained(settings, texts).definition == result.definition)
    }

    @Test func progressCounts() throws {
        var trainer = try BytePairTrainer(.init(vocabularySize: 290))
        for text in Self.sample { trainer.add(text) }
        var last = 259
        let result = try trainer.train { tokens, wanted in
            #expect(wanted == 290 && tokens >= last)
            last = tokens
        }
        #expect(last == result.definition.tokens.count)
    }

    /// 50 MB (with `PALLET_LONG=1`; 2 MB otherwise) of Chinese-like text: words from a skewed distribution, clauses of
    /// many words without a space.
    @Test func speed() throws {
        var random = SeededRandom(seed: 9)
        let words = (0..<20_000).map { _ in
            String(
                (0..<Int.random(in: 1...3, using: &random)).map { _ in
                    Character(Unicode.Scalar(UInt32(0x4E00 + Int.random(in: 0..<3000, using: &random))) ?? "的")
                })
        }
        let size = (Shared.long ? 50 : 2) * 1_000_000
        var trainer = try BytePairTrainer(.init(vocabularySize: 6400))
        let clock = ContinuousClock()
        let start = clock.now
        var text = ""
        while trainer.textBytes + text.utf8.count < size {
            for _ in 0..<Int.random(in: 3..<12, using: &random) {
                let rank = pow(Double(words.count), Double.random(in: 0..<1, using: &random))
                text += words[min(words.count - 1, Int(rank) - 1)]
            }
            text += Bool.random(using: &random) ? "，" : "。\n"
            if text.utf8.count > 100_000 {
                trainer.add(text)
                text = ""
            }
        }
        let counted = clock.now
        let result = try trainer.train()
        let learned = clock.now
        #expect(result.definition.tokens.count == 6400)
        #expect(learned - start < .seconds(120))
        if Shared.long {
            print("\(trainer.textBytes) bytes: made and counted \(counted - start), learned \(learned - counted)")
        }
    }
}
