import Foundation
import TestSupport
import Testing
import Tokenizers

/// The split rules on their own.
struct PreTokenizerTests {
    /// One name of each rule.
    static let rules = [
        "default", "llama3", "qwen2", "gpt-2", "starcoder", "qwen35", "deepseek-v3", "deepseek-llm", "deepseek-coder",
        "tekken", "gpt-4o", "minicpm5", "bloom", "viking", "falcon", "jais-2", "youtu", "seed-coder", "kimi-k2",
        "chameleon", "ufakzeka",
    ]

    /// The outcomes of llama.cpp; `words` of hand-written splitters as well as of compiled patterns.
    @Test func sameWordsAsLlamaCpp() throws {
        let outcomes = SplitFixtures.outcomes.components(separatedBy: "\n\n")
        #expect(outcomes.count == SplitFixtures.texts.count)
        var compared = 0
        let splitters = try SplitFixtures.names.map { try PreTokenizer(named: $0) }
        for (text, lines) in zip(SplitFixtures.texts, outcomes) {
            for line in lines.split(separator: "\n") {
                let parts = line.split(separator: " ")
                for letter in parts[0].utf8 {
                    let splitter = splitters[Int(letter) - 0x61]
                    let words = splitter.words(in: text)
                    let name = SplitFixtures.names[Int(letter) - 0x61]
                    #expect(words.map(Self.pairLengths).joined() == parts[1], "\(name): \(words)")
                    compared += 1
                }
            }
        }
        #expect(compared == 21 * SplitFixtures.texts.count - 3)
    }

    /// The lengths of the tokens of a word in a vocabulary of all bytes and all pairs of bytes, merged in their order.
    private static func pairLengths(_ word: String) -> String {
        let bytes = Array(word.utf8)
        var lengths = [UInt8](repeating: 1, count: bytes.count)
        let places = bytes.indices.dropLast().sorted {
            (bytes[$0], bytes[$0 + 1], $0) < (bytes[$1], bytes[$1 + 1], $1)
        }
        for place in places where lengths[place] == 1 && lengths[place + 1] == 1 {
            lengths[place] = 2
            lengths[place + 1] = 0
        }
        return lengths.filter { $0 > 0 }.map(String.init).joined()
    }

    /// Splitters written by hand against the patterns they stand for.
    @Test(arguments: ["llama-bpe", "qwen2", "gpt-2", "smollm", "default"])
    func handWrittenSplitters(_ name: String) throws {
        let splitter = try PreTokenizer(named: name)
        var random = SeededRandom(seed: 21)
        for round in 0..<(Shared.long ? 50_000 : 2_000) {
            let text = round % 4 == 0 ? RandomText.repeats(&random, length: round % 90) : RandomText.words(&random)
            let expected = try #require(splitter.wordsByPattern(in: text)).words
            if splitter.words(in: text) != expected {
                Issue.record("\(text.debugDescription): \(splitter.words(in: text)), by pattern \(expected)")
                return
            }
        }
    }

    /// Every name has patterns that can be compiled, and words that make up the text.
    @Test func everyName() throws {
        #expect(PreTokenizer.names.count == 80)
        #expect(Set(PreTokenizer.names).count == PreTokenizer.names.count)
        var random = SeededRandom(seed: 22)
        let texts = (0..<40).map { _ in RandomText.words(&random) } + [""]
        for name in PreTokenizer.names {
            let splitter = try PreTokenizer(named: name)
            for text in texts {
                #expect(splitter.words(in: text).joined().utf8.elementsEqual(text.utf8))
                #expect(!splitter.words(in: text).contains(""))
                #expect(splitter.wordsByPattern(in: text) != nil)
            }
        }
        #expect(throws: TokenizerError.self) { try PreTokenizer(named: "qwen") }
    }

    /// No text makes a rule slow: the scalars looked at, those given back included, stay in proportion to the text.
    @Test(arguments: rules)
    func stepsAreLinear(_ name: String) throws {
        let splitter = try PreTokenizer(named: name)
        let units = [
            " ", "a", "A", "\u{301}", "托", "7", "!", "\u{3000}", "\u{301}A", "aA", " \u{301}", "' ", " a", "IMGIMG",
            "<sentinel:", "\u{300}\u{3000}!", "/\n", "\t ",
        ]
        for unit in units {
            let count = (1 << 12) / unit.utf8.count
            for last in ["", "x", "X", "\n", "!", "\u{301}"] {
                let text = String(repeating: unit, count: count) + last
                let steps = try #require(splitter.wordsByPattern(in: text)).steps
                #expect(steps < 80 * text.unicodeScalars.count, "\(unit.debugDescription) \(last.debugDescription)")
            }
        }
    }

    /// A mebibyte of spaces and of letters under the rules that give most back.
    @Test(arguments: ["deepseek-llm", "jais-2", "tekken", "kimi-k2"])
    func aMebibyte(_ name: String) throws {
        let splitter = try PreTokenizer(named: name)
        for unit in [" ", "A"] {
            let text = String(repeating: unit, count: 1 << 20) + "!x"
            #expect(try #require(splitter.wordsByPattern(in: text)).steps < 80 << 20)
        }
    }

