import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing
import Transformers

/// The cases of `reference/kv`: what a cache may not change, and how much caches of fewer bits do.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct KeyValueReferenceTests {
    private struct Cases: Decodable {
        struct Chunks: Decodable {
            let model: String
            let sequence: String
            let chunks: [Int]
        }
        struct Reuse: Decodable {
            let model: String
            let cached: String
            let shared: Int
        }
        let chunks: [Chunks]
        let reuse: [Reuse]
    }

    private func cases() throws -> Cases {
        try JSONDecoder().decode(Cases.self, from: Shared.data("reference/kv/cases.json"))
    }

    /// - Parameter positions: of the longest sequence, where LongRoPE is to choose by it.
    private func runner(_ name: String, _ element: KeyValueCache.Element, positions: Int? = nil) throws -> Runner {
        let model = try TransformerModel(
            file: try ModelFile.open(ReferenceModel.folder(name)), precision: .exact, cacheElement: element)
        return try Runner(positions.map { model.limited(to: $0) } ?? model)
    }

    @Test(arguments: ReferenceModel.names)
    func chunksGiveTheReferencesLogits(_ name: String) throws {
        let reference = try ReferenceModel(name)
        for sequence in try cases().chunks where sequence.model == name {
            let ids = try reference.ids("\(sequence.sequence).input_ids")
            let runners = try KeyValueCache.Element.allCases.map { try runner(name, $0, positions: ids.count) }
            let exact = runners[0]
            let got = try exact.logits(ids, chunks: sequence.chunks)
            let error = distance(got, try reference.floats("\(sequence.sequence).logits"))
            #expect(error.nmse < 1e-7 && error.largest < 2e-3, "\(sequence.chunks) \(error)")
            for runner in runners {
                let whole = try runner.logits(ids)
                #expect(try runner.logits(ids, chunks: sequence.chunks).bits == whole.bits, "\(sequence.chunks)")
            }
        }
    }

    @Test(arguments: ReferenceModel.names)
    func aSharedPrefixGivesTheReferencesLogits(_ name: String) throws {
        let expected = try SafetensorsReference("reference/kv/reference.safetensors").file
        let reference = try ReferenceModel(name)
        for reuse in try cases().reuse where reuse.model == name {
            let ids = try expected.integers("\(name).input_ids")
            let cached = try reference.ids("\(reuse.cached).input_ids")
            for element in KeyValueCache.Element.allCases {
                let runner = try runner(name, element, positions: max(ids.count, cached.count))
                let cache = try runner.model.makeCache()
                _ = try runner.logits(cached, cache: cache)
                cache.truncate(to: reuse.shared)
                let got = try runner.logits(Array(ids.suffix(8)), cache: cache)
                let fresh = try runner.logits(ids)
                #expect(got.bits == fresh.suffix(got.count).map(\.bitPattern), "\(element)")
                let error = distance(got, try expected.floats("\(name).logits"))
                if element == .f32 { #expect(error.nmse < 1e-7 && error.largest < 2e-3, "\(error)") }
            }
        }
    }

    /// Bounds about twice what was measured over these random models, whose values spread more than a trained model's;
    /// gemma3's spread most, and raw experts may change places by a rounding.
    @Test(arguments: ReferenceModel.names)
    func fewerBitsCostLittle(_ name: String) throws {
        let reference = try ReferenceModel(name)
        let isLoose = ["gemma3", "qwen3moe-raw"].contains(name)
        for (element, limit) in [(KeyValueCache.Element.f16, isLoose ? 1e-5 : 1e-6), (.q8_0, isLoose ? 6e-3 : 1e-3)] {
            let got = try runner(name, element).logits(try reference.ids("long.input_ids"))
            let error = distance(got, try reference.floats("long.logits"))
            if Shared.long { print("\(name) \(element.rawValue): \(error)") }
            #expect(error.nmse < limit, "\(element) \(error)")
        }
    }
}
