import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing

/// PEFT folders: read, written, and refused where they are not what they seem.
struct AdapterFolderTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    /// An adapter for `TinyModel`: q and down, rank 2.
    static func tiny(
        rank: Int = 2, dora: Bool = false, _ change: (inout LoRAConfiguration) -> Void = { _ in }
    ) throws -> LoRAAdapter {
        func values(_ count: Int, _ seed: Int) -> [Float] { (0..<count).map { Float(($0 * 7 + seed) % 19) / 16 - 0.5 } }
        var configuration = LoRAConfiguration(
            rank: rank, alpha: 4, targets: .names(["down_proj", "q_proj"]), usesDoRA: dora, baseName: "tiny")
        change(&configuration)
        let modules = [("self_attn.q_proj", 8, 8), ("mlp.down_proj", 12, 8)].map { name, inputs, outputs in
            LoRAModule(
                name: "model.layers.0." + name, rank: rank, inputs: inputs, outputs: outputs,
                a: values(rank * inputs, 1), b: values(outputs * rank, 5),
                magnitude: dora ? (0..<outputs).map { 1 + Float($0) / 8 } : nil)
        }
        return try LoRAAdapter(configuration: configuration, modules: modules)
    }

    private func write(_ config: String, _ tensors: [(String, [Int])] = Self.names, type: SafetensorsType = .f32) throws
        -> URL
    {
        let folder = scratch.url.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(config.utf8).write(to: folder.appendingPathComponent("adapter_config.json"))
        let layout = tensors.map { SafetensorsWriter.Layout(name: $0.0, shape: $0.1, type: type) }
        let writer = try SafetensorsWriter(
            to: folder.appendingPathComponent("adapter_model.safetensors"), tensors: layout)
        for tensor in layout {
            try writer.write([UInt8](repeating: 0, count: tensor.shape.reduce(type.width, *)))
        }
        try writer.finish()
        return folder
    }

    private static let prefix = "base_model.model.model.layers.0.self_attn.q_proj"
    private static let names = [(prefix + ".lora_A.weight", [2, 8]), (prefix + ".lora_B.weight", [8, 2])]

    @Test(arguments: [false, true])
    func whatIsWrittenIsRead(dora: Bool) throws {
        let adapter = try Self.tiny(dora: dora) {
            $0.usesRankStabilisedScale = true
            $0.dropout = 0.25
            $0.alphaPattern = ["layers.0.mlp.down_proj": 3.5]
        }
        let url = scratch.url.appendingPathComponent("adapter")
        try adapter.write(to: url)
        #expect(try LoRAAdapter.read(folder: url) == adapter)
        // A second run's result takes the place of the first.
        let other = try Self.tiny(rank: 3)
        try other.write(to: url)
        #expect(try LoRAAdapter.read(folder: url) == other)
        #expect(try FileManager.default.contentsOfDirectory(atPath: url.path).count == 2)
    }

    @Test func namesAndScalesAreThoseOfPEFT() throws {
        let adapter = try Self.tiny { $0.alphaPattern = [".*layers\\.0\\.mlp.*": 1] }
        let url = scratch.url.appendingPathComponent("adapter")
        try adapter.write(to: url)
        let file = try SafetensorsFile(url.appendingPathComponent("adapter_model.safetensors"))
        #expect(file.tensor(Self.prefix + ".lora_A.weight")?.shape == [2, 8])
        #expect(file.tensor("base_model.model.model.layers.0.mlp.down_proj.lora_B.weight")?.shape == [8, 2])
        #expect(adapter.module(forTensor: "blk.0.ffn_down.weight")?.name == "model.layers.0.mlp.down_proj")
        #expect(try adapter.configuration.scale(of: "model.layers.0.self_attn.q_proj") == 2)
        #expect(try adapter.configuration.scale(of: "model.layers.0.mlp.down_proj") == 0.5)
        let stabilised = LoRAConfiguration(rank: 4, alpha: 6, usesRankStabilisedScale: true)
        #expect(try stabilised.scale(of: "model.layers.3.mlp.up_proj") == 3)
    }

    @Test(.enabled(if: Shared.available, Shared.hint), arguments: [("lora", 14), ("dora", 14), ("rslora", 12)])
    func foldersOfPEFTAreRead(_ name: String, _ modules: Int) throws {
        let folder = Shared.folder.appendingPathComponent("reference/training/\(name)/adapter")
        let adapter = try LoRAAdapter.read(folder: folder)
        #expect(adapter.modules.count == modules)
        #expect(adapter.configuration.usesDoRA == (name == "dora"))
        #expect(adapter.configuration.usesRankStabilisedScale == (name == "rslora"))
        let copy = scratch.url.appendingPathComponent("copy")
        try adapter.write(to: copy)
        #expect(try LoRAAdapter.read(folder: copy) == adapter)
    }

    @Test(arguments: [
        #"{"r": 2, "lora_alpha": 4}"#, #"{"target_modules": ["q_proj"]}"#, "[]", "{", "",
        #"{"r": 2, "target_modules": [1]}"#, #"{"r": "2", "target_modules": ["q_proj"]}"#,
        #"{"r": 0, "target_modules": ["q_proj"]}"#, #"{"r": 2.5, "target_modules": ["q_proj"]}"#,
        #"{"r": 99999999999, "target_modules": ["q_proj"]}"#, #"{"r": 3, "target_modules": ["q_proj"]}"#,
        #"{"r": 2, "lora_alpha": 1e300, "target_modules": ["q_proj"]}"#,
        #"{"r": 2, "lora_dropout": 1.0, "target_modules": ["q_proj"]}"#,
        #"{"r": 2, "target_modules": ["k_proj"]}"#, #"{"r": 2, "target_modules": ".*k_proj"}"#,
        #"{"r": 2, "target_modules": "(((("}"#, #"{"r": 2, "target_modules": ["q_proj"], "use_dora": true}"#,
        #"{"r": 2, "target_modules": ["q_proj"], "bias": "all"}"#,
        #"{"r": 2, "target_modules": ["q_proj"], "peft_type": "IA3"}"#,
        #"{"r": 2, "target_modules": ["q_proj"], "fan_in_fan_out": true}"#,
        #"{"r": 2, "target_modules": ["q_proj"], "modules_to_save": ["lm_head"]}"#,
        #"{"r": 2, "target_modules": ["q_proj"], "init_lora_weights": "pissa"}"#,
        #"{"r": 2, "target_modules": ["q_proj"], "future_field": 7}"#,
        #"{"r": 2, "target_modules": ["q_proj"], "rank_pattern": {"q_proj": 5}}"#,
        #"{"r": 2, "target_modules": ["q_proj"], "rank_pattern": {"q_proj": "x"}}"#,
    ])
    func configurationsThatMeanSomethingElseAreRefused(_ config: String) throws {
        let folder = try write(config)
        #expect(throws: AdapterError.self) { try LoRAAdapter.read(folder: folder) }
    }

    @Test(arguments: [
        #"{"r": 2, "target_modules": "all-linear"}"#, #"{"r": 2, "target_modules": ".*\\.q_proj$"}"#,
        #"{"r": 2, "target_modules": ["0.self_attn.q_proj"]}"#,
        #"{"r": 8, "target_modules": ["q_proj"], "rank_pattern": {"layers.0.self_attn.q_proj": 2}}"#,
        #"{"r": 2, "target_modules": ["q_proj"], "init_lora_weights": "gaussian", "future_field": null}"#,
    ])
    func configurationsThatMeanTheSameAreTaken(_ config: String) throws {
        let adapter = try LoRAAdapter.read(folder: try write(config))
        #expect(adapter.modules.map(\.rank) == [2])
    }

    @Test func foldersThatLackOrAddSomethingAreRefused() throws {
        let config = #"{"r": 2, "target_modules": ["q_proj"]}"#
        let a = Self.names[0], b = Self.names[1]
        let cases: [[(String, [Int])]] = [
            [], [a], [b], [a, (b.0, [8, 3])], [a, (b.0, [16])], [(a.0, [2, 8, 1]), b],
            [a, b, ("base_model.model.lm_head.weight", [4, 8])], [a, b, (Self.prefix + ".lora_embedding_A", [2, 8])],
            [a, b, (Self.prefix + ".lora_magnitude_vector", [8])], [a, b, ("lora_A.weight", [2, 8])],
        ]
        for tensors in cases {
            let folder = try write(config, tensors)
            #expect(throws: AdapterError.self, "\(tensors)") { try LoRAAdapter.read(folder: folder) }
        }
        let integers = try write(config, type: .i32)
        #expect(throws: AdapterError.unsupportedType(tensor: a.0, type: "I32")) {
            try LoRAAdapter.read(folder: integers)
        }
        let halves = try write(config, type: .bf16)
        #expect(try LoRAAdapter.read(folder: halves).modules.count == 1)
        #expect(throws: AdapterError.notAnAdapter(path: scratch.url.path)) { try LoRAAdapter.read(folder: scratch.url) }
        var broken = try Self.tiny()
        broken.modules[0].b[3] = .nan
        #expect(throws: AdapterError.notFinite(tensor: "model.layers.0.mlp.down_proj.lora_B")) {
            try LoRAAdapter(configuration: broken.configuration, modules: broken.modules)
        }
    }

    /// Cut and flipped files end in an error or in an adapter, never in a trap.
    @Test func damagedFilesAreErrors() throws {
        let url = scratch.url.appendingPathComponent("adapter")
        try Self.tiny(dora: true).write(to: url)
        for name in ["adapter_config.json", "adapter_model.safetensors"] {
            let file = url.appendingPathComponent(name)
            let whole = [UInt8](try Data(contentsOf: file))
            for step in stride(from: 0, to: whole.count, by: 13) {
                try Data(whole[0..<step]).write(to: file)
                #expect(throws: (any Error).self) { try LoRAAdapter.read(folder: url) }
                var flipped = whole
                flipped[step] ^= UInt8(1 << (step % 8))
                try Data(flipped).write(to: file)
                _ = try? LoRAAdapter.read(folder: url)
            }
            try Data(whole).write(to: file)
        }
        #expect(throws: Never.self) { try LoRAAdapter.read(folder: url) }
    }

    /// Expressions from strangers are matched in linear time, and mean what Python's `re.fullmatch` means.
    @Test func patternsOfModules() throws {
        let module = "model.layers.11.self_attn.q_proj"
        func fits(_ pattern: String) throws -> Bool {
            try LoRAConfiguration(rank: 1, alpha: 1, targets: .pattern(pattern)).isTargeted(module)
        }
        for pattern in [
            ".*", ".*q_proj", "^.*\\.q_proj$", ".*\\.(q|k|v)_proj", ".*layers\\.1[0-9]\\..*",
            "model\\.layers\\.\\d+\\..*",
            ".*\\.\\d{2}\\..*", "(?:model|base)\\..*[^k]_proj", ".*(self_attn|mlp)\\.[a-z_]+",
            "model.layers.11.self_attn.q_proj",
            "(a*)*model.*", ".*x?q_proj", ".*11{1,2}?.*",
        ] { #expect(try fits(pattern), "\(pattern)") }
        for pattern in ["q_proj", ".*k_proj", ".*layers\\.2.*", ".*\\.\\d{3}\\..*", "", "model", ".*[^q]_proj"] {
            #expect(try !fits(pattern), "\(pattern)")
        }
        #expect(try !fits(String(repeating: "(.*)*", count: 20) + "z"))
        for pattern in [
            "(", ")", "a)", "[", "[a", "*a", "a**", "a{2", "a{9999}", "a{3,1}", "\\", "(?=a)", "\\b", "a++",
            String(repeating: "(", count: 50) + String(repeating: ")", count: 50),
            String(repeating: "(a{1000}){1000}", count: 1), String(repeating: "a", count: 5000),
        ] { #expect(throws: AdapterError.self, "\(pattern.prefix(20))") { try fits(pattern) } }
    }
}
