import Foundation
import TestSupport
import Testing

/// Logits and greedy continuations against transformers in f32 (tolerance of the reference: NMSE 1e-7, 2e-3 a value).
@Suite(.enabled(if: Shared.available, Shared.hint))
struct ReferenceLogitsTests {
    @Test(arguments: ReferenceModel.names)
    func folderGivesReferenceLogits(_ name: String) throws {
        let reference = try ReferenceModel(name)
        let runner = try Runner(ReferenceModel.folder(name))
        for sequence in ReferenceModel.sequences {
            let ids = try reference.ids("\(sequence).input_ids")
            let got = try runner.limited(to: ids.count).logits(ids)
            let error = distance(got, try reference.floats("\(sequence).logits"))
            #expect(error.nmse < 1e-7 && error.largest < 2e-3, "\(name) \(sequence): \(error)")
        }
        let prompt = try reference.ids("mid.input_ids")
        let greedy = try runner.limited(to: prompt.count + 32).greedy(prompt, count: 32)
        #expect(greedy == (try reference.ids("mid.greedy")))
    }

    @Test(arguments: ReferenceModel.names)
    func ggufGivesReferenceLogits(_ name: String) throws {
        let reference = try ReferenceModel(name)
        let runner = try Runner(ReferenceModel.folder(name).appendingPathComponent("model.gguf"))
        for sequence in ReferenceModel.sequences {
            let key = reference.has("\(sequence).gguf_logits") ? "gguf_logits" : "logits"
            let ids = try reference.ids("\(sequence).input_ids")
            let got = try runner.limited(to: ids.count).logits(ids)
            let error = distance(got, try reference.floats("\(sequence).\(key)"))
            #expect(error.nmse < 1e-7 && error.largest < 2e-3, "\(name) \(sequence): \(error)")
        }
        let key = reference.has("mid.gguf_greedy") ? "mid.gguf_greedy" : "mid.greedy"
        let prompt = try reference.ids("mid.input_ids")
        #expect(try runner.limited(to: prompt.count + 32).greedy(prompt, count: 32) == reference.ids(key))
    }
}
