import ArgumentParser
import Foundation
import ModelFormats
import Tensors

/// `pallet model quantize`: a model in a smaller type of weights, as GGUF.
struct QuantizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize",
        abstract: text("把模型写成更小的权重类型（GGUF），并核对结果", "Writes a model in a smaller type of weights, and checks it."))
    @Argument(
        help: ArgumentHelp(
            text("模型：目录中的名称、GGUF 文件或 Hugging Face 目录", "catalogue name, GGUF file or Hugging Face folder")))
    var model: String
    @Option(help: ArgumentHelp(ModelQuantising.types.map(\.rawValue).joined(separator: " | "))) var type: String
    @Option(help: ArgumentHelp(text("输出的 GGUF 文件", "GGUF file to write"))) var output: String
    @OptionGroup var home: HomeOptions
    @OptionGroup var threads: ThreadOptions
    @Flag(
        name: .customLong("no-check"), help: ArgumentHelp(text("写出后不重新打开检查", "do not open and compare it afterwards")))
    var skipsCheck = false

    func validate() throws {
        guard ModelQuantising.type(type) == nil else { return }
        let known = ModelQuantising.types.map(\.rawValue).joined(separator: ", ")
        throw ValidationError(text("未知类型 \(type)：可用 \(known)", "unknown type \(type): \(known)"))
    }

    func run() throws {
        guard let type = ModelQuantising.type(type) else { return }
        let target = URL(fileURLWithPath: output)
        // Reading a large model takes time: what cannot be written is told before.
        guard !FileManager.default.fileExists(atPath: target.path) else { throw FileError.exists(path: target.path) }
        let file = try ModelLoading(home: home.folder).open(model)
        let quantising = ModelQuantising(file: file, type: type, pool: try WorkerPool(threads: threads.count))
        try quantising.write(to: target)
        if !skipsCheck { try quantising.check(target) }
        Output.line(output)
    }
}
