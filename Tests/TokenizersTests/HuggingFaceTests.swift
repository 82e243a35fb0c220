import Foundation
import TestSupport
import Testing
import Tokenizers

/// The same model's tokenizer from a Hugging Face folder and from a GGUF, made by llama.cpp's own converter.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct HuggingFaceTests {
    static let models = [
        "gemma2", "gemma3", "llama-bias", "llama-gqa", "llama-headdim", "llama-linear", "llama-mha", "llama-odd",
        "llama3-rope", "mistral", "mixtral", "phi3", "phi3-longrope", "qwen2", "qwen2-yarn", "qwen3",
        "qwen3-embedding", "qwen3-reranker", "qwen3-tied", "qwen3moe", "qwen3moe-raw",
    ]

    @Test(arguments: models)
    func sameContentAsGGUF(_ name: String) throws {
        let gguf = try ReferenceVocabulary.modelDefinition(name)
        let found = try TokenizerDefinition(
            huggingFaceFiles: ReferenceVocabulary.files("reference/models/\(name)"),
            vocabularySize: gguf.tokens.count)
        #expect(found.model == gguf.model)
        #expect(found.tokens.elementsEqual(gguf.tokens) { $0.utf8.elementsEqual($1.utf8) })
        #expect(found.types == gguf.types)
        #expect(found.scores == gguf.scores)
        #expect(found.merges == gguf.merges)
        #expect(found.preTokenizer == gguf.preTokenizer)
        #expect(found.bosID == gguf.bosID)
        #expect(found.eosID == gguf.eosID)
        #expect(found.unknownID == gguf.unknownID)
        #expect(found.paddingID == gguf.paddingID)
        #expect(found.addBOS == gguf.addBOS)
        #expect(found.addEOS == gguf.addEOS)
        #expect(found.addSpacePrefix == gguf.addSpacePrefix ?? (gguf.model == .sentencePiece))
        #expect(found.chatTemplate == gguf.chatTemplate)
        let fromFiles = try Tokenizer(found)
        let fromGGUF = try Tokenizer(gguf)
        #expect(fromFiles.endOfGenerationTokens == fromGGUF.endOfGenerationTokens)
        for text in ["The 托盘 costs 12.5 yuan.\n", "<s> yes <|im_end|>no</s>", "", "  a\u{301}  ▁b 𠀀"] {
            // Form C, which the published Qwen asks for, is the one difference; these texts are in it.
            let composed = text.precomposedStringWithCanonicalMapping
            #expect(
                fromFiles.encode(composed, addSpecial: true, parseSpecial: true)
                    == fromGGUF.encode(composed, addSpecial: true, parseSpecial: true))
        }
    }

    /// Large vocabularies written as `tokenizer.json` and read again: the same tokens and merges.
    @Test(
        .enabled(if: Shared.long, "long: PALLET_LONG=1"),
        arguments: [("qwen2", false), ("llama-bpe", true)])
    func largeFiles(_ name: String, ignoresMerges: Bool) throws {
        let definition = try ReferenceVocabulary.definition(name)
        let vocabulary = definition.tokens.enumerated().map { "\(Self.quoted($1)):\($0)" }.joined(separator: ",")
        let merges = definition.merges.map { Self.quoted($0) }.joined(separator: ",")
        let split = HostileFilesTests.split(
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}\(ignoresMerges ? "{1,3}" : "")"
                + "| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+")
        let text = HostileFilesTests.small(
            preTokenizer: split, vocabulary: "{\(vocabulary)}", merges: "[\(merges)]",
            model: #","ignore_merges":\#(ignoresMerges)"#)
        let clock = ContinuousClock()
        var found: TokenizerDefinition?
        let time = try clock.measure {
            found = try TokenizerDefinition(huggingFaceFiles: ["tokenizer.json": Data(text.utf8)])
        }
        print("\(name): tokenizer.json of \(text.utf8.count) bytes read in \(time)")
        #expect(found?.tokens == definition.tokens)
        #expect(found?.merges == definition.merges)
        #expect(found?.preTokenizer == name)
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
        return "\"" + escaped.replacingOccurrences(of: "\n", with: "\\n") + "\""
    }

    /// Without tokenizer.model the scores come from the merges: other numbers, the same ids.
    @Test(arguments: ["llama-linear", "gemma2"])
    func scoresFromMerges(_ name: String) throws {
        var files = try ReferenceVocabulary.files("reference/models/\(name)")
        let whole = try TokenizerDefinition(huggingFaceFiles: files)
        files["tokenizer.model"] = nil
        let found = try TokenizerDefinition(huggingFaceFiles: files)
        #expect(found.tokens == whole.tokens)
        #expect(found.types == whole.types)
        #expect(found.addSpacePrefix == whole.addSpacePrefix)
        let tokenizers = (try Tokenizer(whole), try Tokenizer(found))
        var random = SeededRandom(seed: 7)
        for _ in 0..<500 {
            let text = RandomText.words(&random)
            let ids = tokenizers.0.encode(text, addSpecial: true, parseSpecial: false)
            #expect(ids == tokenizers.1.encode(text, addSpecial: true, parseSpecial: false))
        }
    }
}
