import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing
import Transformers

/// Promise 1 for every architecture: neither threads, chunks, neighbours nor the instruction set change a bit of the
/// logits; and the integer path is near the exact one.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct ArchitectureBytesTests {
    static let names = [
        "llama-gqa", "llama-bias", "llama3-rope", "mistral", "qwen2-yarn", "qwen3", "mixtral", "qwen3moe",
        "qwen3moe-raw", "gemma2", "gemma3", "phi3", "phi3-longrope",
    ]
    /// How far the 8-bit path may be from the exact one (NMSE): twice what was measured, which is the same on every
    /// machine. Experts and Gemma 3's widely spread values lose most.
    private static let integerBounds: [String: Double] = [
        "llama-gqa": 0.004, "llama-bias": 0.0013, "llama3-rope": 0.0035, "mistral": 0.0022, "qwen2-yarn": 0.0019,
        "qwen3": 0.0035, "mixtral": 0.018, "qwen3moe": 0.0028, "qwen3moe-raw": 0.0044, "gemma2": 0.004,
        "gemma3": 0.018, "phi3": 0.0011, "phi3-longrope": 0.0045,
    ]
    static let types: [ModelExporter.WeightType] = Shared.long ? [.f32, .q8_0, .q4_0] : [.f32, .q4_0]

    private let scratch = FileManager.default.temporaryDirectory.appendingPathComponent(
        "pallet-bytes-\(UUID().uuidString)")

    /// The folder in f32, or its weights as a GGUF of a type; longer than any window and trained context.
    private func model(_ name: String, _ type: ModelExporter.WeightType) throws -> TransformerModel {
        let file = try ModelFile.open(ReferenceModel.folder(name))
        guard type != .f32 else { return try TransformerModel(file: file, precision: .exact) }
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let url = scratch.appendingPathComponent("\(name).gguf")
        _ = try ModelExporter(file).writeGGUF(to: url, type: type)
        return try TransformerModel(file: try ModelFile.open(url), precision: .integer)
    }

    private func ids(_ count: Int, _ model: TransformerModel) -> [Int] {
        (0..<count).map { ($0 * 37 + 11) % min(250, model.vocabularySize) }
    }

    @Test(arguments: names, types)
    func threadsChunksAndSetsChangeNothing(_ name: String, _ type: ModelExporter.WeightType) throws {
        let model = try model(name, type)
        let ids = ids(130, model)
        let expected = try Runner(model, threads: 1, set: InstructionSet.available[0]).logits(ids)
        #expect(expected.allSatisfy { $0.isFinite })
        for set in InstructionSet.available {
            // Many threads and single tokens together are all barriers: the two meet in the long run only.
            let cuts = [(1, 1), (2, 7), (3, 64), (7, 512)] + (Shared.long ? [(1, 512), (2, 64), (3, 1), (7, 7)] : [])
            for (threads, size) in cuts {
                let runner = try Runner(model, threads: threads, set: set)
                let chunks = stride(from: 0, to: ids.count, by: size).map { min(size, ids.count - $0) }
                let got = try runner.logits(ids, chunks: chunks)
                #expect(got.bits == expected.bits, "\(name) \(type), \(set), \(threads) threads, chunks of \(size)")
            }
        }
    }

    @Test(arguments: names, types)
    func neighboursChangeNothing(_ name: String, _ type: ModelExporter.WeightType) throws {
        let model = try model(name, type)
        let runner = try Runner(model)
        let prompts = [5, 1, 90, 12].map { ids($0, model).reversed() as [Int] }
        let alone = try prompts.map { try runner.logits($0) }
        let steps = try prompts.map { SequenceStep(cache: try model.makeCache(), tokens: $0, logits: .all) }
        let together = try model.forward(steps, workspace: runner.workspace, pool: runner.pool)
        for (one, other) in zip(alone, together) { #expect(one.bits == other.flatMap(\.self).bits) }
    }

    /// Of 8-bit weights and activations little is lost, though these random models enlarge it. A part that is left out
    /// or taken twice costs far more than the bound.
    @Test(arguments: names)
    func integerPathIsNearTheExactOne(_ name: String) throws {
        let quantised = try model(name, .q8_0)
        let reference = try ReferenceModel(name)
        let ids = try reference.ids("mid.input_ids")
        let got = try Runner(quantised.limited(to: ids.count)).logits(ids)
        let error = distance(got, try reference.floats("mid.logits"))
        let bound = try #require(Self.integerBounds[name])
        #expect(error.nmse < bound, "\(name): \(error)")
    }
}
