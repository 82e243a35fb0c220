import TestSupport
import Testing
import Tokenizers

/// The fast tokenizer against its naive twin on random text.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct NaiveTwinTests {
    static let vocabularies = ["gpt-2", "llama-bpe", "llama-spm", "smollm", "bpe-small", "spm-small"]

    @Test(arguments: vocabularies)
    func sameIDs(_ name: String) throws {
        try compare(ReferenceVocabulary.definition(name), seed: 1)
    }

    /// The four patterns for files that do not name their rule.
    @Test func sameIDsWithoutRule() throws {
        var definition = try ReferenceVocabulary.definition("bpe-small")
        definition.preTokenizer = nil
        #expect(try Tokenizer(definition).usesFallbackSplitRule)
        try compare(definition, seed: 2)
    }

    private func compare(_ definition: TokenizerDefinition, seed: UInt64) throws {
        // User-defined tokens are cut out before; the twin does not know them.
        let tokenizer = try Tokenizer(definition)
        let naive = try NaiveTokenizer(definition)
        var random = SeededRandom(seed: seed)
        for round in 0..<(Shared.long ? 20_000 : 600) {
            let text = round % 4 == 0
                ? RandomText.repeats(&random, length: 1 + round % 90) : RandomText.words(&random)
            let ids = tokenizer.encode(text, addSpecial: false, parseSpecial: false)
            if ids != naive.encode(text) {
                Issue.record("\(text.debugDescription) gave \(ids), the twin \(naive.encode(text))")
                return
            }
        }
    }
}
