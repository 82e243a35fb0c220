import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing

/// Models with block types as the origin of an export: any type in, any written type out.
struct QuantisedExportTests {
    private let scratch: ScratchFolder

    init() throws { scratch = try ScratchFolder() }

    private func blocks() throws -> ModelFile {
        let url = scratch.url.appendingPathComponent("blocks.gguf")
        try TinyModel.blocks().write(to: url)
        return try ModelFile.open(url)
    }

    @Test(arguments: [ModelExporter.WeightType.f16, .bf16, .q8_0, .q4_0, .q4_k_m, .q5_k_m, .q6_k])
    func everyTypeIsWrittenFromBlocks(_ type: ModelExporter.WeightType) throws {
        let model = try blocks()
        let url = scratch.url.appendingPathComponent("out.gguf")
        let pool = try WorkerPool(threads: 2)
        var steps: [ModelExporter.Progress] = []
        let exporter = try ModelExporter(model, adapter: nil, pool: pool) { steps.append($0) }
        _ = try exporter.writeGGUF(to: url, type: type)
        let written = try ModelFile.open(url)
        #expect(written.configuration == model.configuration)
        #expect(steps.last?.done == steps.last?.total)
        for tensor in model.tensors {
            let rows = 0..<tensor.rows
            let values = try Quantisation.dequantise(
                try model.read(tensor.name, rows: rows), type: tensor.type, count: tensor.elementCount)
            let stored = try #require(written.tensor(tensor.name))
            let bytes = try written.read(tensor.name, rows: rows)
            let same = stored.type == tensor.type ? try model.read(tensor.name, rows: rows) : nil
            #expect(try bytes == same ?? Quantisation.encode(values, type: stored.type), "\(tensor.name)")
        }
        // The file that the caller's thread alone writes has the same bytes.
        let again = scratch.url.appendingPathComponent("again.gguf")
        _ = try ModelExporter(model).writeGGUF(to: again, type: type)
        #expect(try Data(contentsOf: url) == Data(contentsOf: again))
    }

