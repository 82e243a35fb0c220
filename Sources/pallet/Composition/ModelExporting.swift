import Foundation
import ModelFormats
import Tensors
import Tokenizers
import Transformers

/// A model, or a model with an adapter, written in a form that other programs read, and checked after it.
struct ModelExporting {
    /// What is written.
    enum Form: String, CaseIterable {
        case gguf, safetensors, peft
        case ggufAdapter = "gguf-adapter"

        var isAdapter: Bool { self == .peft || self == .ggufAdapter }
    }

    let file: ModelFile
    let adapter: LoRAAdapter?
    let threads: Int
    let checks: Bool

    /// Writes and checks.
    /// - Returns: what the check of logits found; nil where none was asked for, and for encoders, whose weights are compared.
    func write(_ form: Form, type: ModelExporter.WeightType?, to output: URL) throws -> ExportCheck.Finding? {
        if form.isAdapter, adapter == nil {
            throw Failure(
                .usage, "--to \(form.rawValue) 需要 --adapter", "--to \(form.rawValue) needs --adapter")
        }
        let type = try chosen(type, form)
        switch form {
        case .peft:
            guard !FileManager.default.fileExists(atPath: output.path) else {
                throw FileError.exists(path: output.path)
            }
            try adapter?.write(to: output)
        case .ggufAdapter: try adapter?.writeGGUF(to: output, configuration: file.configuration)
        case .gguf, .safetensors: try writeModel(form, type, output)
        }
        if form == .gguf { try OllamaModelfile.write(beside: output, for: file) }
        guard checks else { return nil }
        if file.configuration.architecture.isEncoder {
            // An encoder has no logits: its weights are compared one by one.
            try ModelQuantising(file: file, type: type, pool: try WorkerPool(threads: threads)).check(output)
            return nil
        }
        return try check(form, type, output)
    }

    /// The wanted type, or each tensor's own in a GGUF, or in safetensors the base's where that is plain.
    private func chosen(_ type: ModelExporter.WeightType?, _ form: Form) throws -> ModelExporter.WeightType {
        if let type, type != .same { return type }
        guard form == .safetensors else { return .same }
        return ModelExporter.plainType(of: file) ?? .f16
    }

    private func writeModel(_ form: Form, _ type: ModelExporter.WeightType, _ output: URL) throws {
        let bar = ProgressBar(text("写出", "writing"), unit: .items(text("个权重", "weights")))
        let exporter = try ModelExporter(file, adapter: adapter, pool: try WorkerPool(threads: threads)) {
            bar.update(Int64($0.done), of: Int64($0.total))
        }
        let report: ModelExporter.Report
        let definition = try TokenizerDefinition(file: file)
        if form == .gguf {
            report = try exporter.writeGGUF(to: output, type: type, tokenizer: definition.metadata)
        } else {
            let files = file.tokenizerFiles.isEmpty ? try definition.huggingFaceFiles() : [:]
            report = try exporter.writeHuggingFace(to: output, type: type, tokenizerFiles: files)
        }
        ModelConversion.show(report)
    }

    private func check(
        _ form: Form, _ type: ModelExporter.WeightType, _ output: URL
    ) throws -> ExportCheck.Finding {
        let check = try ExportCheck(threads: threads)
        let precision = ExportCheck.precision(of: file)
        // One model after the other: two at once would need twice the memory.
        let expected = try check.logits(of: file, adapter: adapter, precision: precision)
        if form.isAdapter {
            let again = try LoRAAdapter.read(output, configuration: file.configuration)
            return try check.compare(
                expected, from: file, with: file, adapter: again, precision: precision, bound: 1e-7)
        }
        let exported = try ModelFile.open(output)
        return try check.compare(
            expected, from: file, with: exported, adapter: nil, precision: precision,
            bound: ExportCheck.bound(type, Set(exported.tensors.map(\.type))))
    }

    /// Tells what was found; throws where the export does not hold.
    static func tell(_ finding: ExportCheck.Finding, output: String) throws {
        let kl = String(format: "%.2e", finding.meanKL), most = String(format: "%.2e", finding.largestDifference)
        Output.note(
            text(
                "重新打开后检查（\(finding.positions) 个位置）：logits 最大差 \(most)，平均 KL \(kl)（上限 \(finding.bound)）；"
                    + "词表、模板、停止符\(finding.sameVocabulary && finding.sameTemplate && finding.sameStopTokens && finding.sameEncoding ? "相同" : "不同")",
                "opened anew, \(finding.positions) positions: largest difference of logits \(most), mean KL \(kl) "
                    + "(bound \(finding.bound)); vocabulary \(same(finding.sameVocabulary && finding.sameEncoding)), "
                    + "template \(same(finding.sameTemplate)), stop tokens \(same(finding.sameStopTokens))"))
        guard finding.holds else {
            throw Failure(
                .software, "\(output) 与导出前的模型不一致：请不要使用它", "\(output) is not the model that was exported: do not use it")
        }
    }

    private static func same(_ value: Bool) -> String { value ? "the same" : "NOT the same" }
}
