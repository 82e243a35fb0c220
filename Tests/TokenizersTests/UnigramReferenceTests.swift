import Foundation
import TestSupport
import Testing
import Tokenizers

/// The vocabulary of the published multilingual E5, absent where the model was not fetched.
enum PublishedVocabulary {
    struct Absent: Error {}

    static let file = Shared.model("multilingual-e5-small-q4_0.gguf")
    static let present = Shared.inCI || file != nil
    static let hint: Comment = "needs multilingual-e5-small in the cache: pallet model pull, or models/get.py"
    private static let read = Result {
        guard let file else { throw Absent() }
        return try ReferenceVocabulary.definition(gguf: [UInt8](Data(contentsOf: file)))
    }

    static func definition() throws -> TokenizerDefinition { try read.get() }
}

/// The vocabulary of multilingual E5 against ids on which SentencePiece, `tokenizers` and llama.cpp agree.
@Suite(
    .enabled(if: Shared.available, Shared.hint),
    .enabled(if: PublishedVocabulary.present, PublishedVocabulary.hint))
struct UnigramReferenceTests {
    private struct Case: Decodable {
        var text: String
        var ids: [Int]
    }

    private func cases(_ name: String) throws -> [Case] {
        try Shared.data("reference/embedding/\(name)").split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(Case.self, from: Data($0))
        }
    }

    @Test(arguments: [("tokens.jsonl", 571), ("sentences.jsonl", 61)])
    func everyCase(_ name: String, _ count: Int) throws {
        let clock = ContinuousClock()
        let definition = try PublishedVocabulary.definition()
        var made: Tokenizer?
        let time = try clock.measure { made = try Tokenizer(definition) }
        print("tables built in \(time)")
        let tokenizer = try #require(made)
        var right = 0
        for line in try cases(name) {
            let ids = tokenizer.encode(line.text, addSpecial: true, parseSpecial: false)
            // The sentences are cut to the length of the model.
            let cut = name == "sentences.jsonl" && ids.count > 512 ? ids.prefix(511) + [2] : ids
            if cut == line.ids {
                right += 1
            } else {
                Issue.record("\(line.text.debugDescription.prefix(200)) gave \(cut.prefix(40))")
            }
        }
        #expect(right == count)
    }
}
