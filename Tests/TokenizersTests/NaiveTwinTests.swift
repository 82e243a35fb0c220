import TestSupport
import Testing
import Tokenizers

/// The fast tokenizer against its naive twin on random text.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct NaiveTwinTests {
    /// All split rules over a small vocabulary, and SentencePiece.
    @Test(arguments: ["gpt-2", "llama-bpe", "qwen2", "smollm", "default"])
    func sameIDs(rule: String) throws {
        var definition = try ReferenceVocabulary.definition("bpe-small")
        definition.preTokenizer = rule
        #expect(try Tokenizer(definition).usesFallbackSplitRule == (rule == "default"))
        try compare(definition, seed: 1, rounds: Shared.long ? 20_000 : 400)
    }

    @Test func sameIDsOfSentencePiece() throws {
        try compare(ReferenceVocabulary.definition("spm-small"), seed: 2, rounds: Shared.long ? 20_000 : 400)
    }

    /// The large vocabularies, whose twin takes seconds to build.
    @Test(
        .enabled(if: Shared.long, "long: PALLET_LONG=1"),
        arguments: ["gpt-2", "llama-bpe", "llama-spm", "smollm", "qwen2"])
    func sameIDs(vocabulary: String) throws {
        try compare(ReferenceVocabulary.definition(vocabulary), seed: 3, rounds: 5_000)
    }

    private func compare(_ definition: TokenizerDefinition, seed: UInt64, rounds: Int) throws {
        // User-defined tokens are cut out before; the twin does not know them.
        let tokenizer = try Tokenizer(definition)
        let naive = try NaiveTokenizer(definition)
        var random = SeededRandom(seed: seed)
        for round in 0..<rounds {
            let text =
                round % 4 == 0
                ? RandomText.repeats(&random, length: 1 + round % 90) : RandomText.words(&random)
            let ids = tokenizer.encode(text, addSpecial: false, parseSpecial: false)
            if ids != naive.encode(text) {
                Issue.record("\(text.debugDescription) gave \(ids), the twin \(naive.encode(text))")
                return
            }
        }
    }
}

/// The fast search of unigram models against its naive twin; needs no reference data.
struct NaiveUnigramTests {
    @Test func sameIDs() throws {
        var random = SeededRandom(seed: 4)
        for _ in 0..<(Shared.long ? 500 : 20) {
            let definition = RandomUnigram.definition(&random)
            let tokenizer = try Tokenizer(definition)
            let naive = NaiveUnigram(definition, map: RandomUnigram.map, unknownID: RandomUnigram.unknownID)
            for round in 0..<60 {
                let text =
                    round % 3 == 0
                    ? RandomText.words(&random) : RandomText.repeats(&random, length: 1 + round)
                // The text of a control token is cut out by nobody here.
                let ids = tokenizer.encode(text, addSpecial: false, parseSpecial: false)
                if ids != naive.encode(text) {
                    Issue.record("\(text.debugDescription) gave \(ids), the twin \(naive.encode(text))")
                    return
                }
            }
        }
    }
}
