import Foundation
import ModelFormats
import Tensors
import Tokenizers
import Transformers

/// A model written in the other form, with the tokenizer that it has.
struct ModelConversion {
    let file: ModelFile
    let type: ModelExporter.WeightType

    /// - Parameter form: `gguf` or `safetensors`.
    func write(to form: String, _ output: URL) throws {
        let bar = ProgressBar(text("转换", "converting"), unit: .items(text("个权重", "weights")))
        let threads = ProcessInfo.processInfo.activeProcessorCount
        let exporter = try ModelExporter(file, adapter: nil, pool: try WorkerPool(threads: threads)) {
            bar.update(Int64($0.done), of: Int64($0.total))
        }
        let report: ModelExporter.Report
        if form == "gguf" {
            let definition = try TokenizerDefinition(file: file)
            report = try exporter.writeGGUF(to: output, type: type, tokenizer: definition.metadata)
        } else {
            var files: [String: Data] = [:]
            if file.tokenizerFiles.isEmpty {
                files = try TokenizerDefinition(file: file).huggingFaceFiles()
            }
            report = try exporter.writeHuggingFace(to: output, type: type, tokenizerFiles: files)
        }
        Self.show(report)
    }

    /// Tells what was written as what.
    static func show(_ report: ModelExporter.Report) {
        for (name, count) in report.types.sorted(by: { $0.key < $1.key }) {
            Output.note("\(name): \(count)")
        }
        if let first = report.fallbacks.first {
            let count = report.fallbacks.count
            let (chinese, english) = count > 1 ? (" 等 \(count) 个", " and \(count - 1) more") : ("", "")
            Output.note(
                text(
                    "\(first)\(chinese)：行宽不合，另取类型",
                    "\(first)\(english): rows do not fit the type's blocks, stored in another type"))
        }
        for tensor in report.skipped { Output.note(text("\(tensor)：未写出", "\(tensor): not written")) }
    }
}

/// Logits as a safetensors file: `logits.0`, `logits.1` …, f32 [tokens, vocabulary].
enum LogitsFile {
    static func write(_ results: [(tokens: Int, logits: [Float])], vocabulary: Int, to url: URL) throws {
        let layout = results.enumerated().map { index, result in
            SafetensorsWriter.Layout(name: "logits.\(index)", shape: [result.tokens, vocabulary], type: .f32)
        }
        let writer = try SafetensorsWriter(to: url, metadata: [:], tensors: layout, replacing: true)
        for result in results {
            for start in stride(from: 0, to: result.logits.count, by: 1 << 20) {
                let part = result.logits[start..<min(start + 1 << 20, result.logits.count)]
                var bytes: [UInt8] = []
                bytes.reserveCapacity(part.count * 4)
                for value in part {
                    let bits = value.bitPattern
                    for shift in [0, 8, 16, 24] as [UInt32] { bytes.append(UInt8(truncatingIfNeeded: bits >> shift)) }
                }
                try writer.write(bytes)
            }
        }
        try writer.finish()
    }
}
