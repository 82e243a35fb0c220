import Foundation
import TestSupport
import Testing
import Tokenizers

/// Time bounds: generous ones that hold on a loaded machine, and with `PALLET_LONG=1` figures.
@Suite(.serialized, .enabled(if: Shared.available, Shared.hint))
struct SpeedTests {
    /// One word of 200 kB (1 MB with `PALLET_LONG=1`) must not take quadratic time: that would be minutes.
    @Test(arguments: ["bpe-small", "llama-spm"] + (Shared.long ? ["qwen2", "llama-bpe", "smollm"] : []))
    func longWords(_ name: String) throws {
        let tokenizer = try Tokenizer(ReferenceVocabulary.definition(name))
        var random = SeededRandom(seed: 3)
        let letters = Array("abcdefghijklmnopqrstuvwxyz".utf8)
        let size = Shared.long ? 1_000_000 : 200_000
        var lettersOnly: [UInt8] = []
        for _ in 0..<size { lettersOnly.append(letters[Int.random(in: 0..<26, using: &random)]) }
        let texts: [String] = [
            String(repeating: "a", count: size), String(repeating: " ", count: size),
            String(repeating: "的", count: size / 3), String(repeating: "\n", count: size),
            String(decoding: lettersOnly, as: UTF8.self),
            String(repeating: "ab", count: size / 2), String(repeating: "<|", count: size / 2),
            String(repeating: "1", count: size), String(repeating: "e\u{301}", count: size / 3),
        ]
        for text in texts {
            let clock = ContinuousClock()
            var ids: [Int] = []
            let time = clock.measure { ids = tokenizer.encode(text, addSpecial: false, parseSpecial: true) }
            #expect(time < .seconds(10), "\(name): \(text.prefix(4)) took \(time)")
            let decoded = try tokenizer.decode(ids)
            #expect(decoded.utf8.elementsEqual(text.utf8))
            if Shared.long { print("\(name) \(text.prefix(4).debugDescription): \(time), \(ids.count) ids") }
        }
    }

    /// Unigram and WordPiece likewise; what they give is no exact copy of a text, so only time counts.
    @Test(arguments: [TokenizerDefinition.Model.unigram, .wordPiece])
    func longTexts(_ model: TokenizerDefinition.Model) throws {
        // Every run of one letter up to the longest is a piece: as many steps at each place as there can be.
        let runs = (1...256).map { String(repeating: "a", count: $0) }
        let pieces = ["<pad>", "</s>", "<unk>", "▁", "▁b"] + runs
        let tokenizer = try Tokenizer(
            TokenizerDefinition(
                model: model, tokens: pieces, scores: pieces.indices.map { -Float($0) },
                types: [.control, .control, .unknown] + pieces.dropFirst(3).map { _ in .normal }, unknownID: 2,
                characterMap: model == .unigram ? CharacterMapBytes([("x", " ")]).bytes : []))
        let size = Shared.long ? 1_000_000 : 200_000
        for text in ["a", " ", "b ", "的", "x", "e\u{301}", "\u{301}\u{323}", "▁", ".", "\u{F900}"] {
            let long = String(repeating: text, count: size / text.utf8.count)
            let clock = ContinuousClock()
            let time = clock.measure { _ = tokenizer.encode(long, addSpecial: true, parseSpecial: true) }
            #expect(time < .seconds(10), "\(model): \(text) took \(time)")
            if Shared.long { print("\(model) \(text.debugDescription): \(time)") }
        }
    }

    /// Form C of long runs of marks, which Foundation alone would not get right, in a time that does not grow with the
    /// square of their number.
    @Test(arguments: [
        ("\u{301}\u{323}", "\u{1EA1}", [("\u{323}", 59), ("\u{301}", 60)]),
        ("\u{F73}", "a", [("\u{F71}", 60), ("\u{F72}", 60)]),
        ("\u{F73}\u{301}", "\u{E1}", [("\u{F71}", 60), ("\u{F72}", 60), ("\u{301}", 59)]),
        ("\u{F81}\u{F75}", "a", [("\u{F71}", 120), ("\u{F80}", 60), ("\u{F74}", 60)]),
        ("\u{344}\u{323}", "\u{1EA1}", [("\u{323}", 59), ("\u{308}\u{301}", 60)]),
        ("\u{302E}\u{1D165}", "a", [("\u{1D165}", 60), ("\u{302E}", 60)]),
        ("e\u{301}", "a", [("\u{E9}", 60)]),
        ("\u{1100}\u{1161}\u{11A8}", "a", [("\u{AC01}", 60)]),
    ])
    func longMarks(_ text: String, _ first: String, _ runs: [(String, Int)]) throws {
        var definition = try ReferenceVocabulary.definition("bpe-small")
        definition.normalization = .canonicalComposition
        let tokenizer = try Tokenizer(definition)
        let short = "a" + String(repeating: text, count: 60) + "b e\u{301}"
        let expected = runs.reduce(first) { $0 + String(repeating: $1.0, count: $1.1) } + "b \u{E9}"
        let decoded = try tokenizer.decode(tokenizer.encode(short, addSpecial: false, parseSpecial: false))
        #expect(decoded.utf8.elementsEqual(expected.utf8))
        let long = String(repeating: text, count: 300_000 / text.utf8.count)
        let clock = ContinuousClock()
        let time = clock.measure { _ = tokenizer.encode(long, addSpecial: true, parseSpecial: true) }
        #expect(time < .seconds(5), "took \(time)")
    }

    @Test(
        .enabled(if: Shared.long, "figures only with PALLET_LONG=1"),
        arguments: [
            "qwen2", "llama-bpe", "gpt-2", "smollm", "llama-spm", "spm-small",
        ])
    func throughput(_ name: String) throws {
        let definition = try ReferenceVocabulary.definition(name)
        let clock = ContinuousClock()
        var made: Tokenizer?
        let building = try clock.measure { made = try Tokenizer(definition) }
        let tokenizer = try #require(made)
        print("\(name): tables built in \(building)")
        let folder = Shared.folder.appendingPathComponent("data/corpus")
        let english = ["README.md"].map { folder.appendingPathComponent($0) }
        let chinese = try FileManager.default.contentsOfDirectory(
            at: folder.appendingPathComponent("laws/administrative"), includingPropertiesForKeys: nil
        )
        .sorted { $0.path < $1.path }
        for (kind, files) in [("English", english), ("Chinese", chinese)] {
            var text = try files.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }.joined()
            while text.utf8.count < 2_000_000 { text += text }
            for _ in 0..<2 {
                var count = 0
                let time = clock.measure {
                    count = tokenizer.encode(text, addSpecial: false, parseSpecial: false).count
                }
                let seconds = Double(time.components.attoseconds) / 1e18 + Double(time.components.seconds)
                let rate = (Double(text.utf8.count) / seconds / 1e5).rounded() / 10
                print("\(name) \(kind): \(rate) MB/s, \(count) ids of \(text.utf8.count) bytes")
            }
        }
    }
}
