import Foundation
import ModelFormats
import Tensors
import Tokenizers
import Transformers

/// A model written as GGUF in a smaller type, then opened anew and compared with its origin tensor by tensor. Neither
/// step needs more memory than a piece of a tensor.
struct ModelQuantising {
    /// What `pallet model quantize` writes.
    static let types: [ModelExporter.WeightType] = [.f16, .bf16, .q8_0, .q6_k, .q5_k_m, .q4_k_m, .q4_0]

    let file: ModelFile
    let type: ModelExporter.WeightType
    let pool: WorkerPool

    /// A type by the name that a user gives it: `Q4_K_M` is `q4_k_m`; nil for one that is not written.
    static func type(_ name: String) -> ModelExporter.WeightType? {
        ModelExporter.WeightType(rawValue: name.lowercased()).flatMap { types.contains($0) ? $0 : nil }
    }

    /// Writes the file and says what it holds.
    func write(to output: URL) throws {
        if let most = ModelExporter.blockType(of: file) {
            Output.note(
                text(
                    "底座已量化（多为 \(most.name)）：从未量化的原模型量化，误差更小",
                    "the model is quantised already (mostly \(most.name)): from its original the errors would be smaller"
                ))
        }
        let bar = ProgressBar(text("量化", "quantising"), unit: .items(text("个权重", "weights")))
        let exporter = try ModelExporter(file, adapter: nil, pool: pool) {
            bar.update(Int64($0.done), of: Int64($0.total))
        }
        let report = try exporter.writeGGUF(
            to: output, type: type, tokenizer: try TokenizerDefinition(file: file).metadata)
        ModelConversion.show(report)
        let weights = file.tensors.reduce(0) { $0 + $1.elementCount }
        let before = file.tensors.reduce(0) { $0 + $1.byteCount }
        let after = try ModelFile.open(output).tensors.reduce(0) { $0 + $1.byteCount }
        let bits = String(format: "%.2f", Double(after) * 8 / Double(max(1, weights)))
        let (from, to) = (String(format: "%.1f", Double(before) / 1e6), String(format: "%.1f", Double(after) / 1e6))
        Output.note(
            text(
                "权重 \(from) MB → \(to) MB，每个权重 \(bits) 位",
                "weights \(from) MB → \(to) MB, \(bits) bits each"))
    }

    /// Opens what was written and compares: every weight within what its type can be worth, the vocabulary, the template
    /// and the ends of answers the same.
    func check(_ output: URL) throws {
        let written = try ModelFile.open(output)
        let words = try VocabularyCheck(file, written, texts: ExportCheck.texts)
        let bar = ProgressBar(text("核对", "checking"), unit: .items(text("个权重", "weights")))
        let findings = try WeightComparison(written, with: file, pool: pool).findings {
            bar.update(Int64($0), of: Int64($1))
        }
        let worst = findings.max { $0.relativeError < $1.relativeError }
        let error = String(format: "%.2e", worst?.relativeError ?? 0), name = worst?.tensor ?? "–"
        Output.note(
            text(
                "重新打开后检查：\(findings.count) 个张量，相对误差最大 \(error)（\(name)）；词表、模板、停止符\(words.holds ? "相同" : "不同")",
                "opened anew: \(findings.count) tensors, largest relative error \(error) (\(name)); vocabulary, template "
                    + "and stop tokens \(words.holds ? "the same" : "NOT the same")"))
        let bad = findings.filter { !$0.holds }
        if let first = bad.first {
            let error = String(format: "%.2e", first.relativeError)
            throw Failure(
                .software,
                "\(output.path)：\(bad.count) 个张量的误差超出其类型所能解释，首个为 \(first.tensor)（\(first.type.name)，\(error)）：请不要使用它",
                "\(output.path): the errors of \(bad.count) tensors are larger than their types explain, the first is "
                    + "\(first.tensor) (\(first.type.name), \(error)): do not use it")
        }
        guard words.holds else {
            throw Failure(
                .software, "\(output.path) 的词表、模板或停止符与原模型不一致：请不要使用它",
                "\(output.path) reads or ends texts in another way than the model: do not use it")
        }
    }
}
