import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing
import Transformers

/// What tokens cost, against the formulas of the architecture.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct TokenCostTests {
    /// Weights of the matrices of all blocks, and of the output matrix.
    private func weights(_ c: ModelConfiguration) -> (blocks: Int, output: Int) {
        let heads = c.headCount * (c.keyLength + c.valueLength), shared = c.kvHeadCount * (c.keyLength + c.valueLength)
        let block = c.embeddingLength * (heads + shared) + 3 * c.embeddingLength * c.feedForwardLength
        return (c.blockCount * block, c.vocabularySize * c.embeddingLength)
    }

    @Test(arguments: ["llama-gqa", "qwen2", "qwen3-tied", "mistral"])
    func floatModels(_ name: String) throws {
        let file = try ModelFile.open(ReferenceModel.folder(name))
        let c = file.configuration
        let (blocks, output) = weights(c)
        let cost = TokenCost(file: file, precision: Runner.exact)
        #expect(cost.weightBytes == Double(4 * (blocks + output)))

        let tokens = 40
        let seen = (1...tokens).reduce(0) { $0 + min($1, c.slidingWindow ?? tokens) } * c.blockCount
        if name == "mistral" { #expect(seen < c.blockCount * tokens * (tokens + 1) / 2, "the window counts") }
        let attention = 2 * c.headCount * (c.keyLength + c.valueLength) * seen
        let operations = cost.operations(ofPrompt: tokens)
        #expect(operations.bytes == 0)
        #expect(operations.floats == Double(2 * (tokens * blocks + output) + attention))

        // Two steps behind ten positions see eleven and twelve.
        let positions = min(11, c.slidingWindow ?? 11) + min(12, c.slidingWindow ?? 12)
        #expect(
            cost.bytes(ofSteps: 10..<12, cacheBytes: 100) == Double(2 * 4 * (blocks + output) + 100 * positions))
        #expect(cost.bytes(ofSteps: 5..<5, cacheBytes: 100) == 0)
    }

    @Test(arguments: ["q4_0", "q8_0", "q4_k_m"])
    func quantisedModels(_ type: String) throws {
        let url = Shared.folder.appendingPathComponent("reference/quantisation/models/llama/\(type).gguf")
        let file = try ModelFile.open(url)
        let (blocks, output) = weights(file.configuration)
        let cost = TokenCost(file: file, precision: Runner.integer)
        let operations = cost.operations(ofPrompt: 1)
        #expect(operations.bytes == Double(2 * (blocks + output)))
        let c = file.configuration
        #expect(operations.floats == Double(2 * c.headCount * (c.keyLength + c.valueLength) * c.blockCount))
        // A matrix of the file for each that is read; the embedding only where it is the output matrix too.
        let read = file.tensors.filter { $0.dimensions.count > 1 && ($0.name != "token_embd.weight" || c.tiedOutput) }
        #expect(cost.weightBytes == Double(read.reduce(0) { $0 + $1.byteCount }))
        #expect(TokenCost(file: file, precision: Runner.exact).operations(ofPrompt: 1).bytes == 0)
    }
}