    @Test func typesThatAreOnlyReadAreCopiedButNotWritten() throws {
        let model = try blocks()
        let url = scratch.url.appendingPathComponent("out.gguf")
        _ = try ModelExporter(model).writeGGUF(to: url, type: .same)
        let written = try ModelFile.open(url)
        #expect(written.tensors.map(\.type) == model.tensors.map(\.type))
        let q = try LoRAAdapter(
            configuration: LoRAConfiguration(rank: 1, alpha: 1, targets: .names(["q_proj"])),
            modules: [
                LoRAModule(
                    name: "model.layers.0.self_attn.q_proj", rank: 1, inputs: 256, outputs: 256,
                    a: [Float](repeating: 1, count: 256), b: [Float](repeating: 1, count: 256))
            ])
        let target = scratch.url.appendingPathComponent("merged.gguf")
        let error = #expect(throws: ExportError.self) {
            try ModelExporter(model, adapter: q).writeGGUF(to: target, type: .same)
        }
        let words = error.map { "\($0)" } ?? ""
        #expect(words.hasPrefix("blk.0.attn_q.weight is Q2_K, which is read but not written"), "\(words)")
        #expect(!FileManager.default.fileExists(atPath: target.path))
        _ = try ModelExporter(model, adapter: q).writeGGUF(to: target, type: .q8_0)
    }

    @Test(arguments: [Float.nan, .infinity, 1e6])
    func aWeightThatTheTypeCannotHoldIsNamed(_ value: Float) throws {
        let source = scratch.url.appendingPathComponent("tiny.gguf")
        try TinyModel().write(to: source)
        let model = try ModelFile.open(source)
        let damaged = try model.replacingWeights { name, rows in
            var bytes = try model.read(name, rows: rows)
            guard name == "blk.0.ffn_up.weight" else { return bytes }
            for (at, byte) in try Quantisation.encode([value], type: .f32).enumerated() {
                bytes[(5 * 8 + 3 - rows.lowerBound * 8) * 4 + at] = byte
            }
            return bytes
        }
        let target = scratch.url.appendingPathComponent("out.gguf")
        let error = #expect(throws: ExportError.self) {
            try ModelExporter(damaged).writeGGUF(to: target, type: .f16)
        }
        guard case .badWeight("blk.0.ffn_up.weight", row: 5, let found, "F16")? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(found == value || (found.isNaN && value.isNaN))
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path) == ["tiny.gguf"])
    }

    /// Weights that keep their type are copied as they are, and looked at: a norm in f32, matrices in f16 and bf16.
    @Test(arguments: [
        ("blk.0.ffn_norm.weight", 0, ModelExporter.WeightType.q8_0), ("blk.0.ffn_up.weight", 5, .same),
        ("blk.0.attn_q.weight", 3, .f16), ("blk.0.attn_v.weight", 2, .bf16), ("blk.0.attn_v.weight", 2, .same),
    ])
    func aCopiedWeightThatIsNoNumberIsNamed(_ tensor: String, row: Int, to type: ModelExporter.WeightType) throws {
        let source = scratch.url.appendingPathComponent("tiny.gguf")
        try TinyModel().write(to: source)
        let model = try ModelFile.open(source)
        let described = try #require(model.tensor(tensor))
        let adapter = try LoRAAdapter(
            configuration: LoRAConfiguration(rank: 1, alpha: 1, targets: .names(["k_proj"])),
            modules: [
                LoRAModule(
                    name: "model.layers.0.self_attn.k_proj", rank: 1, inputs: 8, outputs: 4,
                    a: [Float](repeating: 1, count: 8), b: [Float](repeating: 1, count: 4))
            ])
        for value in [Float.nan, .infinity, -.infinity] {
            let odd = try oddBytes(value, described.type)
            let damaged = try model.replacingWeights { name, rows in
                var bytes = try model.read(name, rows: rows)
                guard name == tensor, rows.contains(row) else { return bytes }
                let at = (row - rows.lowerBound) * 8 * odd.count
                bytes.replaceSubrange(at..<(at + odd.count), with: odd)
                return bytes
            }
            let exporters = [ModelExporter(damaged), try ModelExporter(damaged, adapter: adapter)]
            for (number, exporter) in exporters.enumerated() {
                let error = #expect(throws: ExportError.self, "\(value), \(number)") {
                    try exporter.writeGGUF(to: scratch.url.appendingPathComponent("out.gguf"), type: type)
                }
                guard case .badWeight(tensor, row: row, let found, described.type.name)? = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
                #expect(found == value || (found.isNaN && value.isNaN))
                let folder = scratch.url.appendingPathComponent("out")
                #expect(throws: ExportError.self) { try exporter.writeHuggingFace(to: folder, type: .f32) }
            }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path) == ["tiny.gguf"])
    }

    /// A value that the encoder refuses, as it stands in a damaged file.
    private func oddBytes(_ value: Float, _ type: ElementType) throws -> [UInt8] {
        let bits: UInt32 =
            switch type {
            case .f16: UInt32(Float16(value).bitPattern)
            case .bf16: value.bitPattern >> 16
            default: value.bitPattern
            }
        return (0..<(type.byteCount(elements: 1) ?? 4)).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt32($0))) }
    }

    @Test(arguments: [ModelExporter.WeightType.f16, .bf16, .q8_0, .q4_0, .q4_k_m, .q5_k_m, .q6_k])
    func comparisonSeesWhatTheTypeDoesNotExplain(_ type: ModelExporter.WeightType) throws {
        let model = try blocks()
        let url = scratch.url.appendingPathComponent("out.gguf")
        _ = try ModelExporter(model).writeGGUF(to: url, type: type)
        let written = try ModelFile.open(url)
        var steps: [Int] = []
        let plain = try WeightComparison(written, with: model).findings { done, _ in steps.append(done) }
        #expect(plain.count == model.tensors.count && plain.allSatisfy(\.holds), "\(plain.filter { !$0.holds })")
        #expect(steps.last == model.tensors.reduce(0) { $0 + $1.elementCount })
        #expect(try WeightComparison(written, with: model, pool: WorkerPool(threads: 3)).findings() == plain)
        // Two rows of one matrix changed places.
        let turned = try written.replacingWeights { name, rows in
            guard name == "blk.0.ffn_gate.weight" else { return try written.read(name, rows: rows) }
            return try rows.flatMap { try written.read(name, rows: ($0 ^ 1)..<(($0 ^ 1) + 1)) }
        }
        let found = try WeightComparison(turned, with: model).findings().filter { !$0.holds }
        #expect(found.map(\.tensor) == ["blk.0.ffn_gate.weight"], "\(found)")
    }

    @Test func aVocabularyWithoutWeightsIsNoModel() throws {
        let url = scratch.url.appendingPathComponent("vocab.gguf")
        let writer = try GGUFWriter(to: url, metadata: TinyModel().metadata, tensors: [])
        try writer.finish()
        #expect(throws: ModelFileError.vocabularyOnly(path: url.path)) { try ModelFile.open(url) }
    }

    @Test func aFullDiskIsToldBefore() throws {
        let url = scratch.url.appendingPathComponent("large")
        let error = #expect(throws: FileError.self) { try OutputFile.checkSpace(for: Int.max, at: url) }
        guard case .noSpace(url.path, needed: Int.max, let free)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(free > 0)
        try OutputFile.checkSpace(for: 1, at: url)
        try OutputFile.checkSpace(for: Int.max, at: scratch.url.appendingPathComponent("no/such/folder/file"))
    }
}
