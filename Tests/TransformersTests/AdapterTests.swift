import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing
import Transformers

/// Adapters beside a base: values of PEFT, every base type, and the promises of the forward pass.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct AdapterTests {
    static let training = Shared.folder.appendingPathComponent("reference/training")

    private static func runner(
        _ base: String, _ adapter: String?, precision: Precision = .exact, threads: Int = 2
    ) throws -> Runner {
        let plain = try Runner(
            training.appendingPathComponent("bases/\(base)"), precision: precision, threads: threads)
        guard let adapter else { return plain }
        let found = try LoRAAdapter.read(folder: training.appendingPathComponent("\(adapter)/adapter"))
        return try Runner(try plain.model.adapted(by: found, threads: threads), threads: threads)
    }

    private static func tokens(_ name: String) throws -> [[Int]] {
        let data = try Data(contentsOf: training.appendingPathComponent("\(name)/tokens.json"))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [[Int]])
    }

    @Test(arguments: ["lora-merge", "dora-merge"])
    func logitsAreThoseOfPEFT(_ name: String) throws {
        let expected = try SafetensorsFile(Self.training.appendingPathComponent("\(name)/expected.safetensors"))
        let base = try Self.runner("llama", nil)
        let adapted = try Self.runner("llama", name)
        for (index, ids) in try Self.tokens(name).enumerated() {
            let plain = distance(try base.logits(ids), try expected.floats("base.logits.\(index)"))
            #expect(plain.nmse <= 1e-7 && plain.largest <= 2e-3, "\(plain)")
            let got = try adapted.logits(ids)
            let with = distance(got, try expected.floats("adapter.logits.\(index)"))
            #expect(with.nmse <= 1e-9 && with.largest <= 2e-4, "\(with)")
            // The adapter matters: without it the values are others.
            #expect(distance(got, try expected.floats("base.logits.\(index)")).nmse > 1e-3)
        }
    }

    /// A GGUF holds q and k in another order of rows than the adapter: with 8-bit weights the result must stay near.
    @Test(arguments: ["lora-merge", "dora-merge"])
    func rowsOfGGUFBasesAreReordered(_ name: String) throws {
        let expected = try SafetensorsFile(Self.training.appendingPathComponent("\(name)/expected.safetensors"))
        for precision in [Runner.exact, Runner.integer] {
            let adapted = try Self.runner("llama-q8_0.gguf", name, precision: precision)
            for (index, ids) in try Self.tokens(name).enumerated() {
                let found = distance(try adapted.logits(ids), try expected.floats("adapter.logits.\(index)"))
                #expect(found.nmse < 2e-3, "\(precision) \(found)")
            }
        }
    }

    @Test(arguments: [
        ("llama", "lora-merge", Runner.exact), ("llama-q4_0.gguf", "qlora-q4_0", Runner.integer),
        ("llama-q8_0.gguf", "dora-merge", Runner.integer), ("qwen2", "rslora", Runner.exact),
    ])
    func chunksThreadsAndNeighboursChangeNothing(_ base: String, _ adapter: String, _ precision: Precision) throws {
        let whole = try Self.runner(base, adapter, precision: precision, threads: 1)
        let ids = (0..<40).map { ($0 * 37 + 11) % 300 }
        let expected = try whole.logits(ids)
        for threads in [1, 2, 3] {
            let runner = try Self.runner(base, adapter, precision: precision, threads: threads)
            for chunks in [[39, 1], [7, 8, 9, 16], Array(repeating: 1, count: 40)] {
                #expect(try runner.logits(ids, chunks: chunks).bits == expected.bits, "\(threads) threads, \(chunks)")
            }
        }
        let prompts = [Array(ids.prefix(5)), Array(ids.suffix(21)), [3]]
        let alone = try prompts.map { try whole.logits($0) }
        let steps = try prompts.map { SequenceStep(cache: try whole.model.makeCache(), tokens: $0, logits: .all) }
        let together = try whole.model.forward(steps, workspace: whole.workspace, pool: whole.pool)
        for (one, other) in zip(alone, together) { #expect(one.bits == other.flatMap(\.self).bits) }
    }

    /// B = 0 is the base, bit for bit, and costs no copy of its weights.
    @Test func zeroIsTheBase() throws {
        let base = try Self.runner("llama-q8_0.gguf", nil, precision: .integer)
        var adapter = try LoRAAdapter.read(folder: Self.training.appendingPathComponent("lora-merge/adapter"))
        adapter.modules = adapter.modules.map { module in
            var zero = module
            zero.b = [Float](repeating: 0, count: module.b.count)
            return zero
        }
        let model = try base.model.adapted(by: adapter)
        let ids = (0..<20).map { ($0 * 13 + 7) % 300 }
        #expect(try Runner(model, threads: 2).logits(ids).bits == base.logits(ids).bits)
        #expect(model.residentBytes - base.model.residentBytes < 200_000)
    }

    /// An output matrix of its own may have an adapter too: logits grow by s·B(A·h), here by hand on the difference.
    @Test func theOutputMatrixTakesAnAdapter() throws {
        let base = try Self.runner("llama", nil)
        let a = (0..<64).map { Float($0 % 5) / 10 - 0.2 }
        let b = (0..<320).map { Float($0 % 7) / 10 - 0.3 }
        let adapter = try LoRAAdapter(
            configuration: LoRAConfiguration(rank: 1, alpha: 3, targets: .names(["lm_head"])),
            modules: [LoRAModule(name: "lm_head", rank: 1, inputs: 64, outputs: 320, a: a, b: b)])
        let adapted = try Runner(try base.model.adapted(by: adapter), threads: 2)
        let plain = try base.logits([5, 6, 7])
        let changed = try adapted.logits([5, 6, 7])
        for row in 0..<3 {
            let differences = (0..<320).map { changed[row * 320 + $0] - plain[row * 320 + $0] }
            // One factor per position: differences are proportional to B.
            let factor = differences[0] / b[0]
            #expect(abs(factor) > 1e-3)
            for (index, difference) in differences.enumerated() { #expect(abs(difference - factor * b[index]) < 1e-4) }
        }
        let tied = try Self.runner("qwen2", nil)
        #expect(throws: AdapterError.self) { try tied.model.adapted(by: adapter) }
    }

    @Test func anAdapterOfAnotherBaseIsRefusedWithBothNames() throws {
        let base = try Self.runner("qwen2", nil)
        let adapter = try LoRAAdapter.read(folder: Self.training.appendingPathComponent("lora-merge/adapter"))
        let error = #expect(throws: AdapterError.self) { try base.model.adapted(by: adapter) }
        let text = "\(try #require(error))"
        #expect(text.contains("../../bases/llama") && text.contains("does not fit qwen2"), "\(text)")
        #expect(text.contains("[4, 72], it has [4, 64]"), "\(text)")
    }
}
