import Foundation
import TestSupport
import Testing
import Tokenizers

/// The cases of `reference/tokenizers`: ids on which two independent programs agree.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct ReferenceTests {
    /// Each vocabulary with the numbers of its cases: texts of llama.cpp's own test, further texts, special, decoding.
    static let vocabularies: [(String, Int, Int, Int, Int)] = [
        ("gpt-2", 47, 447, 96, 95), ("llama-bpe", 47, 449, 96, 93), ("llama-spm", 47, 450, 96, 87),
        ("qwen2", 47, 427, 96, 87), ("phi-3", 47, 447, 96, 87), ("smollm", 0, 448, 96, 94),
        ("bpe-small", 0, 449, 96, 93), ("spm-small", 0, 446, 96, 79), ("bert-bge", 47, 429, 96, 62),
        ("wordpiece-small", 0, 442, 96, 52),
    ]

    @Test(arguments: vocabularies)
    func everyCase(_ name: String, _ upstream: Int, _ extra: Int, _ special: Int, _ decode: Int) throws {
        let tokenizer = try Tokenizer(ReferenceVocabulary.definition(name))
        try checkAll(tokenizer, name, (upstream, extra, special, decode))
    }

    /// The same tokenizer from Hugging Face files gives the same ids and texts.
    @Test(arguments: [
        ("bpe-small", ""), ("spm-small", ""), ("spm-small", "tokenizer.json"), ("spm-small", "tokenizer.model"),
        ("wordpiece-small", ""),
    ])
    func everyCaseFromHuggingFace(_ name: String, without missing: String) throws {
        var files = try ReferenceVocabulary.files("reference/tokenizers/\(name)/hf")
        files[missing] = nil
        let tokenizer = try Tokenizer(TokenizerDefinition(huggingFaceFiles: files))
        let counts = Self.vocabularies.first { $0.0 == name }.map { ($0.1, $0.2, $0.3, $0.4) }
        try checkAll(tokenizer, name, #require(counts))
    }

    private func checkAll(_ tokenizer: Tokenizer, _ name: String, _ counts: (Int, Int, Int, Int)) throws {
        let folder = "reference/tokenizers/\(name)/"
        #expect(try checkUpstream(tokenizer, folder, expected: counts.0) == counts.0)
        let extra = try Case.lines(folder + "extra.jsonl")
        #expect(try encodes(tokenizer, extra, name) == counts.1)
        #expect(try encodes(tokenizer, Case.lines(folder + "special.jsonl"), name) == counts.2)
        let decode = try Case.lines(folder + "decode.jsonl")
        #expect(decode.count == counts.3)
        var right = 0
        for line in decode where try decodes(tokenizer, line, name) { right += 1 }
        #expect(right == counts.3)
    }

    /// A line of the case files. Not read with `JSONSerialization`, which drops U+FEFF at the beginning of a text.
    struct Case: Decodable {
        var text: String
        var ids: [Int]
        var add_special: Bool?
        var parse_special: Bool?
        var skip_special: Bool?
        var chunks: [String]?

        static func lines(_ path: String) throws -> [Case] {
            try Shared.data(path).split(separator: UInt8(ascii: "\n")).map {
                try JSONDecoder().decode(Case.self, from: Data($0))
            }
        }
    }

    /// The number of lines whose text gives the expected ids.
    private func encodes(_ tokenizer: Tokenizer, _ lines: [Case], _ name: String) throws -> Int {
        var right = 0
        for line in lines {
            let ids = tokenizer.encode(
                line.text, addSpecial: line.add_special ?? false, parseSpecial: line.parse_special ?? false)
            if ids == line.ids {
                right += 1
            } else {
                Issue.record("\(name): \(line.text.debugDescription.prefix(200)) gave \(ids.prefix(30))")
            }
        }
        return right
    }

    private func checkUpstream(_ tokenizer: Tokenizer, _ folder: String, expected: Int) throws -> Int {
        if expected == 0 { return 0 }
        let texts = String(decoding: try Shared.data(folder + "upstream.inp"), as: UTF8.self)
            .components(separatedBy: "\n__ggml_vocab_test__\n")
        let lines = String(decoding: try Shared.data(folder + "upstream.out"), as: UTF8.self)
            .components(separatedBy: "\n")
        var right = 0
        for (text, line) in zip(texts, lines) {
            let ids = line.split(separator: " ").compactMap { Int($0) }
            let found = tokenizer.encode(text, addSpecial: false, parseSpecial: false)
            if found == ids {
                right += 1
            } else {
                Issue.record("\(folder) upstream: \(text.debugDescription) \(found)")
            }
        }
        return right
    }

    private func decodes(_ tokenizer: Tokenizer, _ line: Case, _ name: String) throws -> Bool {
        let skip = line.skip_special ?? false
        let found = try tokenizer.decode(line.ids, skipControl: skip)
        var decoder = StreamingDecoder(tokenizer, skipControl: skip)
        var chunks = try line.ids.map { try decoder.append($0) }
        chunks.append(decoder.finish())
        let right =
            same(found, line.text) && same(chunks.joined(), line.text)
            && line.chunks.map { $0.elementsEqual(chunks, by: same) } ?? true
        if !right { Issue.record("\(name) decode: \(line) got \(found.debugDescription) \(chunks)") }
        return right
    }

    /// Swift's `==` holds for canonically equivalent texts; here bytes count.
    private func same(_ left: String, _ right: String) -> Bool {
        left.utf8.elementsEqual(right.utf8)
    }
}
