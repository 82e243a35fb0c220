import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing

/// Round trips: a model written and read again is the same model.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct ModelExporterTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func open(_ name: String, gguf: Bool = false) throws -> ModelFile {
        let folder = ReferenceModelTests.folder(name)
        return try ModelFile.open(gguf ? folder.appendingPathComponent("model.gguf") : folder)
    }

    /// The tokenizer's keys, as a caller derives them from the tokenizer files.
    private func tokenizerKeys(_ name: String) throws -> [String: GGUFValue] {
        try open(name, gguf: true).metadata.filter { $0.key.hasPrefix("tokenizer.") }
    }

    private func expectEqualWeights(_ left: ModelFile, _ right: ModelFile) throws {
        #expect(Set(left.tensors.map(\.name)) == Set(right.tensors.map(\.name)))
        for tensor in left.tensors {
            let other = try #require(right.tensor(tensor.name))
            #expect(other.dimensions == tensor.dimensions)
            #expect(try left.readFloats(tensor.name) == right.readFloats(tensor.name), "\(tensor.name)")
        }
    }

    @Test(
        "a folder written as f32 GGUF is what llama.cpp's converter wrote",
        arguments: ReferenceModelTests.computed + ReferenceModelTests.regrouped)
    func folderToGGUF(name: String) throws {
        let url = scratch.url.appendingPathComponent("out.gguf")
        let tokenizer = try tokenizerKeys(name)
        _ = try ModelExporter(open(name)).writeGGUF(to: url, type: .f32, tokenizer: tokenizer)
        let ours = try ModelFile.open(url)
        let theirs = try open(name, gguf: true)
        var configuration = ours.configuration
        configuration.name = theirs.configuration.name
        if name == "mistral" {
            // Our file keeps the window in a key that llama.cpp does not know.
            #expect(configuration.slidingWindow == 24)
            configuration.slidingWindow = nil
            configuration.windowedLayers = []
        }
        if name == "gemma2" {
            // And the scale, which readers of the converter's files take from the length of a head.
            #expect(configuration.attentionScale != nil)
            configuration.attentionScale = nil
        }
        if let left = configuration.ropeFrequencyFactors, let right = theirs.configuration.ropeFrequencyFactors {
            for (one, other) in zip(left, right) { #expect(abs(one - other) <= 2e-6 * other) }
            configuration.ropeFrequencyFactors = right
        }
        #expect(configuration == theirs.configuration)
        #expect(ours.metadata["tokenizer.ggml.tokens"] == theirs.metadata["tokenizer.ggml.tokens"])
        for tensor in theirs.tensors where !tensor.name.hasPrefix("cls.") && tensor.name != "rope_freqs.weight" {
            #expect(ours.tensor(tensor.name) == tensor, "\(tensor.name)")
            let rows = 0..<tensor.rows
            #expect(try ours.read(tensor.name, rows: rows) == theirs.read(tensor.name, rows: rows), "\(tensor.name)")
        }
        // What says nothing: a window of 0, and a trained length that nothing is scaled from.
        let empty = [
            "phi3": "phi3.rope.scaling.original_context_length", "phi3-longrope": "phi3.attention.sliding_window",
        ]
        for (key, value) in theirs.metadata
        where (key.contains(".attention.") || key.contains(".rope.")) && key != empty[name] {
            #expect(ours.metadata[key] == value, "\(key)")
        }
    }

    @Test("what a folder cannot hold is refused before it exists", arguments: ReferenceModelTests.regrouped)
    func regroupedToFolder(name: String) throws {
        let url = scratch.url.appendingPathComponent("out")
        for gguf in [true, false] {
            let exporter = ModelExporter(try open(name, gguf: gguf))
            #expect(throws: ExportError.self) { try exporter.writeHuggingFace(to: url, type: .f32) }
            #expect(!FileManager.default.fileExists(atPath: url.path))
        }
    }

    @Test("fused matrices are written as they are stored")
    func fusedMatrices() throws {
        let url = scratch.url.appendingPathComponent("out.gguf")
        _ = try ModelExporter(open("phi3-longrope", gguf: true)).writeGGUF(to: url, type: .q8_0)
        let names = Set(try GGUFFile(url).tensors.map(\.name))
        #expect(names.contains("blk.0.attn_qkv.weight") && !names.contains("blk.0.attn_q.weight"))
        #expect(names.contains("blk.1.ffn_up.weight") && !names.contains("blk.1.ffn_gate.weight"))
        #expect(names.contains("rope_factors_long.weight") && names.contains("rope_factors_short.weight"))
        let (ours, theirs) = (try ModelFile.open(url), try open("phi3-longrope", gguf: true))
        #expect(ours.configuration == theirs.configuration)
        for tensor in theirs.tensors {
            let (left, right) = (try ours.readFloats(tensor.name), try theirs.readFloats(tensor.name))
            #expect(zip(left, right).allSatisfy { abs($0 - $1) < 0.02 }, "\(tensor.name)")
        }
    }

    @Test("a GGUF written as a folder is the folder it came from", arguments: ReferenceModelTests.computed)
    func ggufToFolder(name: String) throws {
        let url = scratch.url.appendingPathComponent("out")
        let source = try open(name, gguf: true)
        let report = try ModelExporter(source).writeHuggingFace(
            to: url, type: .f32, tokenizerFiles: ["tokenizer.json": Data("{}".utf8)])
        let ours = try ModelFile.open(url)
        let theirs = try open(name)
        var left = ours.configuration
        var right = theirs.configuration
        left.name = right.name
        if name == "mistral" {
            right.slidingWindow = nil
            right.windowedLayers = []
        }
        #expect(left == right)
        try expectEqualWeights(ours, theirs)
        #expect(ours.tokenizerFiles == ["tokenizer.json": Data("{}".utf8)])
        #expect(report.skipped == (name == "qwen3-reranker" ? ["cls.output.weight"] : []))
        left = source.configuration
        #expect(left.tiedOutput == ours.configuration.tiedOutput)
    }

    @Test("folder to folder keeps config, tokenizer and weights", arguments: ["llama-bias", "qwen2", "llama3-rope"])
    func folderToFolder(name: String) throws {
        let url = scratch.url.appendingPathComponent("out")
        let source = try open(name)
        _ = try ModelExporter(source).writeHuggingFace(to: url, type: .f32)
        let written = try ModelFile.open(url)
        var configuration = written.configuration
        configuration.name = source.configuration.name
        #expect(configuration == source.configuration)
        #expect(written.tokenizerFiles == source.tokenizerFiles && !source.tokenizerFiles.isEmpty)
        try expectEqualWeights(written, source)
        #expect(throws: FileError.exists(path: url.path)) {
            try ModelExporter(source).writeHuggingFace(to: url, type: .f32)
        }
    }

    @Test(
        "weights are encoded, vectors stay f32",
        arguments: [
            ModelExporter.WeightType.f32, .f16, .bf16, .q8_0, .q4_0,
        ])
    func types(type: ModelExporter.WeightType) throws {
        let url = scratch.url.appendingPathComponent("out.gguf")
        let source = try open("llama-bias", gguf: true)
        var steps: [ModelExporter.Progress] = []
        let report = try ModelExporter(source) { steps.append($0) }.writeGGUF(to: url, type: type)
        let written = try ModelFile.open(url)
        #expect(written.configuration == source.configuration)
        let wanted = try #require(ElementType.named[type.rawValue])
        for tensor in source.tensors {
            let stored = try #require(written.tensor(tensor.name))
            let isMatrix = tensor.dimensions.count == 2
            // Rows of 64 hold no block of the output's q6_k.
            let output = type == .q4_0 && tensor.name == "output.weight"
            #expect(stored.type == (!isMatrix ? .f32 : output ? .q8_0 : wanted), "\(tensor.name)")
            let values = try source.readFloats(tensor.name)
            let bytes = try written.read(tensor.name, rows: 0..<stored.rows)
            #expect(bytes == (try Quantisation.encode(values, type: stored.type)), "\(tensor.name)")
        }
        #expect(report.types.values.reduce(0, +) == source.tensors.count)
        #expect(report.fallbacks == (type == .q4_0 ? ["output.weight"] : []))
        #expect(steps.count == source.tensors.count && steps.last?.done == steps.last?.total)
        // Keys that nothing here knows are kept; the type key says what was written.
        #expect(written.metadata["general.size_label"] == source.metadata["general.size_label"])
        #expect(written.metadata["tokenizer.ggml.merges"] == source.metadata["tokenizer.ggml.merges"])
        let types: [ModelExporter.WeightType: UInt32] = [.f32: 0, .f16: 1, .q4_0: 2, .q8_0: 7, .bf16: 32]
        #expect(written.metadata["general.file_type"] == types[type].map { .uint32($0) })
    }

    @Test func rowsWithoutWholeBlocksBecomeF16() throws {
        let url = scratch.url.appendingPathComponent("out.gguf")
        let source = try open("llama-odd", gguf: true)
        let report = try ModelExporter(source).writeGGUF(to: url, type: .q8_0)
        let written = try ModelFile.open(url)
        #expect(!report.fallbacks.isEmpty)
        for name in report.fallbacks { #expect(written.tensor(name)?.type == .f16, "\(name)") }
    }

    @Test func anotherTypeIsCopiedUnchanged() throws {
        let first = scratch.url.appendingPathComponent("one.gguf")
        let second = scratch.url.appendingPathComponent("two.gguf")
        _ = try ModelExporter(open("qwen3", gguf: true)).writeGGUF(to: first, type: .q8_0)
        _ = try ModelExporter(ModelFile.open(first)).writeGGUF(to: second, type: .q8_0)
        #expect(try Data(contentsOf: first) == Data(contentsOf: second))
    }

    @Test func whatSafetensorsCannotHoldIsRefused() throws {
        let url = scratch.url.appendingPathComponent("out")
        let exporter = ModelExporter(try open("qwen3"))
        #expect(throws: ExportError.quantisedSafetensors(type: "q8_0")) {
            try exporter.writeHuggingFace(to: url, type: .q8_0)
        }
        for name in ["../x", "config.json", ".hidden", "model.safetensors", ""] {
            #expect(throws: ExportError.badFileName(name)) {
                try exporter.writeHuggingFace(to: url, type: .f32, tokenizerFiles: [name: Data()])
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path).isEmpty)
    }
}