    /// The words of models whose rules llama.cpp runs in a poorer form: marks belong to words, and words of other
    /// scripts than ASCII end before an upper-case letter too.
    @Test func asTheModelsWereTrained() throws {
        let words = try PreTokenizer(named: "gpt-4o").words(in: "हिन्दी में ÉcoleÉté e\u{301}te\u{301} 2025's")
        let expected = ["हिन्दी", " में", " École", "Été", " e\u{301}te\u{301}", " ", "202", "5", "'s"]
        #expect(words.map { Array($0.utf8) } == expected.map { Array($0.utf8) })
    }
}

/// Split rules in `tokenizer.json`.
struct PublishedSplitFilesTests {
    private static func found(_ steps: [[String: Any]], ignoresMerges: Bool = false) throws -> String? {
        var files = try WrittenSmallFilesTests.awkward.huggingFaceFiles()
        let data = try #require(files["tokenizer.json"])
        var object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        object["pre_tokenizer"] = ["type": "Sequence", "pretokenizers": steps]
        var model = try #require(object["model"] as? [String: Any])
        model["ignore_merges"] = ignoresMerges
        object["model"] = model
        files["tokenizer.json"] = try JSONSerialization.data(withJSONObject: object)
        return try TokenizerDefinition(huggingFaceFiles: files).preTokenizer
    }

    private static func split(_ pattern: String, _ behavior: String = "Isolated") -> [String: Any] {
        ["type": "Split", "pattern": ["Regex": pattern], "behavior": behavior, "invert": behavior == "Removed"]
    }

    private static func byteLevel(_ usesPattern: Bool) -> [String: Any] {
        ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": usesPattern]
    }

    /// The pipelines of published files, with line breaks written out or escaped.
    @Test func publishedPipelines() throws {
        let digits: [String: Any] = ["type": "Digits", "individual_digits": true]
        let runs: [String: Any] = ["type": "Digits", "individual_digits": false]
        let punctuation: [String: Any] = ["type": "Punctuation", "behavior": "Contiguous"]
        let falcon = try Self.found([punctuation, Self.byteLevel(true), runs, Self.split("[0-9][0-9][0-9]")])
        #expect(falcon == "falcon")
        let coder = try Self.found([
            Self.split("[\r\n]"), Self.split(#"\s?\p{L}+"#), Self.split(#"\s?\p{P}+"#),
            Self.split("[\u{4E00}-\u{9FA5}\u{800}-\u{4E00}\u{AC00}-\u{D7FF}]+"), digits, Self.byteLevel(false),
        ])
        #expect(coder == "deepseek-coder")
        let words = ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^"## + "\r\n" + #"\p{L}\p{P}\p{S}]?"#
        let v3 = try Self.found([
            Self.split(#"\p{N}{1,3}"#), Self.split("[一-龥\u{3040}-ゟ゠-ヿ]+"),
            Self.split(
                words + #"[\p{L}\p{M}]+| ?[\p{P}\p{S}]+["# + "\r\n" + #"]*|\s*["# + "\r\n]+" + #"|\s+(?!\S)|\s+"#),
            Self.byteLevel(false),
        ])
        #expect(v3 == "deepseek-v3")
        let bloom = #" ?[^(\s|[.,!?…。，、।۔،])]+"#
        #expect(try Self.found([Self.split(bloom), Self.byteLevel(false)]) == "bloom")
    }

    /// What lies between the matches may not be removed, and no pattern of a file is run that is not known.
    @Test func refused() {
        let bloom = #" ?[^(\s|.,!?…。，、।۔،)]+"#
        for steps in [
            [Self.split(bloom, "Removed"), Self.byteLevel(false)], [Self.split("(a+)+$"), Self.byteLevel(false)],
            [Self.split(bloom), Self.split(bloom), Self.byteLevel(false)], [Self.split(bloom)], [Self.byteLevel(false)],
        ] {
            #expect(throws: TokenizerError.self) { try Self.found(steps) }
        }
        #expect(throws: TokenizerError.self) {
            try Self.found([Self.split(bloom), Self.byteLevel(false)], ignoresMerges: true)
        }
    }

    /// Every name comes back from a written file as a name of the same rule.
    @Test func everyNameComesBack() throws {
        var random = SeededRandom(seed: 23)
        let texts = (0..<30).map { _ in RandomText.words(&random) + " 12345, don't\n\n $+x" }
        for name in PreTokenizer.names {
            var definition = WrittenSmallFilesTests.awkward
            definition.preTokenizer = name
            let files = try definition.huggingFaceFiles()
            let found = try #require(try TokenizerDefinition(huggingFaceFiles: files).preTokenizer)
            let (before, after) = (try PreTokenizer(named: name), try PreTokenizer(named: found))
            for text in texts { #expect(before.words(in: text) == after.words(in: text), "\(name) \(found)") }
        }
    }
}
