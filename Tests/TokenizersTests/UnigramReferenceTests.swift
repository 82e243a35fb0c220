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

    /// Written as a `tokenizer.json` and read again: the same content and ids.
    @Test func writtenFileComesBack() throws {
        let definition = try PublishedVocabulary.definition()
        let files = try definition.huggingFaceFiles()
        let found = try TokenizerDefinition(huggingFaceFiles: files, vocabularySize: definition.tokens.count)
        #expect(found.model == .unigram)
        #expect(found.tokens == definition.tokens)
        #expect(
            found.types.map { $0 == .unknown ? .control : $0 }
                == definition.types.map { $0 == .unknown ? .control : $0 })
        #expect(found.characterMap == definition.characterMap)
        #expect(found.addSpacePrefix == true && found.removeExtraWhitespaces == true)
        let normal = definition.types.indices.filter { definition.types[$0] == .normal }
        #expect(normal.allSatisfy { found.scores[$0] == definition.scores[$0] })
        let (before, after) = (try Tokenizer(definition), try Tokenizer(found))
        #expect([after.bosID, after.eosID, after.unknownID, after.paddingID] == [0, 2, 3, 1])
        #expect(before.addsBOS && before.addsEOS && after.addsBOS && after.addsEOS)
        for line in try cases("tokens.jsonl") {
            #expect(after.encode(line.text, addSpecial: true, parseSpecial: false) == line.ids)
            #expect(try after.decode(line.ids) == before.decode(line.ids))
        }
    }
}
