import Foundation
import ModelFormats
import TestSupport
import Testing
import Tokenizers
import Transformers

/// A GGUF written as a Hugging Face folder, tokenizer and weights, is the same model when it is opened again.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct WrittenTokenizerTests {
    @Test(arguments: ["qwen2", "llama-mha", "qwen3", "mistral"])
    func folderIsTheSameModel(_ name: String) throws {
        let source = ReferenceModel.folder(name).appendingPathComponent("model.gguf")
        let place = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: place) }
        let original = try ModelFile.open(source)
        let definition = try TokenizerDefinition(file: original)
        _ = try ModelExporter(original).writeHuggingFace(
            to: place, type: .f32, tokenizerFiles: definition.huggingFaceFiles())
        let copy = try ModelFile.open(place)
        let found = try TokenizerDefinition(file: copy)
        #expect(found.tokens == definition.tokens)
        #expect(found.types == definition.types)
        #expect(found.merges == definition.merges)
        #expect(found.scores == definition.scores)
        #expect(found.chatTemplate == definition.chatTemplate)
        let (before, after) = (try Tokenizer(definition), try Tokenizer(found))
        let text = "托盘 pallets: 12.5 <|im_end|> </s>"
        let ids = before.encode(text, addSpecial: true, parseSpecial: true)
        #expect(after.encode(text, addSpecial: true, parseSpecial: true) == ids)
        #expect(before.endOfGenerationTokens == after.endOfGenerationTokens)
        let values = try Runner(source).logits(ids)
        #expect(try distance(Runner(place).logits(ids), values).nmse < 1e-10)
    }
}
