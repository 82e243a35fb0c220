import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing

/// Adapters as GGUF files, merged models, and the mixes of quantised files.
struct AdapterExportTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func tiny(_ architecture: String = "llama") throws -> ModelFile {
        var model = TinyModel(architecture: architecture)
        if architecture == "qwen2" {
            for (name, length) in [("attn_q", 8), ("attn_k", 4), ("attn_v", 4)] {
                model.tensors.append(.init(name: "blk.0.\(name).bias", dimensions: [length], type: .f32))
            }
        }
        let url = scratch.url.appendingPathComponent("\(architecture).gguf")
        try model.write(to: url)
        return try ModelFile.open(url)
    }

    @Test(arguments: ["llama", "qwen2"])
    func aGGUFAdapterComesBack(_ architecture: String) throws {
        let model = try tiny(architecture)
        let adapter = try AdapterFolderTests.tiny { $0.usesRankStabilisedScale = true }
        let url = scratch.url.appendingPathComponent("adapter.gguf")
        try adapter.writeGGUF(to: url, configuration: model.configuration)
        let file = try GGUFFile(url)
        #expect(file.metadata["general.type"] == .string("adapter"))
        #expect(file.metadata["adapter.type"] == .string("lora"))
        // rsLoRA's scale 4/√2 is alpha/r of another alpha.
        #expect(abs((file.metadata["adapter.lora.alpha"]?.double ?? 0) - 4 * 2.0.squareRoot()) < 1e-6)
        #expect(file.tensor("blk.0.attn_q.weight.lora_a")?.dimensions == [8, 2])
        #expect(file.tensor("blk.0.attn_q.weight.lora_b")?.dimensions == [2, 8])
        let back = try LoRAAdapter.read(url, configuration: model.configuration)
        #expect(back.modules == adapter.modules)
        for module in back.modules {
            let (got, want) = (try back.configuration.scale(of: module.name), Float(4 / 2.0.squareRoot()))
            #expect(abs(got - want) < 1e-6)
        }
        // Heads of 4 rows: rows 0, 1, 2, 3 of B stand as 0, 2, 1, 3 in a llama file.
        let stored = try Quantisation.dequantise(
            try file.read("blk.0.attn_q.weight.lora_b"), type: .f32, count: 16)
        let q = try #require(adapter.modules.last)
        let second = architecture == "llama" ? 2 : 1
        #expect(Array(stored[2..<4]) == Array(q.b[(2 * second)..<(2 * second + 2)]))
        #expect(throws: AdapterError.notExpressibleInGGUF(reason: "DoRA's magnitudes")) {
            try AdapterFolderTests.tiny(dora: true).writeGGUF(
                to: scratch.url.appendingPathComponent("x.gguf"), configuration: model.configuration)
        }
        #expect(throws: AdapterError.self) {
            try LoRAAdapter.read(
                scratch.url.appendingPathComponent("\(architecture).gguf"), configuration: model.configuration)
        }
    }

    @Test(.enabled(if: Shared.available, Shared.hint), arguments: ["lora-merge", "dora-merge"])
    func mergedWeightsAreThoseOfPEFT(_ name: String) throws {
        let training = Shared.folder.appendingPathComponent("reference/training")
        let model = try ModelFile.open(training.appendingPathComponent("bases/llama"))
        let adapter = try LoRAAdapter.read(folder: training.appendingPathComponent("\(name)/adapter"))
        let url = scratch.url.appendingPathComponent("merged")
        for threads in [1, 3] {
            try? FileManager.default.removeItem(at: url)
            let exporter = try ModelExporter(model, adapter: adapter, pool: try WorkerPool(threads: threads))
            _ = try exporter.writeHuggingFace(to: url, type: .f32)
            let file = try SafetensorsFile(url.appendingPathComponent("model.safetensors"))
            let expected = try SafetensorsFile(training.appendingPathComponent("\(name)/expected.safetensors"))
            var checked = 0
            for tensor in expected.tensors where tensor.name.hasPrefix("merged.model.") {
                let count = tensor.shape.reduce(1, *)
                let want = try Quantisation.dequantise(try expected.read(tensor.name), type: .f32, count: count)
                let stored = try file.read(String(tensor.name.dropFirst(7)))
                let got = try Quantisation.dequantise(stored, type: .f32, count: count)
                #expect(zip(got, want).allSatisfy { abs($0 - $1) <= 1e-6 }, "\(tensor.name)")
                checked += 1
            }
            #expect(checked == 7)
        }
    }

    @Test func anAdapterOfAnotherBaseIsNotMerged() throws {
        let adapter = try AdapterFolderTests.tiny()
        var other = adapter.modules
        other[0].name = "model.layers.1.mlp.down_proj"
        let deeper = try LoRAAdapter(configuration: adapter.configuration, modules: other)
        let model = try tiny()
        #expect(
            throws: AdapterError.noSuchModule(
                module: "model.layers.1.mlp.down_proj", adapterBase: "tiny", base: "tiny")
        ) { try ModelExporter(model, adapter: deeper) }
        let norm = try LoRAAdapter(
            configuration: LoRAConfiguration(rank: 1, alpha: 1, targets: .names(["input_layernorm"])),
            modules: [
                LoRAModule(
                    name: "model.layers.0.input_layernorm", rank: 1, inputs: 8, outputs: 1,
                    a: [Float](repeating: 1, count: 8), b: [1])
            ])
        #expect(throws: AdapterError.self) { try norm.check(against: model) }
    }

    @Test func typesOfTheBaseAreKept() throws {
        let model = try tiny()
        let url = scratch.url.appendingPathComponent("same.gguf")
        _ = try ModelExporter(model, adapter: try AdapterFolderTests.tiny()).writeGGUF(to: url, type: .same)
        let written = try ModelFile.open(url)
        #expect(written.tensors.map(\.type) == model.tensors.map(\.type))
        #expect(try written.read("blk.0.attn_v.weight", rows: 0..<4) == model.read("blk.0.attn_v.weight", rows: 0..<4))
        #expect(try written.read("blk.0.attn_q.weight", rows: 0..<8) != model.read("blk.0.attn_q.weight", rows: 0..<8))
    }

    /// Types and errors of whole models against llama.cpp's own quantised files.
    @Test(
        .enabled(if: Shared.available, Shared.hint),
        arguments: [
            ("llama", ModelExporter.WeightType.q4_k_m), ("llama", .q5_k_m), ("llama", .q6_k), ("llama", .q8_0),
            ("llama", .q4_0), ("llama", .f16), ("qwen2", .q4_k_m), ("qwen2", .q6_k), ("qwen2", .q8_0),
            ("qwen2", .q4_0), ("qwen2", .f16),
        ])
    func mixesAreThoseOfLlamaCpp(_ name: String, _ type: ModelExporter.WeightType) throws {
        let folder = "reference/quantisation/models/\(name)"
        let all = try #require(
            try JSONSerialization.jsonObject(with: Shared.data(folder + "/errors.json")) as? [String: [String: Any]])
        let types = try #require(all[type.rawValue]?["types"] as? [String: String])
        let errors = try #require(all[type.rawValue]?["rmse"] as? [String: Double])
        let model = try ModelFile.open(Shared.folder.appendingPathComponent(folder + "/f16.gguf"))
        let url = scratch.url.appendingPathComponent("mix.gguf")
        _ = try ModelExporter(model).writeGGUF(to: url, type: type)
        let written = try ModelFile.open(url)
        for tensor in written.tensors {
            if let expected = types[tensor.name] {
                #expect(tensor.type.name.lowercased() == expected.lowercased(), "\(tensor.name)")
            }
            guard let limit = errors[tensor.name], let source = model.tensor(tensor.name) else { continue }
            let rows = 0..<tensor.rows
            let got = try Quantisation.dequantise(
                try written.read(tensor.name, rows: rows), type: tensor.type, count: tensor.elementCount)
            let want = try Quantisation.dequantise(
                try model.read(tensor.name, rows: rows), type: source.type, count: tensor.elementCount)
            let square = zip(got, want).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
            #expect((square / Double(got.count)).squareRoot() <= 1.02 * limit, "\(tensor.name)")
        }
        #expect(!types.isEmpty && (!errors.isEmpty || type == .f16))
    }
}
