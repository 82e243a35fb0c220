import Foundation
import TestSupport
import Testing
import Tokenizers

/// Random definitions, texts and files: never a trap, always text back or a typed error.
@Suite struct FuzzTests {
    private let rounds = Shared.long ? 20_000 : 500

    /// Whatever the vocabulary: what is encoded by a complete one decodes to the same text.
    @Test func randomDefinitions() throws {
        var random = SeededRandom(seed: 21)
        for _ in 0..<rounds {
            let definition = Self.definition(&random)
            guard let tokenizer = try? Tokenizer(definition) else { continue }
            let text = RandomText.words(&random)
            for parse in [false, true] {
                let ids = tokenizer.encode(text, addSpecial: false, parseSpecial: parse)
                #expect(ids.allSatisfy { $0 >= 0 && $0 < tokenizer.vocabularySize })
                let decoded = try tokenizer.decode(ids)
                let complete = definition.leftStrippingIDs.isEmpty && definition.rightStrippingIDs.isEmpty
                if definition.model == .bytePairEncoding && complete {
                    #expect(decoded.utf8.elementsEqual(text.utf8), "\(text.debugDescription)")
                }
            }
        }
    }

    private static func definition(_ random: inout SeededRandom) -> TokenizerDefinition {
        let isSentencePiece = Bool.random(using: &random)
        let alphabet = Array("ab cĠ▁<>é中\u{301}|")
        var texts = Set<[UInt8]>()
        var tokens: [String] = isSentencePiece ? ["<unk>", "<s>", "</s>"] : SmallVocabulary.byteTexts
        for text in tokens { texts.insert(Array(text.utf8)) }
        for _ in 0..<Int.random(in: 0..<60, using: &random) {
            let length = Int.random(in: 1...5, using: &random)
            let text = String((0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] })
            if texts.insert(Array(text.utf8)).inserted { tokens.append(text) }
        }
        let merges = (0..<80).map { _ in
            let pair = (0..<2).map { _ in tokens[Int.random(in: 0..<tokens.count, using: &random)] }
            return pair[0] + " " + pair[1]
        }
        // In a byte-level vocabulary the byte texts stay what they are: they make it complete.
        let types: [TokenType] = tokens.indices.map { id in
            if !isSentencePiece && id < 256 { return .normal }
            let kinds: [TokenType] = [.normal, .normal, .normal, .control, .userDefined, .unknown]
            return kinds[Int.random(in: 0..<kinds.count, using: &random)]
        }
        let rules = ["gpt-2", "llama-bpe", "qwen2", "smollm", "default"]
        var definition = TokenizerDefinition(
            model: isSentencePiece ? .sentencePiece : .bytePairEncoding, tokens: tokens,
            scores: tokens.map { _ in Float(Int.random(in: -9...9, using: &random)) }, types: types, merges: merges,
            preTokenizer: rules[Int.random(in: 0..<rules.count, using: &random)], addBOS: false)
        if Int.random(in: 0..<4, using: &random) == 0 {
            definition.rightStrippingIDs = [Int.random(in: 0..<tokens.count, using: &random)]
        }
        return definition
    }

    /// SentencePiece definitions against the naive twin.
    @Test func randomDefinitionsEqualTheTwin() throws {
        var random = SeededRandom(seed: 22)
        for _ in 0..<(rounds / 4) {
            var definition = Self.definition(&random)
            // The twin knows neither specials nor vocabularies without byte tokens.
            definition.types = definition.types.map { $0 == .normal ? .normal : .unused }
            if definition.model == .sentencePiece {
                for byte in 0..<256 {
                    let digits = String(byte, radix: 16, uppercase: true)
                    definition.tokens.append("<0x\(digits.count < 2 ? "0" : "")\(digits)>")
                    definition.types.append(.byte)
                    definition.scores.append(0)
                }
                definition.types[2] = .control
            }
            let tokenizer = try Tokenizer(definition)
            let naive = try NaiveTokenizer(definition)
            for _ in 0..<4 {
                let text = RandomText.repeats(&random, length: Int.random(in: 0...120, using: &random))
                let ids = tokenizer.encode(text, addSpecial: false, parseSpecial: false)
                #expect(ids == naive.encode(text), "\(text.debugDescription)")
            }
        }
    }

    /// Damaged Hugging Face files: a typed error or a definition that a tokenizer accepts or refuses.
    @Test(.enabled(if: Shared.available, Shared.hint), arguments: ["bpe-small", "spm-small"])
    func damagedFiles(_ name: String) throws {
        let files = try ReferenceVocabulary.files("reference/tokenizers/\(name)/hf")
        var random = SeededRandom(seed: 23)
        for round in 0..<(Shared.long ? 5_000 : 60) {
            var damaged = files
            let key = files.keys.sorted()[round % files.count]
            damaged[key] = Self.damage(try #require(files[key]), &random)
            if key == "tokenizer.model" { damaged["tokenizer.json"] = nil }
            do throws(TokenizerError) {
                let definition = try TokenizerDefinition(huggingFaceFiles: damaged)
                let tokenizer = try Tokenizer(definition)
                _ = tokenizer.encode("The 托盘 12", addSpecial: true, parseSpecial: true)
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }

    /// Truncates, flips, repeats or removes.
    static func damage(_ data: Data, _ random: inout SeededRandom) -> Data {
        var bytes = [UInt8](data)
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes.removeLast(bytes.count - place)
        case 1: bytes[place] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
        case 2: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 3: bytes.removeSubrange(place..<min(bytes.count, place + 20))
        default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 20)], at: place)
        }
        return Data(bytes)
    }
}
